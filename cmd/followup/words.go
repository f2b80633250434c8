package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/templates"
)

// loadMessages reads the words, the clinic's own over the built-in ones, and
// holds them to the rules and to what the clinic is called and where its links
// lead. Its error lists every fault with file, line and cure.
func (h *house) loadMessages() (*templates.Set, error) {
	set, err := templates.LoadFolder(h.words)
	if err == nil {
		err = set.Check(h.ownWords())
	}
	if err == nil {
		return set, nil
	}
	if h.words == "" {
		return nil, fmt.Errorf("the messages cannot be written for this clinic:\n%w", err)
	}
	return nil, fmt.Errorf("the messages in %s cannot be used:\n%w", h.words, err)
}

// ownWords is what every message may say of the clinic, and the hosts that are
// its own.
func (h *house) ownWords() (templates.Data, []string) {
	c := h.clinic
	own := []string{c.From[strings.LastIndexByte(c.From, '@')+1:]}
	if u, err := url.Parse(h.publicURL); err == nil && u.Hostname() != "" {
		own = append(own, u.Hostname())
	}
	return templates.Data{
		Clinic: c.Name, Sender: c.SenderName, ClinicPhone: contact.Phone(c.Phone).National(), Postal: c.Postal,
		BookingURL: c.BookingURL, PrivacyURL: c.PrivacyURL,
	}, own
}

// reload is the part that reads the words again on SIGHUP, for the messages
// written from then on. Words with a fault change nothing: the log has every
// fault, and those before stay in use.
func (h *house) reload(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
		}
		err := h.messages.Reload()
		if err == nil {
			h.log.Info("messages reloaded")
			continue
		}
		h.log.Error("messages not reloaded: those before stay in use", "err", err)
		faults, _ := errors.AsType[templates.Faults](err)
		for _, f := range faults {
			h.log.Error("fault in the messages", "err", f)
		}
	}
}
