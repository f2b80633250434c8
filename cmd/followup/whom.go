package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// whom is whom a command is about: a person by id, or an address or a number,
// whether it leads to a person or not.
type whom struct {
	id      contact.ID
	via     contact.Via
	address string
}

// whomFlags let one be named.
func whomFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "contact", Usage: "the person's id"},
		&cli.StringFlag{Name: "phone", Usage: "a phone number"},
		&cli.StringFlag{Name: "email", Usage: "an email address"},
	}
}

// readWhom reads exactly one of the flags. Its errors repeat no address.
func readWhom(c *cli.Command) (whom, error) {
	id, phone, email := c.String("contact"), c.String("phone"), c.String("email")
	given := 0
	for _, s := range []string{id, phone, email} {
		if s != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return whom{}, fmt.Errorf("name one of --contact, --phone and --email; %w", errUsage)
	case phone != "":
		p, err := contact.ParsePhone(phone)
		if err != nil {
			return whom{}, fmt.Errorf("--phone: %w: write it like +13035550142; %w", err, errUsage)
		}
		return whom{via: contact.ViaSMS, address: string(p)}, nil
	case email != "":
		e, err := contact.ParseEmail(email)
		if err != nil {
			return whom{}, fmt.Errorf("--email: %w: write it like desk@joydevie.example; %w", err, errUsage)
		}
		return whom{via: contact.ViaEmail, address: string(e)}, nil
	default:
		return whom{id: contact.ID(id)}, nil
	}
}

// person gives the id of whom is meant.
func (w whom) person(ctx context.Context, l *ledger.Ledger) (contact.ID, error) {
	if w.id != "" {
		return w.id, nil
	}
	id, err := l.Find(ctx, w.via, w.address)
	return id, noSuch(err)
}

// noSuch says in words of the command line that there is no such person.
func noSuch(err error) error {
	if errors.Is(err, ledger.ErrNone) {
		return errors.New("nobody is stored under that id, number or address")
	}
	return err
}
