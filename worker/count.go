package worker

import (
	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/ledger"
)

// countSend counts what a provider said to a message.
func (w *Worker) countSend(p *ledger.Planned, out channel.Outcome) {
	name, _ := template(p)
	w.Metrics.Sent(string(p.Via), w.Templates.Class(name), out.State.String())
}

// countSettled counts what has become of a message.
func (w *Worker) countSettled(p *ledger.Planned) {
	via := string(p.Via)
	switch p.Row.State {
	case ledger.Held:
		w.Metrics.Held(via, string(p.Row.Why))
	case ledger.NotSent:
		w.Metrics.NotSent(via, string(p.Row.Why))
	case ledger.Unknown:
		w.Metrics.Unknown(via)
	case ledger.Sent:
		if p.Entry.Template == confirmation {
			w.Metrics.Confirmed(via, w.now().Sub(p.Submission.At))
		}
	}
}
