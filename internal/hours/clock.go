package hours

import "time"

// Clock runs a number of times faster than real time from the moment at which
// it was made. What is planned for days and hours goes by it: the plan, the
// windows, the caps, what is too late. Limits, tokens and retries keep real
// time. Safe for use by many goroutines.
type Clock struct {
	speed int64
	start time.Time
	now   func() time.Time
}

// NewClock starts a clock that runs speed times as fast as now, which is
// time.Now when nil. A speed below 1 counts as 1: real time.
func NewClock(speed int, now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{speed: max(1, int64(speed)), start: now(), now: now}
}

// Speed is how many times faster than real time the clock runs; at least 1.
func (c *Clock) Speed() int { return int(c.speed) }

// Now is the time by this clock.
func (c *Clock) Now() time.Time {
	now := c.now()
	if c.speed == 1 {
		return now // follows the machine's clock where that is set right
	}
	// In seconds and the rest, because nanoseconds times a high speed overflow
	// after some weeks.
	past := now.Sub(c.start)
	seconds, rest := int64(past/time.Second), int64(past%time.Second)
	return time.Unix(c.start.Unix()+seconds*c.speed, int64(c.start.Nanosecond())+rest*c.speed).In(c.start.Location())
}

// Real is the first whole second of real time at which Now has reached t. It is
// whole because asynq keeps due times in whole seconds, and rounded up because
// what rings early would find its hour closed and wait for another day.
func (c *Clock) Real(t time.Time) time.Time {
	second, nanosecond := t.Unix(), int64(t.Nanosecond())
	if c.speed > 1 {
		ahead := second - c.start.Unix()
		behind := nanosecond - int64(c.start.Nanosecond())
		if behind < 0 {
			ahead, behind = ahead-1, behind+int64(time.Second)
		}
		whole := ahead / c.speed
		if ahead%c.speed < 0 {
			whole--
		}
		left := (ahead-whole*c.speed)*int64(time.Second) + behind // under one second of real time
		second = c.start.Unix() + whole
		nanosecond = int64(c.start.Nanosecond()) + (left+c.speed-1)/c.speed
	}
	second += (nanosecond + int64(time.Second) - 1) / int64(time.Second)
	return time.Unix(second, 0).In(t.Location())
}
