package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
)

// Redis asks whether it keeps what it is given, has room, is near, and has our
// time.
func Redis(rdb redis.UniversalClient) Check {
	return Check{"redis", "Redis: version, append-only file, eviction, memory, speed, clock", func(ctx context.Context) []Trouble {
		faults, err := dial.Inspect(ctx, rdb)
		if err != nil {
			return []Trouble{fault("Redis does not answer", "start it, and check host, user and password in FOLLOWUP_REDIS_URL")}
		}
		var all []Trouble
		for _, f := range faults {
			t := warning(f.What, f.Cure)
			if f.Fatal {
				t.Severity = Fault
			}
			all = append(all, t)
		}
		return all
	}}
}

// The room that the folder for what people write while Redis is away should
// have. A submission takes some 2 kB.
const (
	leastSpace = 16 << 20
	goodSpace  = 256 << 20
)

// Spool asks whether a file can be written there, as whoever runs the check.
// free gives the bytes that are left on the disk of a folder.
func Spool(folder string, free func(string) (uint64, error)) Check {
	return Check{"spool", "the folder that keeps what people write while Redis is away: " + folder, func(context.Context) []Trouble {
		const cure = "make the folder FOLLOWUP_SPOOL the service's own, and run this as the service's user"
		f, err := os.CreateTemp(folder, "doctor")
		if errors.Is(err, os.ErrNotExist) {
			return []Trouble{fault("there is no folder "+folder, cure)}
		}
		if err != nil {
			return []Trouble{fault("no file can be made in it", cure)}
		}
		_, err = f.WriteString("doctor")
		err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
		if err != nil {
			return []Trouble{fault("a file in it cannot be written to the disk", cure)}
		}
		left, err := free(folder)
		switch {
		case err != nil:
			return []Trouble{warning("how much room its disk has cannot be read", "look yourself, with df")}
		case left < leastSpace:
			return []Trouble{fault(fmt.Sprintf("its disk has %d MiB left", left>>20), "free some, so that it keeps what people write in a long outage")}
		case left < goodSpace:
			return []Trouble{warning(fmt.Sprintf("its disk has %d MiB left", left>>20), "free some, so that it keeps what people write in a long outage")}
		}
		return nil
	}}
}

// zones are those that the send window needs, with how far they are from UTC
// in the summer of 2026, in hours.
var zones = map[string]int{
	"America/New_York": -4, "America/Chicago": -5, "America/Denver": -6, "America/Phoenix": -7,
	"America/Los_Angeles": -7, "America/Anchorage": -8, "Pacific/Honolulu": -10,
}

// Zones asks whether the time zones are there and as they are today; load is
// time.LoadLocation.
func Zones(load func(string) (*time.Location, error)) Check {
	return Check{"zones", "time zones", func(context.Context) []Trouble {
		var wrong []string
		for name, hours := range zones {
			l, err := load(name)
			if err != nil {
				wrong = append(wrong, name)
			} else if _, offset := time.Date(2026, 7, 1, 12, 0, 0, 0, l).Zone(); offset != hours*3600 {
				wrong = append(wrong, name)
			}
		}
		if len(wrong) == 0 {
			return nil
		}
		return []Trouble{fault(fmt.Sprintf("%d time zones are missing or not as they should be, so that texts could go at night", len(wrong)), "install the package tzdata anew, or unset ZONEINFO to use the zones that followup brings")}
	}}
}

// Given turns what was found before the checks began, such as faults of the
// settings or the words, into one; cure stands where an error names none.
func Given(name, asks string, errs []error, cure string) Check {
	return Check{name, asks, func(context.Context) []Trouble {
		var all []Trouble
		for _, err := range errs {
			what, remedy, found := cut(err.Error())
			if !found {
				remedy = cure
			}
			all = append(all, fault(what, remedy))
		}
		return all
	}}
}

// cut splits "what is wrong; its cure".
func cut(line string) (what, cure string, found bool) {
	at := strings.LastIndex(line, "; ")
	if at < 0 {
		return line, "", false
	}
	return line[:at], line[at+2:], true
}

// Agreements asks for the day on which each vendor in use has signed a business
// associate agreement (45 CFR 164.504(e)). It cannot read the agreement.
func Agreements(signed map[string]string, vendors []string) Check {
	return Check{"agreements", "a recorded day for the agreement (BAA) with each vendor", func(context.Context) []Trouble {
		var all []Trouble
		for _, v := range vendors {
			if signed[v] == "" {
				all = append(all, warning("no agreement with the vendor behind "+v+" is recorded", "have it signed, and write the day into the clinic's file: agreements: {"+v+": YYYY-MM-DD}"))
			}
		}
		return all
	}}
}
