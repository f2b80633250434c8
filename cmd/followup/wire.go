package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/builders"
	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/internal/webhook"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
	"github.com/joydevie/followup/worker"
)

// house is what every form of the program is built from: dev and production
// differ in what stands here, and in nothing behind it.
type house struct {
	clinic    config.Clinic
	office    hours.Office
	zone      *time.Location
	keys      *seal.Keys
	clock     *hours.Clock
	windows   hours.Windows
	reminders hours.Windows // for texts about appointments
	always    bool          // whatever the windows say
	publicURL string
	channels  map[contact.Via]channel.Sender
	trial     bool                        // only staff get messages until followup go-live
	force     bool                        // start on a Redis that loses what it is given
	pace      map[contact.Via]ledger.Rate // of each channel; dev has none
	evidence  worker.Evidence             // of texts; nil: there is none
	redact    worker.Redact               // nil: texts stay at their provider as they are
	readFirst bool
	sheet     bool // the desk gets one each morning
	guarded   bool // the form has limits
	trusted   []netip.Prefix
	formsKey  config.Secret    // what site builders show, and
	webflow   config.Secret    // what Webflow signs with; "" each: none
	words     string           // folder with messages of the clinic's own; "" has none
	messages  *templates.Live  // read again on SIGHUP
	spool     *intake.Spool    // nil: what Redis cannot take is refused
	metrics   *metrics.Metrics // nil: nothing is counted
	tracer    trace.Tracer     // nil: nothing is traced
	canary    *worker.Canary   // nil: the house does not write to itself
	log       *slog.Logger
	requests  *slog.Logger // what the pages log: each request, and their errors
}

// furnish reads what describes the clinic, and its words.
func (h *house) furnish(clinic config.Clinic) error {
	if err := h.describe(clinic); err != nil {
		return err
	}
	return h.write()
}

// describe reads what describes the clinic.
func (h *house) describe(clinic config.Clinic) (err error) {
	h.clinic = clinic
	if h.zone, err = time.LoadLocation(clinic.Zone); err != nil {
		return err
	}
	for name, form := range clinic.Forms {
		for _, version := range form["consent_version"] {
			if templates.ConsentByVersion(version, "en", "").Version == "" {
				return fmt.Errorf("forms.%s.consent_version: %q are no words of ours; the form page shows those of version %s", name, version, templates.ConsentWording("en", "").Version)
			}
		}
	}
	if h.office, err = hours.ParseOffice(clinic.Hours, h.zone); err != nil {
		return err
	}
	return h.open(clinic.Windows)
}

// The classes that windows are set for.
const (
	windowsMessages  = "messages"  // texts and follow-ups
	windowsReminders = "reminders" // texts about appointments
)

// open reads the windows, where the clinic has its own.
func (h *house) open(entries map[string]map[string]string) error {
	if unknown := hours.KnownWindows(entries, windowsMessages, windowsReminders); unknown != "" {
		return fmt.Errorf("windows: %q is no class of messages; write %s or %s", unknown, windowsMessages, windowsReminders)
	}
	messages, err := hours.ParseWindows(entries, windowsMessages, hours.Default())
	reminders, err2 := hours.ParseWindows(entries, windowsReminders, hours.Reminders())
	if !h.always {
		h.windows, h.reminders = messages, reminders
	}
	return errors.Join(err, err2)
}

// write reads the words, once the clinic is known that they speak for.
func (h *house) write() (err error) {
	h.messages, err = templates.NewLive(h.loadMessages)
	return err
}

func (h *house) links() desk.Links {
	return desk.Links{Keys: h.keys, PublicURL: strings.TrimSuffix(h.publicURL, "/")}
}

func (h *house) alarm(rdb redis.UniversalClient) alarm.Clock {
	return alarm.Clock{Tasks: tasks.NewClient(rdb, h.keys), Plan: h.clock}
}

func (h *house) ledger(rdb redis.UniversalClient) *ledger.Ledger {
	return ledger.New(rdb, h.keys, h.clock.Now).Keeping(ledger.Keep{Proof: h.clinic.Retention.Proof, Suppressions: h.clinic.Retention.Suppressions})
}

