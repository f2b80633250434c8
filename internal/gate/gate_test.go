package gate_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
)

var denver = zone("America/Denver")

func zone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, denver)
	if err != nil {
		panic(err)
	}
	return t
}

// ready is a follow-up by email that may go.
func ready() gate.Snapshot {
	return gate.Snapshot{
		Class: gate.FollowUp, Via: contact.ViaEmail, Address: true, Consent: true,
		Due: at("2026-11-24 11:00"), Windows: hours.Default(), Zones: []*time.Location{denver},
	}
}

func TestTheGate(t *testing.T) {
	t.Parallel()
	day, night := at("2026-11-24 11:00"), at("2026-11-24 22:30")
	morning := at("2026-11-25 10:00")
	for _, c := range []struct {
		name   string
		change func(*gate.Snapshot)
		now    time.Time
		do     gate.Do
		until  time.Time
		why    gate.Reason
	}{
		{"a follow-up that was agreed to goes by day", func(s *gate.Snapshot) {}, day, gate.Go, time.Time{}, ""},
		{"at night it waits for the morning", func(s *gate.Snapshot) {}, night, gate.Hold, morning, gate.ReasonHours},
		{"without consent it never goes", func(s *gate.Snapshot) { s.Consent = false }, day, gate.Never, time.Time{}, gate.ReasonNoConsent},
		{"without an address it never goes", func(s *gate.Snapshot) { s.Address = false }, day, gate.Never, time.Time{}, gate.ReasonNoAddress},
		{"after unsubscribing it never goes", func(s *gate.Snapshot) { s.Suppressed = gate.Unsubscribed }, day, gate.Never, time.Time{}, gate.ReasonUnsubscribed},
		{"to a dead address it never goes", func(s *gate.Snapshot) { s.Suppressed = gate.Dead }, day, gate.Never, time.Time{}, gate.ReasonDead},
		{"a block of a kind that this version does not know holds", func(s *gate.Snapshot) { s.Suppressed = "new" }, day, gate.Never, time.Time{}, gate.ReasonSuppressed},
		{"after a booking it never goes", func(s *gate.Snapshot) { s.Stopped = "booked" }, day, gate.Never, time.Time{}, gate.ReasonBooked},
		{"on trial it waits for somebody to go live", func(s *gate.Snapshot) { s.Trial = true }, day, gate.Hold, at("2026-12-01 11:00").Add(time.Second), gate.ReasonTrial},
		{"on trial nobody reads in vain: it waits for going live alone", func(s *gate.Snapshot) { s.Trial, s.Unread = true, true }, day, gate.Hold, at("2026-12-01 11:00").Add(time.Second), gate.ReasonTrial},
		{"on trial what says nothing any more ends", func(s *gate.Snapshot) { s.Trial = true }, at("2026-12-02 11:00"), gate.Never, time.Time{}, gate.ReasonTooLate},
		{"on trial staff are told", func(s *gate.Snapshot) { s.Trial, s.Class = true, gate.Staff }, night, gate.Go, time.Time{}, ""},
		{"unread it waits for a reader", func(s *gate.Snapshot) { s.Unread = true }, day, gate.Hold, at("2026-12-01 11:00").Add(time.Second), gate.ReasonUnread},
		{"what cannot be read holds", func(s *gate.Snapshot) { s.Unreadable = true }, day, gate.Hold, day.Add(time.Minute), gate.ReasonUnreadable},
		{"eight days late it never goes", func(s *gate.Snapshot) {}, at("2026-12-02 12:00"), gate.Never, time.Time{}, gate.ReasonTooLate},
		{"Thanksgiving is skipped", func(s *gate.Snapshot) {}, at("2026-11-25 18:00"), gate.Hold, at("2026-11-27 10:00"), gate.ReasonHours},

		{"a confirmation email goes at night", confirmation(contact.ViaEmail), night, gate.Go, time.Time{}, ""},
		{"and needs no box", with(confirmation(contact.ViaEmail), func(s *gate.Snapshot) { s.Consent = false }), night, gate.Go, time.Time{}, ""},
		{"and no reader", with(confirmation(contact.ViaEmail), func(s *gate.Snapshot) { s.Unread = true }), night, gate.Go, time.Time{}, ""},
		{"and goes to one who unsubscribed and writes again", with(confirmation(contact.ViaEmail), func(s *gate.Snapshot) { s.Suppressed = gate.Unsubscribed }), day, gate.Go, time.Time{}, ""},
		{"but to no dead address", with(confirmation(contact.ViaEmail), func(s *gate.Snapshot) { s.Suppressed = gate.Dead }), day, gate.Never, time.Time{}, gate.ReasonDead},
		{"but not a day late", confirmation(contact.ViaEmail), at("2026-11-25 11:01"), gate.Never, time.Time{}, gate.ReasonTooLate},
		{"a confirmation text waits at night", confirmation(contact.ViaSMS), night, gate.Hold, morning, gate.ReasonHours},
		{"and needs the box", with(confirmation(contact.ViaSMS), func(s *gate.Snapshot) { s.Consent = false }), day, gate.Never, time.Time{}, gate.ReasonNoConsent},
		{"and a reader", with(confirmation(contact.ViaSMS), func(s *gate.Snapshot) { s.Unread = true }), day, gate.Hold, at("2026-11-27 11:00").Add(time.Second), gate.ReasonUnread},
		{"and ends with STOP", with(confirmation(contact.ViaSMS), func(s *gate.Snapshot) { s.Suppressed = gate.OptedOut }), day, gate.Never, time.Time{}, gate.ReasonOptedOut},

		{"nothing keeps the note from staff", func(s *gate.Snapshot) {
			*s = gate.Snapshot{Class: gate.Staff, Via: contact.ViaEmail, Address: true, Unread: true, Suppressed: gate.Dead, Unreadable: true}
		}, night, gate.Go, time.Time{}, ""},
		{"but nobody to read it", func(s *gate.Snapshot) { *s = gate.Snapshot{Class: gate.Staff} }, day, gate.Never, time.Time{}, gate.ReasonNoAddress},
		{"an empty snapshot is no", func(s *gate.Snapshot) { *s = gate.Snapshot{} }, day, gate.Never, time.Time{}, gate.ReasonNoAddress},
		{"a kind that nobody knows is no", func(s *gate.Snapshot) { s.Class = "new" }, day, gate.Never, time.Time{}, gate.ReasonUnknownKind},
		{"so is a channel", func(s *gate.Snapshot) { s.Via = contact.ViaPhone }, day, gate.Never, time.Time{}, gate.ReasonUnknownKind},
		{"no zone is no", func(s *gate.Snapshot) { s.Zones = nil }, day, gate.Never, time.Time{}, gate.ReasonNoHours},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := ready()
			c.change(&s)
			got := gate.Decide(s, c.now)
			if got.Do != c.do || got.Why != c.why || !got.Until.Equal(c.until) {
				t.Errorf("got %v until %v (%s); want %v until %v (%s)", got.Do, got.Until.In(denver), got.Why, c.do, c.until, c.why)
			}
		})
	}
}

