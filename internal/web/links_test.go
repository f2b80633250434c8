package web_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/joydevie/followup/internal/web"
)

// links knows the tokens "good", "es" and "broken".
type links struct{ acted atomic.Int32 }

func (l *links) look(token string) error {
	switch token {
	case "good":
		return nil
	case "broken":
		return errStore
	default:
		return web.ErrBadLink
	}
}

func (l *links) Unsubscribe(token string) error { return l.look(token) }

func (l *links) ActUnsubscribe(_ context.Context, token string) error {
	err := l.look(token)
	if err == nil {
		l.acted.Add(1)
	}
	return err
}

func (l *links) Note(token string) (web.NoteLink, error) {
	err := l.look(token)
	return web.NoteLink{Item: "7F3K", Action: "read"}, err
}

func (l *links) ActNote(ctx context.Context, token string) (web.NoteLink, error) {
	if err := l.ActUnsubscribe(ctx, token); err != nil {
		return web.NoteLink{}, err
	}
	return l.Note(token)
}

func TestOnlyThePressedButtonActs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := &links{}
	w.Links = l
	must(t, w.ask(t, "GET", "/u/good", ""), 200, "Press the button", `name="List-Unsubscribe" value="One-Click"`, "noindex")
	must(t, w.ask(t, "HEAD", "/u/good", ""), 200)
	must(t, w.ask(t, "GET", "/u/good?lang=es", ""), 200, `<html lang="es">`, "No quiero más correos")
	must(t, w.ask(t, "GET", "/u/good?lang=en", ""), 200, `<html lang="en">`)
	must(t, w.ask(t, "GET", "/n/good", ""), 200, "Item 7F3K: mark as read", "Nothing has changed yet", "noindex")
	if l.acted.Load() != 0 {
		t.Fatal("a link that was only looked at acted")
	}
	out := w.ask(t, "POST", "/u/good", "List-Unsubscribe=One-Click", "Content-Type", urlencoded)
	must(t, out, 200, "Our emails to you have stopped")
	if out.Header().Get("Set-Cookie") != "" {
		t.Error("a cookie")
	}
	must(t, w.ask(t, "POST", "/u/good?lang=es", "", "Content-Type", "multipart/form-data; boundary=x"), 200, "Ya no te enviamos más correos")
	must(t, w.ask(t, "POST", "/u/good", strings.Repeat("x", 100<<10)), 200)
	must(t, w.ask(t, "POST", "/n/good", ""), 200, "Item 7F3K is marked as read")
	if l.acted.Load() != 4 {
		t.Errorf("%d acts", l.acted.Load())
	}
}

func TestABadLinkSaysThatNothingWasDone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Links = &links{}
	for _, path := range []string{"/u/", "/n/"} {
		for _, method := range []string{"GET", "POST"} {
			must(t, w.ask(t, method, path+"cut", ""), 404, "This link is incomplete or too old", "Nothing has been changed", "(303) 555-0100")
			must(t, w.ask(t, method, path+"broken", ""), 503, "nothing has been changed", "(303) 555-0100")
		}
	}
	w.Links = nil
	for _, method := range []string{"GET", "POST"} {
		must(t, w.ask(t, method, "/u/good", ""), 404)
		must(t, w.ask(t, method, "/n/good", ""), 404)
	}
}