// desk is where people at the clinic act.
func (h *house) desk(rdb redis.UniversalClient) *desk.Desk {
	return &desk.Desk{
		Ledger: h.ledger(rdb), Alarm: h.alarm(rdb), Log: h.log, Words: h.messages, Reminders: h.leads(),
		Windows: h.reminders, Zone: h.zone, Texts: h.channels[contact.ViaSMS] != nil, Wait: h.clinic.UndoWait, ListWait: h.clinic.ListWait,
	}
}

// leads is the clinic's plan of reminders.
func (h *house) leads() []gate.Lead {
	leads := make([]gate.Lead, 0, len(h.clinic.Reminders))
	for _, r := range h.clinic.Reminders {
		leads = append(leads, gate.Lead(r))
	}
	return leads
}

// enqueue commits a submission to Redis.
func (h *house) enqueue(rdb redis.UniversalClient) intake.Enqueue {
	queue := tasks.NewClient(rdb, h.keys)
	return func(ctx context.Context, s tasks.Submission) error {
		return tasks.Enqueue(ctx, queue, tasks.Submitted, s, time.Time{})
	}
}

// worker does the tasks over a patient client.
func (h *house) worker(rdb redis.UniversalClient) *worker.Worker {
	view := h.view(rdb)
	w := &worker.Worker{
		Guard:  h.guarded,
		Ledger: h.ledger(rdb), Alarm: h.alarm(rdb), Sealer: h.keys, Templates: h.messages, Channels: h.channels,
		Clinic: worker.Clinic{
			Name: h.clinic.Name, Sender: h.clinic.SenderName, Phone: contact.Phone(h.clinic.Phone).National(), Postal: h.clinic.Postal,
			ReplyTo: h.clinic.ReplyTo, Staff: h.clinic.Staff, StaffPhone: h.clinic.StaffPhone, FollowUps: h.clinic.FollowUps, Reminders: h.leads(),
			BookingURL: h.clinic.BookingURL, PrivacyURL: h.clinic.PrivacyURL, Zone: h.zone, Office: h.office,
		},
		Links: h.links(), Windows: h.windows, Reminders: h.reminders, Pace: h.pace,
		Retention: worker.Retention{Text: h.clinic.Retention.Text, Contact: h.clinic.Retention.Contact}, Trial: h.trial, ReadFirst: h.readFirst,
		Log: h.log, Metrics: h.metrics, Canary: h.canary, Tracer: h.tracer, TextFirst: h.clinic.TextFirst, Evidence: h.evidence, Redact: h.redact,
	}
	if h.sheet {
		w.Sheet = func(ctx context.Context) (string, string, error) {
			s, err := view.Sheet(ctx)
			return s.Counts, strings.Join(s.Lines, "\n"), err
		}
	}
	return w
}

// evidence has Twilio's own list say what became of a text whose answer was lost.
func evidence(text *twilio.Sender) worker.Evidence {
	return func(ctx context.Context, to contact.Phone, words string, since time.Time) (ledger.Report, bool, error) {
		sid, status, found, err := text.Find(ctx, string(to), words, since)
		state, known := webhook.TwilioState(status)
		return ledger.Report{State: state, Provider: sid}, found && known, err
	}
}

// view is what people at the clinic see.
func (h *house) view(rdb redis.UniversalClient) *desk.View {
	return &desk.View{Ledger: h.ledger(rdb), Links: h.links(), Zone: h.zone, Office: h.office, Windows: h.windows, Now: h.clock.Now}
}

// postsPerMinute is how often one neighbourhood of the network may post the
// form: a family behind one address stays far below it.
const postsPerMinute = 60

