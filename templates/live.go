package templates

import "sync/atomic"

// Live is the set in use: one that is swapped whole while messages are being
// written. Its methods are those of the set of the moment. Any number of
// goroutines may use it.
type Live struct {
	load func() (*Set, error)
	set  atomic.Pointer[Set]
}

// NewLive loads the first set; an error of load is returned as it is.
func NewLive(load func() (*Set, error)) (*Live, error) {
	l := &Live{load: load}
	return l, l.Reload()
}

// Reload loads again, for the messages written from here on. After an error
// the set before it stays in use.
func (l *Live) Reload() error {
	set, err := l.load()
	if err != nil {
		return err
	}
	l.set.Store(set)
	return nil
}

// Set gives the set of this moment.
func (l *Live) Set() *Set { return l.set.Load() }

// Render does as Set.Render.
func (l *Live) Render(name, language string, d Data) (Rendered, error) {
	return l.Set().Render(name, language, d)
}

// Class does as Set.Class.
func (l *Live) Class(name string) string { return l.Set().Class(name) }

// HasSMS does as Set.HasSMS.
func (l *Live) HasSMS(name string) bool { return l.Set().HasSMS(name) }

// Telling does as Set.Telling.
func (l *Live) Telling(line string) string { return l.Set().Telling(line) }

// HasCalendar does as Set.HasCalendar.
func (l *Live) HasCalendar(name string) bool { return l.Set().HasCalendar(name) }
