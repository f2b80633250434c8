package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

func messagesCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "messages", Usage: "look at messages that did not reach their readers, and send them once more",
		Description: "Example:  followup messages failed",
		Commands: []*cli.Command{
			{
				Name: "failed", Usage: "list the messages that were not delivered, are not known, or could not be sent",
				Description: "Example:  followup messages failed\n          followup messages failed --json",
				Flags:       []cli.Flag{fullFlag(), mostFlag(30), jsonFlag()},
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					failed, total, err := f.view().Failed(ctx, c.Int("most"))
					if err != nil {
						return err
					}
					if !c.Bool("full") {
						for i := range failed {
							failed[i].Mask()
						}
					}
					if c.Bool("json") {
						return printJSON(sys.stdout, struct {
							Total    int64       `json:"total"`
							Messages []desk.Plan `json:"messages"`
						}{total, append([]desk.Plan{}, failed...)})
					}
					fmt.Fprintf(sys.stdout, "%d did not reach their readers in the last 60 days\n", total)
					t := grid{head: []string{"WHEN", "ITEM", "WHO", "WHAT"}}
					for _, p := range failed {
						when := f.view().Say(p.At)
						t.add(when, p.Item, named(p.Brief), beside(when, p.Text))
					}
					return t.print(sys)
				}),
			},
			{
				Name: "retry", Usage: "send what failed once more, where that can help; what may have arrived is never sent again", ArgsUsage: "[PERSON]",
				Description: "Example:  followup messages retry 7F3K\n" +
					"          followup messages retry 7F3K --message 1.confirmation/email\n" +
					"          followup messages retry --all\n" + whomHelp,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "message", Usage: "one alone, such as 1.confirmation/email"},
					&cli.BoolFlag{Name: "all", Usage: "what failed for anybody"}, whyFlag(), jsonFlag(),
				},
				Action: atDesk(sys, retryMessages(sys)),
			},
		},
	}
}

// secondTry is what became of one message that was to be sent once more.
type secondTry struct {
	Contact  contact.ID `json:"contact"`
	Item     string     `json:"item"`
	Message  string     `json:"message"`
	Again    bool       `json:"again"` // it goes once more
	Text     string     `json:"text"`
	initials string
}

// failure is a message that is to be sent once more.
type failure struct {
	ledger.Slip
	initials string // of whom it is to
}

// retryMessages sends what failed once more. What cannot go is listed with the
// reason, and is no failure of the command unless nothing went.
func retryMessages(sys system) func(context.Context, *cli.Command, *frontDesk) error {
	return func(ctx context.Context, c *cli.Command, f *frontDesk) error {
		failed, err := f.failures(ctx, c)
		if err != nil {
			return err
		}
		all, again := []secondTry{}, 0
		for _, one := range failed {
			entry, via, ok := one.Entry()
			if !ok {
				return fmt.Errorf("--message: write it like 1.followup-2/email; `followup messages failed --json` has the names; %w", errUsage)
			}
			m, err := f.desk.Retry(ctx, one.Contact, entry, via, f.acts(c))
			r := secondTry{one.Contact, f.links().Item(one.Contact, entry.N), one.Message, err == nil, "", one.initials}
			switch wrong, isWrong := errors.AsType[*desk.Wrong](err); {
			case err == nil:
				again++
				r.Text = "goes once more, " + f.view().Say(time.Unix(m.Row.Due, 0))
			case isWrong:
				r.Text = "does not go: " + wrong.Problem + "; " + wrong.Cure
			case errors.Is(err, ledger.ErrNone):
				return fmt.Errorf("--message: this person has no message %s", one.Message)
			default:
				if _, refused := errors.AsType[*desk.Refused](err); !refused {
					return err
				}
				r.Text = "does not go: " + err.Error()
			}
			name := desk.Message(entry, via)
			r.Text = strings.ToUpper(name[:1]) + name[1:] + " " + r.Text
			all = append(all, r)
		}
		if c.Bool("json") {
			return printJSON(sys.stdout, all)
		}
		fmt.Fprintf(sys.stdout, "%d of %d go once more\n", again, len(all))
		t := grid{head: []string{"ITEM", "WHO", "WHAT"}}
		for _, r := range all {
			t.add(r.Item, r.initials, r.Text)
		}
		return t.print(sys)
	}
}

// failures are the messages that a command wants sent once more.
func (f *frontDesk) failures(ctx context.Context, c *cli.Command) (all []failure, err error) {
	if c.Bool("all") == c.Args().Present() || c.Bool("all") && c.IsSet("message") {
		return nil, fmt.Errorf("name a person, or say --all; %w", errUsage)
	}
	if c.Bool("all") {
		failed, _, err := f.view().Failed(ctx, 1000)
		for _, m := range failed {
			all = append(all, failure{ledger.Slip{Contact: m.ID, Message: m.Message}, m.Initials})
		}
		return all, err
	}
	p, _, err := f.person(ctx, c)
	if err != nil {
		return nil, err
	}
	initials := contact.Initials(p.Submissions[len(p.Submissions)-1].Name)
	if name := c.String("message"); name != "" {
		return []failure{{ledger.Slip{Contact: p.ID, Message: name}, initials}}, nil
	}
	for _, m := range p.Messages {
		if m.Row.Failed() {
			all = append(all, failure{ledger.Slip{Contact: p.ID, Message: m.Entry.String() + "/" + string(m.Via)}, initials})
		}
	}
	return all, nil
}