func confirmation(v contact.Via) func(*gate.Snapshot) {
	return func(s *gate.Snapshot) { s.Class, s.Via = gate.Confirmation, v }
}

func with(first, then func(*gate.Snapshot)) func(*gate.Snapshot) {
	return func(s *gate.Snapshot) { first(s); then(s) }
}

func snapshots() *rapid.Generator[gate.Snapshot] {
	return rapid.Custom(func(t *rapid.T) gate.Snapshot {
		zones := rapid.SliceOfN(rapid.SampledFrom([]*time.Location{denver, zone("America/New_York"), zone("Pacific/Honolulu")}), 0, 3).Draw(t, "zones")
		return gate.Snapshot{
			Class:      rapid.SampledFrom([]gate.Class{gate.Confirmation, gate.FollowUp, gate.Reminder, gate.Reply}).Draw(t, "class"),
			Via:        rapid.SampledFrom([]contact.Via{contact.ViaEmail, contact.ViaSMS}).Draw(t, "via"),
			Address:    rapid.Bool().Draw(t, "address"),
			Consent:    rapid.Bool().Draw(t, "consent"),
			Suppressed: rapid.SampledFrom([]gate.Suppression{"", gate.Unsubscribed, gate.OptedOut, gate.Dead}).Draw(t, "suppressed"),
			Unread:     rapid.Bool().Draw(t, "unread"),
			Trial:      rapid.Bool().Draw(t, "trial"),
			Stopped:    rapid.SampledFrom([]string{"", "booked"}).Draw(t, "stopped"),
			Unreadable: rapid.Bool().Draw(t, "unreadable"),
			Silent:     rapid.Bool().Draw(t, "silent"),
			Earlier:    rapid.SliceOfN(earlier(), 0, 6).Draw(t, "earlier"),
			Due:        at("2026-11-24 11:00").Add(time.Duration(rapid.IntRange(-200, 200).Draw(t, "due")) * time.Hour),
			Windows:    hours.Default(), Zones: zones,
		}
	})
}

