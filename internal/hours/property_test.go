package hours_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/hours"
)

// anyMoment lies in the years 2025 to 2035, often near a change of the clocks
// or a holiday.
func anyMoment() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		near := rapid.SampledFrom([]time.Time{
			time.Date(2026, 3, 8, 9, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC),
			time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), time.Date(2027, 12, 31, 12, 0, 0, 0, time.UTC),
			time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC), time.Date(2030, 6, 1, 0, 0, 0, 0, time.UTC),
		}).Draw(t, "near")
		span := rapid.SampledFrom([]int64{3 * 86400, 5 * 365 * 86400}).Draw(t, "span")
		return near.Add(time.Duration(rapid.Int64Range(-span, span).Draw(t, "seconds"))*time.Second +
			time.Duration(rapid.Int64Range(0, 999).Draw(t, "ms"))*time.Millisecond)
	})
}

func anyZones(t testing.TB) *rapid.Generator[[]*time.Location] {
	all := zones(t, newYork, "America/Chicago", denver, phoenix, losAngeles, anchorage, honolulu, havana,
		"America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
	return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 4, (*time.Location).String)
}

func anyWindows() *rapid.Generator[hours.Windows] {
	return rapid.SampledFrom([]hours.Windows{hours.Default(), hours.Reminders(), hours.Always()})
}

// openByTheWall says what Default should say, in the simplest words.
func openByTheWall(at time.Time, where []*time.Location) bool {
	for _, z := range where {
		local := at.In(z)
		closing := 18
		switch local.Weekday() {
		case time.Sunday:
			return false
		case time.Saturday:
			closing = 17
		}
		if local.Hour() < 10 || local.Hour() >= closing {
			return false
		}
	}
	return true
}

func TestOpenIsWhatTheClockOnTheWallSays(t *testing.T) {
	t.Parallel()
	places := anyZones(t)
	rapid.Check(t, func(t *rapid.T) {
		at, where := anyMoment().Draw(t, "at"), places.Draw(t, "zones")
		open, wall := hours.Default().Open(at, where), openByTheWall(at, where)
		if open && !wall {
			t.Fatalf("open at %s", at)
		}
		keepsHolidays := hours.Default()
		keepsHolidays[0].Holidays = true
		if keepsHolidays.Open(at, where) != wall {
			t.Fatalf("holidays aside, open at %s: want %v", at, wall)
		}
	})
}

func TestNextIsTheFirstOpenMoment(t *testing.T) {
	t.Parallel()
	places := anyZones(t)
	rapid.Check(t, func(t *rapid.T) {
		at, where, w := anyMoment().Draw(t, "at"), places.Draw(t, "zones"), anyWindows().Draw(t, "windows")
		next, ok := w.Next(at, where)
		end := next
		if !ok {
			end = at.Add(7 * 24 * time.Hour)
		} else if next.Before(at) || !w.Open(next, where) {
			t.Fatalf("next is %s, open %v", next, w.Open(next, where))
		}
		for minute := at; minute.Before(end); minute = minute.Add(time.Minute) {
			if w.Open(minute, where) {
				t.Fatalf("next is %s, %v, but %s is open", next, ok, minute)
			}
		}
	})
}

func TestNextNeverGoesBack(t *testing.T) {
	t.Parallel()
	places := anyZones(t)
	rapid.Check(t, func(t *rapid.T) {
		at, where, w := anyMoment().Draw(t, "at"), places.Draw(t, "zones"), anyWindows().Draw(t, "windows")
		later := at.Add(time.Duration(rapid.Int64Range(0, 4*86400).Draw(t, "later")) * time.Second)
		first, ok1 := w.Next(at, where)
		second, ok2 := w.Next(later, where)
		if ok1 && ok2 && second.Before(first) {
			t.Fatalf("after %s comes %s, after %s comes %s", at, first, later, second)
		}
		if again, ok := w.Next(first, where); ok1 && (!ok || !again.Equal(first)) {
			t.Fatalf("after %s comes %s, %v", first, again, ok)
		}
	})
}

func TestAnotherZoneNeverMakesItEarlier(t *testing.T) {
	t.Parallel()
	places := anyZones(t)
	rapid.Check(t, func(t *rapid.T) {
		at, where, more := anyMoment().Draw(t, "at"), places.Draw(t, "zones"), places.Draw(t, "more")
		w := anyWindows().Draw(t, "windows")
		few, ok1 := w.Next(at, where)
		many, ok2 := w.Next(at, append(more, where...))
		if ok2 && (!ok1 || many.Before(few)) {
			t.Fatalf("with %v %s, %v; with %v more %s", where, few, ok1, more, many)
		}
	})
}

func TestLastIsOpenAndNearlyTheLatest(t *testing.T) {
	t.Parallel()
	places := anyZones(t)
	rapid.Check(t, func(t *rapid.T) {
		at, where, w := anyMoment().Draw(t, "at"), places.Draw(t, "zones"), anyWindows().Draw(t, "windows")
		last, ok := w.Last(at, where)
		begin := last.Add(time.Minute)
		if !ok {
			begin = at.Add(-7 * 24 * time.Hour)
		} else if last.After(at) || !w.Open(last, where) {
			t.Fatalf("last is %s, open %v", last, w.Open(last, where))
		}
		for minute := at; minute.After(begin); minute = minute.Add(-time.Minute) {
			if !last.Equal(at) && w.Open(minute, where) {
				t.Fatalf("last is %s, %v, but %s is open", last, ok, minute)
			}
		}
	})
}

func BenchmarkNext(b *testing.B) {
	at := moment(b, "2026-11-25T18:30:00-07:00")
	for _, c := range []struct {
		name  string
		zones []*time.Location
	}{
		{"over Thanksgiving", zones(b, denver)},
		{"over Thanksgiving from coast to coast", hours.Continental()},
		{"never", zones(b, "Europe/Berlin", honolulu)},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := hours.Default()
			b.ReportAllocs()
			for b.Loop() {
				w.Next(at, c.zones)
			}
		})
	}
}