// handler serves the public pages over a bounded client.
func (h *house) handler(rdb redis.UniversalClient, mounts map[string]http.Handler) (http.Handler, error) {
	pages, err := templates.LoadPages()
	if err != nil {
		return nil, err
	}
	in := &intake.Intake{
		Keys: h.keys, Now: h.clock.Now, Enqueue: h.enqueue(rdb),
		Wording: func(version string, l contact.Language) string {
			return templates.ConsentByVersion(version, string(l), h.clinic.Name).Hash
		},
	}
	if h.spool != nil {
		in.Enqueue = h.spool.Commit
	}
	if h.channels[contact.ViaSMS] != nil && !h.clinic.TextFirst {
		in.NextSMS = h.nextSMS
	}
	c := web.Config{
		Intake: in, Texts: h.channels[contact.ViaSMS] != nil,
		Links: links{h.links(), h.desk(rdb), h.spool},
		Pages: pages,
		Clinic: web.Clinic{
			Name: h.clinic.Name, Phone: contact.Phone(h.clinic.Phone), Zone: h.zone,
			PrivacyURL: h.clinic.PrivacyURL, TermsURL: h.clinic.TermsURL, BookingURL: h.clinic.BookingURL,
		},
		Origins: h.origins(), AnswerBy: h.office.AnswerBy, Trusted: h.trusted, TLS: strings.HasPrefix(h.publicURL, "https://"),
		Now: h.clock.Now, Log: h.requests, Tracer: h.tracer, Mounts: mounts,
	}
	if h.guarded {
		in.Guard = &intake.Guard{Keys: h.keys, Now: time.Now}
		c.FormToken = in.Guard.Token
		c.PostsPerMinute = postsPerMinute
	}
	if h.formsKey != "" || h.webflow != "" {
		if mounts[builders.Route], err = builders.New(h.builders(in)); err != nil {
			return nil, err
		}
	}
	return web.New(c)
}

// origins are the sites that may post the form: those of the clinic, and our
// own, for browsers that do not tell where a page came from.
func (h *house) origins() []string {
	all := slices.Clone(h.clinic.Origins)
	if u, err := url.Parse(h.publicURL); err == nil && u.Host != "" {
		all = append(all, u.Scheme+"://"+u.Host)
	}
	return all
}

// builders is what takes in the forms of site builders.
func (h *house) builders(in builders.Intake) builders.Config {
	forms := map[string]builders.Mapping{}
	for name, form := range h.clinic.Forms {
		forms[name] = builders.Mapping(form)
	}
	return builders.Config{
		Intake: in, Forms: forms, Key: h.formsKey.Reveal(), WebflowSecret: h.webflow.Reveal(), Now: time.Now, Log: h.requests,
	}
}

// nextSMS is what the thank-you page may promise: the first moment at which the
// gate lets a text to the person pass, once somebody has read the submission
// where that is waited for.
func (h *house) nextSMS(s contact.Submission) time.Time {
	from := s.At
	if h.readFirst {
		from = h.office.AnswerBy(s.At)
	}
	at, _ := h.windows.Next(from, gate.Zones(s, contact.ViaSMS, h.zone))
	return at
}

// links lets the pages follow the signed links.
type links struct {
	desk.Links
	desk  *desk.Desk
	spool *intake.Spool // keeps the opt-outs that Redis cannot take; nil: they fail
}

// bad turns what makes a link useless into the one error that the pages know.
func bad(err error) error {
	if errors.Is(err, seal.ErrToken) || errors.Is(err, ledger.ErrNone) {
		return web.ErrBadLink
	}
	return err
}

func (l links) Note(token string) (web.NoteLink, error) {
	t, err := l.ParseNote(token)
	if err != nil {
		return web.NoteLink{}, bad(err)
	}
	return web.NoteLink{Item: l.Item(t.Contact, t.N), Action: t.Action}, nil
}

func (l links) ActNote(ctx context.Context, token string) (web.NoteLink, error) {
	t, err := l.ParseNote(token)
	if act := func(ctx context.Context) error { return l.desk.Act(ctx, t, "note") }; err == nil && t.Action == "stop" {
		err = l.kept(ctx, wish{Note: token}, act)
	} else if err == nil {
		err = act(ctx)
	}
	if err != nil {
		return web.NoteLink{}, bad(err)
	}
	return web.NoteLink{Item: l.Item(t.Contact, t.N), Action: t.Action}, nil
}

func (l links) Unsubscribe(token string) error {
	_, err := l.ParseUnsubscribe(token)
	return bad(err)
}

func (l links) ActUnsubscribe(ctx context.Context, token string) error {
	t, err := l.ParseUnsubscribe(token)
	if err == nil {
		err = l.kept(ctx, wish{Unsubscribe: token}, func(ctx context.Context) error { return l.desk.Unsubscribe(ctx, t.Contact, t.N) })
	}
	return bad(err)
}
