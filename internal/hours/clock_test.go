package hours_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/hours"
)

func TestAClockRunsFasterFromTheMomentItWasMade(t *testing.T) {
	t.Parallel()
	start := moment(t, "2026-11-24T18:00:00.25-07:00")
	now := start
	clock := hours.NewClock(2000, func() time.Time { return now })
	if got := clock.Now(); !got.Equal(start) {
		t.Errorf("at first %s, want %s", got, start)
	}
	now = start.Add(90 * time.Second)
	if got, want := clock.Now(), start.Add(50*time.Hour); !got.Equal(want) {
		t.Errorf("after 90 s %s, want %s", got, want)
	}
	now = start.AddDate(1, 0, 0) // more nanoseconds than an int64 holds
	if got, want := clock.Now(), start.AddDate(0, 0, 365*2000); !got.Equal(want) {
		t.Errorf("after a year %s, want %s", got, want)
	}
}

func TestARealClockFollowsTheMachine(t *testing.T) {
	t.Parallel()
	for _, speed := range []int{-3, 0, 1} {
		start := moment(t, "2026-11-24T18:00:00-07:00")
		now := start
		clock := hours.NewClock(speed, func() time.Time { return now })
		now = start.Add(-time.Hour) // somebody set it right
		if got := clock.Now(); got != now || clock.Speed() != 1 {
			t.Errorf("speed %d: %s at speed %d", speed, got, clock.Speed())
		}
	}
	if before, got := time.Now(), hours.NewClock(1, nil).Now(); got.Before(before) {
		t.Error("without a source of time the clock does not show the time")
	}
}

func TestRealIsAWholeSecondAndRoundsUp(t *testing.T) {
	t.Parallel()
	start := moment(t, "2026-11-24T18:00:00.25Z")
	for _, c := range []struct {
		speed    int
		at, want string
	}{
		{1, "2026-11-24T18:00:05Z", "2026-11-24T18:00:05Z"},
		{1, "2026-11-24T18:00:05.000000001Z", "2026-11-24T18:00:06Z"},
		{1, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"},
		{60, "2026-11-24T18:00:00.25Z", "2026-11-24T18:00:01Z"},
		{60, "2026-11-24T18:00:45.25Z", "2026-11-24T18:00:01Z"},
		{60, "2026-11-24T18:00:45.250000001Z", "2026-11-24T18:00:02Z"},
		{60, "2026-11-24T17:00:45.25Z", "2026-11-24T17:59:01Z"},
		{2000, "2026-11-25T18:00:00.25Z", "2026-11-24T18:00:44Z"},
	} {
		clock := hours.NewClock(c.speed, func() time.Time { return start })
		if got := clock.Real(moment(t, c.at)); !got.Equal(moment(t, c.want)) {
			t.Errorf("%d times faster, %s comes at %s, want %s", c.speed, c.at, got, c.want)
		}
	}
}

func TestRealIsNeverEarlyAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		speed := rapid.OneOf(rapid.IntRange(1, 10), rapid.IntRange(1, 1_000_000)).Draw(t, "speed")
		start, at := anyMoment().Draw(t, "start"), anyMoment().Draw(t, "at")
		later := at.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "later")))
		now := start
		clock := hours.NewClock(speed, func() time.Time { return now })
		real, second := clock.Real(at), clock.Real(later)
		if real.Nanosecond() != 0 || second.Before(real) {
			t.Fatalf("%s at %s, %s at %s", at, real, later, second)
		}
		now = real
		if shown := clock.Now(); shown.Before(at) {
			t.Fatalf("rings at %s, when it is only %s", real, shown)
		}
		now = real.Add(-time.Second)
		if shown := clock.Now(); !shown.Before(at) {
			t.Fatalf("a second earlier it was already %s", shown)
		}
	})
}
