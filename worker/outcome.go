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
//	refused: config    wait, and with it everything by that channel: it is our
//	                   fault, not the person's
//	refused: content   do not send; somebody changes the words
//	refused otherwise  do not send; staff look, and may ask for it once more
//	a note to staff    whatever was refused, try again: somebody must read it
//	unknown            an email once more under the same Message-ID; a text never
func (w *Worker) conclude(ctx context.Context, p *ledger.Planned, out channel.Outcome) error {
	wait := providerWaits[min(max(p.Row.Tries, 1), len(providerWaits))-1]
	switch out.State {
	case channel.Accepted:
		return w.settle(ctx, p, ledger.Sent, "", time.Time{})
	case channel.NotSent:
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(wait))
	case channel.Throttled:
		if out.After > 0 {
			wait = out.After
		}
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(wait))
	case channel.Refused:
		return w.refused(ctx, p, out, wait)
	default:
		if p.Via == contact.ViaEmail && !p.Row.Repeat {
			p.Row.Repeat = true
			return w.settle(ctx, p, ledger.Waiting, gate.ReasonLostAnswer, w.in(wait))
		}
		return w.settle(ctx, p, ledger.Unknown, gate.ReasonLostAnswer, time.Time{})
	}
}

func (w *Worker) refused(ctx context.Context, p *ledger.Planned, out channel.Outcome, wait time.Duration) error {
	if ledger.ToStaff(p.Entry.Template) && out.Cause != channel.CauseConfig {
		w.Log.ErrorContext(ctx, "the relay refuses a note to staff: nobody may have read a person's message",
			"contact", p.Contact, "entry", p.Entry, "code", out.Code)
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(wait))
	}
	why := gate.ReasonRefused
	switch out.Cause {
	case channel.CauseConfig:
		if err := w.pause(ctx, p.Via, out.Code); err != nil {
			return err
		}
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(configWait))
	case channel.CauseContent:
		return w.settle(ctx, p, ledger.NotSent, gate.ReasonFiltered, time.Time{})
	case channel.CauseAddress:
		why = gate.ReasonDead
	case channel.CauseOptOut:
		why = gate.ReasonOptedOut
	}
	if why != gate.ReasonRefused {
		blocking, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleReserve)
		_, err := w.Ledger.SuppressFor(blocking, p.Contact, p.Entry.N, p.Via, ledger.Evidence{What: string(why), By: "provider", Code: out.Code})
		cancel()
		if err != nil {
			// An opt-out that we missed must not be missed again: the provider is
			// asked once more, and refuses once more.
			w.Log.ErrorContext(ctx, "address not blocked", "contact", p.Contact, "channel", p.Via, "err", err)
			return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(wait))
		}
	}
	return w.settle(ctx, p, ledger.NotSent, why, time.Time{})
}

// configWait is how long a channel waits when its provider refuses our
// credentials or our sender: then nobody's messages will go.
const configWait = 5 * time.Minute

// pause keeps every worker from asking the provider again and tells whoever
// reads the log, once a pause.
func (w *Worker) pause(ctx context.Context, v contact.Via, code string) error {
	first, err := w.Ledger.Pause(ctx, v, code, configWait)
	if first {
		w.Log.ErrorContext(ctx, "channel paused: its provider refuses our credentials, our sender or our TLS; mend the settings and restart", "channel", v, "code", code)
	}
	return err
}
