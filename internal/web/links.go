package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/templates"
)

// ErrBadLink says that a token is no link of ours: cut off, changed, too old.
var ErrBadLink = errors.New("web: bad link")

// NoteLink is what a link in a note to staff does.
type NoteLink struct {
	Item   string // the item's short name, such as 7F3K: nothing of the person
	Action string // read, answered, booked or stop
}

// Links knows the signed links that our messages carry. Each method returns
// ErrBadLink for a token that is none; after any other error nothing has been
// changed. To look at a link changes nothing: only the Act methods act, and
// they may be called twice.
type Links interface {
	Note(token string) (NoteLink, error)
	ActNote(ctx context.Context, token string) (NoteLink, error)
	Unsubscribe(token string) error
	ActUnsubscribe(ctx context.Context, token string) error
}

// actTime bounds what a pressed button waits for.
const actTime = 10 * time.Second

// note shows what the link would do. Scanners open links before people do, so
// that opening one must not act.
func (s *server) note(w http.ResponseWriter, r *http.Request) {
	if s.Links == nil {
		s.notFound(w, r, true)
		return
	}
	link, err := s.Links.Note(r.PathValue("token"))
	s.notePage(w, r, link, err, false)
}

func (s *server) actNote(w http.ResponseWriter, r *http.Request) {
	if s.Links == nil {
		s.notFound(w, r, true)
		return
	}
	ctx, cancel := pressed(w, r)
	defer cancel()
	link, err := s.Links.ActNote(ctx, r.PathValue("token"))
	s.notePage(w, r, link, err, true)
}

func (s *server) notePage(w http.ResponseWriter, r *http.Request, link NoteLink, err error, done bool) {
	if err == nil && !slices.Contains([]string{"read", "answered", "booked", "stop"}, link.Action) {
		err = errors.New("web: note link with an unknown action")
	}
	if err != nil {
		s.badLink(w, r, err)
		return
	}
	lang := language(r)
	page := templates.NotePage{PageFrame: s.linkFrame(lang, done), Item: link.Item, Action: link.Action, Done: done}
	s.page(w, r, http.StatusOK, templates.PageNote, lang, page)
}

// unsubscribe shows the button.
func (s *server) unsubscribe(w http.ResponseWriter, r *http.Request) {
	if s.Links == nil {
		s.notFound(w, r, true)
		return
	}
	s.unsubscribePage(w, r, s.Links.Unsubscribe(r.PathValue("token")), false)
}

// actUnsubscribe acts at once and answers 200, for the button and for a mail
// program alike: no redirect, cookie or login stands between (RFC 8058).
func (s *server) actUnsubscribe(w http.ResponseWriter, r *http.Request) {
	if s.Links == nil {
		s.notFound(w, r, true)
		return
	}
	ctx, cancel := pressed(w, r)
	defer cancel()
	s.unsubscribePage(w, r, s.Links.ActUnsubscribe(ctx, r.PathValue("token")), true)
}

func (s *server) unsubscribePage(w http.ResponseWriter, r *http.Request, err error, done bool) {
	if err != nil {
		s.badLink(w, r, err)
		return
	}
	lang := language(r)
	page := templates.UnsubscribePage{PageFrame: s.linkFrame(lang, done), Done: done}
	s.page(w, r, http.StatusOK, templates.PageUnsubscribe, lang, page)
}

// badLink never lets anybody believe that something was done.
func (s *server) badLink(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrBadLink) {
		s.notFound(w, r, true)
		return
	}
	s.Log.ErrorContext(r.Context(), "link not followed", "id", w.Header().Get("X-Request-Id"), "err", err)
	w.Header().Set("Retry-After", "60")
	s.trouble(w, r, http.StatusServiceUnavailable, "links")
}

// linkFrame offers the other language while there is still a button to press:
// the page after it answers a POST, and has no address to come back to.
func (s *server) linkFrame(lang contact.Language, done bool) templates.PageFrame {
	href := "?lang=" + string(other(lang))
	if done {
		href = ""
	}
	frame := s.frame(lang, href)
	frame.NoIndex = true
	return frame
}

// pressed reads away what a POST carries, and gives the context to act in: it
// outlives a reader who closes the page.
func pressed(w http.ResponseWriter, r *http.Request) (context.Context, context.CancelFunc) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	return context.WithTimeout(context.WithoutCancel(r.Context()), actTime)
}
