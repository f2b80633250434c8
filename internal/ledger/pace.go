package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Rate is how many messages a provider gets by one channel, from all workers
// together. Zero sets no limit.
type Rate struct {
	PerSecond int
	PerDay    int // by the clinic's calendar
}

// Turn is a message that asks when its provider may be called.
type Turn struct {
	Urgent   bool      // it goes before what is scheduled, and has a share that is kept for it
	Reserved bool      // this is the slot that it was given before, or a later moment
	Midnight time.Time // when the next day of the clinic begins
}

// Slot is the answer.
type Slot struct {
	Wait  time.Duration // zero: go now. Whole seconds of real time.
	Daily bool          // the day's ceiling is reached: nothing is reserved, ask again then
}

// pace finds the next second with room. What is scheduled has four fifths of
// each second (of one a second, every other one), and is planned behind
// everything urgent; what is urgent has what the scheduled have not taken, so
// that a morning's follow-ups cannot stand before a new person's confirmation.
//
// A slot that was reserved rings late where workers were slow, and then meets
// others in its second. There the scheduled may take nine tenths, so that they
// catch up and the urgent still go; of one a second, where nine tenths are all,
// they leave the urgent theirs while one of these waits. Whoever finds them taken
// gets a new slot. So no second has more than the provider's pace, whatever
// happened before it.
//
// u and s are the last seconds that were given to the urgent and to the
// scheduled, and un and sn how many in them; t, tn and ts how many went in the
// second that was last asked about, and of them scheduled; d and dn in the day.
// Seconds are those of Redis, since the clocks of workers differ.
//
// ARGV: per second, per day, urgent, reserved, seconds to midnight.
const paceScript = `
local n, daily, urgent, reserved, midnight = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4] == '1', tonumber(ARGV[5])
local now = tonumber(redis.call('TIME')[1])
local f = redis.call('HMGET', KEYS[1], 'u', 'un', 's', 'sn', 't', 'tn', 'ts', 'd', 'dn')
for i = 1, 9 do f[i] = tonumber(f[i] or '0') end
local u, un, s, sn, t, tn, ts, d, dn = unpack(f)
if u < now then u, un = now, 0 end
if s < now then s, sn = now, 0 end
if t ~= now then t, tn, ts = now, 0, 0 end
if now >= d then d, dn = now + midnight, 0 end

local function scheduled(x)
  if n == 1 then return x % 2 end
  return n - math.ceil(n / 5)
end
if daily > 0 and dn >= (urgent and daily or daily - math.ceil(daily / 5)) then return {d - now, 1} end

local at = now
local most = math.max(1, n - math.ceil(n / 10))
if n == 1 and (u > now or un > 0) then most = scheduled(now) end
local full = tn >= n or (not urgent and ts >= most)
if n > 0 and (full or not reserved) then
  if urgent then
    while un >= ((u < s and n - scheduled(u)) or (u == s and n - sn) or n) or (u == now and full) do u, un = u + 1, 0 end
    at, un = u, un + 1
  else
    if s < u then s, sn = u, 0 end
    while sn >= scheduled(s) or (s == u and sn + un >= n) or (s == now and full) do s, sn = s + 1, 0 end
    at, sn = s, sn + 1
  end
end
if at == now then
  tn, dn = tn + 1, dn + 1
  if not urgent then ts = ts + 1 end
end
redis.call('HSET', KEYS[1], 'u', u, 'un', un, 's', s, 'sn', sn, 't', t, 'tn', tn, 'ts', ts, 'd', d, 'dn', dn)
return {at - now, 0}`

var pace = redis.NewScript(paceScript)

// Pace says when a message may go by a channel, and reserves that second. The
// day's ceiling holds for everybody, with a fifth of it kept for what is urgent.
func (l *Ledger) Pace(ctx context.Context, v contact.Via, r Rate, turn Turn) (Slot, error) {
	got, err := pace.Run(ctx, l.redis, []string{paceKey(v)}, r.PerSecond, r.PerDay, turn.Urgent, turn.Reserved,
		max(1, turn.Midnight.Unix()-l.now().Unix())).Int64Slice()
	if err != nil {
		return Slot{}, fmt.Errorf("reserve a slot by %s: %w", v, err)
	}
	return Slot{Wait: time.Duration(got[0]) * time.Second, Daily: got[1] == 1}, nil
}
