package hours

import (
	"io/fs"
	"strings"
	"sync"
	"time"
)

// Zones gives the zones in which a person may be: that of the browser and those
// of the number's prefix, all of them, each once, the browser's first. Names
// that say nothing about where somebody is are left out: an empty one, UTC and
// its other names (a browser that hides its owner says UTC), "Local", and what
// the zone database does not know. The result may be empty.
func Zones(browser string, phoneZones []string) []*time.Location {
	var zones []*time.Location
	seen := make(map[string]bool, 1+len(phoneZones))
	for i := range 1 + len(phoneZones) {
		name := browser
		if i > 0 {
			name = phoneZones[i-1]
		}
		if seen[name] || placeless(name) {
			continue
		}
		seen[name] = true
		if zone := load(name); zone != nil {
			zones = append(zones, zone)
		}
	}
	return zones
}

// loaded keeps what the zone database has said, by name: reading a zone costs
// more than all else that is asked of it.
var loaded sync.Map

// load gives the zone of that name, or nil. It takes a name as the database has
// it, not America/./Denver, so that no more is kept than there are zones.
func load(name string) *time.Location {
	if zone, ok := loaded.Load(name); ok {
		return zone.(*time.Location)
	}
	if !fs.ValidPath(name) {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loaded.Store(name, zone)
	return zone
}

// placeless reports whether the name says nothing about a place, or is no name
// from the zone database at all.
func placeless(name string) bool {
	switch strings.ToLower(name) {
	case "", "local", "unknown", "factory", "localtime", "posixrules",
		"utc", "uct", "universal", "zulu", "gmt", "gmt0", "gmt+0", "gmt-0", "greenwich":
		return true
	}
	folder, _, _ := strings.Cut(strings.ToLower(name), "/")
	// Systems keep further copies of the whole database, Etc and all, in posix
	// and right.
	return folder == "etc" || folder == "posix" || folder == "right"
}

// Continental gives the zones of the continental United States, one for each
// kind of clock kept there. A text to somebody of whom nothing else is known
// keeps the hours that are open in all of them at once.
func Continental() []*time.Location {
	names := []string{"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"}
	return Zones("", names)
}