// earlier is a text of the fortnight around that Tuesday.
func earlier() *rapid.Generator[gate.Earlier] {
	return rapid.Custom(func(t *rapid.T) gate.Earlier {
		return gate.Earlier{
			At:       at("2026-11-24 00:00").Add(time.Duration(rapid.IntRange(-14*24*60, 14*24*60).Draw(t, "at")) * time.Minute),
			Sequence: rapid.Bool().Draw(t, "sequence"),
		}
	})
}

// A person whose address is blocked gets nothing but the answer that they asked
// for, and one who unsubscribed no follow-up.
func TestABlockedAddressIsNeverGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots().Draw(t, "snapshot")
		now := at("2026-11-24 00:00").Add(time.Duration(rapid.IntRange(0, 60*24*14).Draw(t, "minutes")) * time.Minute)
		blocked := s.Suppressed != "" && s.Suppressed != gate.Unsubscribed || s.Suppressed == gate.Unsubscribed && s.Class == gate.FollowUp
		if v := gate.Decide(s, now); blocked && v.Do == gate.Go {
			t.Fatalf("%+v goes", s)
		}
	})
}

// However often the gate is asked, and with whatever texts to the number before,
// no zone's clock ever sees a second text on a date, a fourth in seven, or a
// sixth of a sequence.
func TestTheCapsHoldInEveryZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zones := rapid.SampledFrom([][]*time.Location{{denver}, {denver, zone("America/New_York")}, {denver, zone("Pacific/Honolulu")}}).Draw(t, "zones")
		s := gate.Snapshot{Class: gate.FollowUp, Via: contact.ViaSMS, Address: true, Consent: true, Windows: hours.Default(), Zones: zones}
		if rapid.Bool().Draw(t, "always open") {
			s.Windows = hours.Always()
		}
		now := at("2026-10-20 00:00")
		for range rapid.IntRange(1, 60).Draw(t, "asked") {
			now = now.Add(time.Duration(rapid.IntRange(1, 30*60).Draw(t, "minutes")) * time.Minute)
			s.Due = now
			v := gate.Decide(s, now)
			if v.Do == gate.Hold && rapid.Bool().Draw(t, "waits") {
				now = v.Until
				if s.Due = now; gate.Decide(s, now).Do != gate.Go {
					t.Fatalf("held until %s, and then it may not go", now)
				}
				v.Do = gate.Go
			}
			if v.Do == gate.Go {
				s.Earlier = append(s.Earlier, gate.Earlier{At: now, Sequence: rapid.Bool().Draw(t, "sequence")})
			}
		}
		sequence := 0
		for i, e := range s.Earlier {
			if e.Sequence {
				sequence++
			}
			for _, z := range zones {
				date := func(t time.Time) time.Time {
					y, m, d := t.In(z).Date()
					return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
				}
				week := 0
				for _, o := range s.Earlier[:i+1] {
					days := date(e.At).Sub(date(o.At)) / (24 * time.Hour)
					if days < 7 {
						week++
					}
					if days == 0 && o != e {
						t.Fatalf("two texts on %s in %s", date(e.At).Format(time.DateOnly), z)
					}
				}
				if week > 3 {
					t.Fatalf("%d texts in the seven days to %s in %s", week, e.At, z)
				}
			}
		}
		if sequence > 5 {
			t.Fatalf("%d texts of one sequence", sequence)
		}
	})
}

