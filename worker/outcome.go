package worker

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// providerWaits are the pauses after which a provider that could not take a
// message is asked again; the last one repeats until the gate says that the
// message has become too late. The first is no shorter than what greylisting
// asks for (RFC 6647 section 5).
var providerWaits = []time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour, 3 * time.Hour}

// conclude is the one place that turns a provider's answer into what happens next.
//
//	accepted           sent
//	not sent           wait, longer each time, and try again
//	throttled          wait as long as the provider asked
//	refused: address   do not send; block the address
//	refused: opt-out   do not send; block the number
//	refused: config    wait: it is our fault, not the person's
//	refused otherwise  do not send; staff look
//	unknown            an email once more under the same Message-ID; a text never
func (w *Worker) conclude(ctx context.Context, p *ledger.Planned, out channel.Outcome) error {
	wait := providerWaits[min(max(p.Row.Tries, 1), len(providerWaits))-1]
	switch out.State {
	case channel.Accepted:
		return w.settle(ctx, p, ledger.Sent, "", time.Time{})
	case channel.NotSent:
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(wait))
	case channel.Throttled:
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(max(out.After, time.Second)))
	case channel.Refused:
		return w.refused(ctx, p, out)
	default:
		if p.Via == contact.ViaEmail && !p.Row.Repeat {
			p.Row.Repeat = true
			return w.settle(ctx, p, ledger.Waiting, gate.ReasonLostAnswer, w.in(wait))
		}
		return w.settle(ctx, p, ledger.Unknown, gate.ReasonLostAnswer, time.Time{})
	}
}

func (w *Worker) refused(ctx context.Context, p *ledger.Planned, out channel.Outcome) error {
	name, _ := template(p.Entry.Template)
	why := gate.ReasonRefused
	switch out.Cause {
	case channel.CauseConfig:
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(configWait))
	case channel.CauseAddress:
		why = gate.ReasonDead
	case channel.CauseOptOut:
		why = gate.ReasonOptedOut
	}
	if why != gate.ReasonRefused && name != staffNote {
		// Before the message is settled: if this fails, the task runs again and
		// the provider refuses again.
		if err := w.Ledger.Suppress(ctx, p.Contact, p.Entry.N, p.Via, gate.Suppression(why), "provider"); err != nil {
			return err
		}
	}
	return w.settle(ctx, p, ledger.NotSent, why, time.Time{})
}

// configWait is how long a message waits when the provider refuses our
// credentials or our sender.
const configWait = 5 * time.Minute