// An added restriction never opens, whatever else holds.
func TestARestrictionNeverOpens(t *testing.T) {
	t.Parallel()
	restrictions := []func(*gate.Snapshot){
		func(s *gate.Snapshot) { s.Address = false },
		func(s *gate.Snapshot) { s.Consent = false },
		func(s *gate.Snapshot) { s.Suppressed = gate.OptedOut },
		func(s *gate.Snapshot) { s.Unread = true },
		func(s *gate.Snapshot) { s.Trial = true },
		func(s *gate.Snapshot) { s.OnHold = true },
		func(s *gate.Snapshot) { s.Withdrawn = true },
		func(s *gate.Snapshot) { s.Off = true },
		func(s *gate.Snapshot) { s.Stopped = "booked" },
		func(s *gate.Snapshot) { s.Unreadable = true },
		func(s *gate.Snapshot) { s.Silent = true },
		func(s *gate.Snapshot) {
			s.Earlier = append(s.Earlier[:len(s.Earlier):len(s.Earlier)], gate.Earlier{At: at("2026-11-27 12:00"), Sequence: true})
		},
		func(s *gate.Snapshot) { s.Zones = append(s.Zones[:len(s.Zones):len(s.Zones)], zone("Asia/Tokyo")) },
	}
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots().Draw(t, "snapshot")
		now := at("2026-11-24 00:00").Add(time.Duration(rapid.IntRange(0, 60*24*14).Draw(t, "minutes")) * time.Minute)
		before := gate.Decide(s, now)
		restricted := s
		restrictions[rapid.IntRange(0, len(restrictions)-1).Draw(t, "restriction")](&restricted)
		if len(s.Zones) == 0 && len(restricted.Zones) > 0 {
			return // a zone where none was known is knowledge, no restriction
		}
		if after := gate.Decide(restricted, now); before.Do != gate.Go && after.Do == gate.Go {
			t.Fatalf("%+v became go by a restriction", s)
		}
	})
}

// What goes as marketing or by text goes inside the window of every zone, and
// what waits waits for a moment to come and says why.
func TestNothingGoesOutsideEveryWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots().Draw(t, "snapshot")
		now := at("2026-11-24 00:00").Add(time.Duration(rapid.IntRange(0, 60*24*14).Draw(t, "minutes")) * time.Minute)
		v := gate.Decide(s, now)
		bound := s.Class == gate.FollowUp || s.Via == contact.ViaSMS && s.Class != gate.Reply
		if v.Do == gate.Go && bound && !s.Windows.Open(now, s.Zones) {
			t.Fatalf("%+v goes at %s", s, now)
		}
		if v.Do == gate.Hold && !v.Until.After(now) {
			t.Fatalf("%+v waits for the past: %s", s, v.Until)
		}
		if v.Do != gate.Go && (v.Why == "" || v.Why.Say() == string(v.Why)) {
			t.Fatalf("%+v: no sentence for staff for %q", s, v.Why)
		}
	})
}

func TestWhatCameWithAListWaitsForItsStart(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 24, 11, 0, 0, 0, denver)
	s := gate.Snapshot{Class: gate.Reminder, Via: contact.ViaEmail, Address: true, Due: due, NotBefore: due.Add(10 * time.Minute)}
	for _, c := range []struct {
		after time.Duration
		want  gate.Verdict
	}{
		{0, gate.Verdict{gate.Hold, s.NotBefore, gate.ReasonList}},
		{10*time.Minute - time.Second, gate.Verdict{gate.Hold, s.NotBefore, gate.ReasonList}},
		{10 * time.Minute, gate.Verdict{Do: gate.Go}},
	} {
		if got := gate.Decide(s, due.Add(c.after)); got != c.want {
			t.Errorf("%s after: %+v", c.after, got)
		}
	}
	s.Withdrawn = true
	if got := gate.Decide(s, due); got.Do != gate.Never {
		t.Errorf("taken back: %+v", got)
	}
	s.Withdrawn, s.NotBefore = false, due.Add(72*time.Hour)
	if got := gate.Decide(s, due.Add(25*time.Hour)); got.Why != gate.ReasonTooLate {
		t.Errorf("too late meanwhile: %+v", got)
	}
}
