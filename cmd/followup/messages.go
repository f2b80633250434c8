package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

func messagesCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "messages", Usage: "look at messages that did not reach their readers",
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
						t.add(f.view().Say(p.At), p.Item, named(p.Brief), p.Text)
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
	Contact contact.ID `json:"contact"`
	Message string     `json:"message"`
	Again   bool       `json:"again"` // it goes once more
	Text    string     `json:"text"`
}

// retryMessages sends what failed once more. What cannot go is listed with the
// reason, and is no failure of the command unless nothing went.
func retryMessages(sys system) func(context.Context, *cli.Command, *frontDesk) error {
	return func(ctx context.Context, c *cli.Command, f *frontDesk) error {
		slips, err := f.failures(ctx, c)
		if err != nil {
			return err
		}
		all, again := []secondTry{}, 0
		for _, slip := range slips {
			m, err := f.retryOne(ctx, c, slip)
			r := secondTry{Contact: slip.Contact, Message: slip.Message, Again: err == nil}
			switch wrong, isWrong := errors.AsType[*desk.Wrong](err); {
			case err == nil:
				again++
				r.Text = "goes once more, " + f.view().Say(time.Unix(m.Row.Due, 0))
			case isWrong:
				r.Text = "does not go: " + wrong.Problem + "; " + wrong.Cure
			default:
				if _, refused := errors.AsType[*desk.Refused](err); !refused {
					return err
				}
				r.Text = "does not go: " + err.Error()
			}
			all = append(all, r)
		}
		if c.Bool("json") {
			return printJSON(sys.stdout, all)
		}
		fmt.Fprintf(sys.stdout, "%d of %d go once more\n", again, len(all))
		t := grid{head: []string{"CONTACT", "MESSAGE", "WHAT"}}
		for _, r := range all {
			t.add(string(r.Contact), r.Message, r.Text)
		}
		return t.print(sys)
	}
}

// failures are the messages that a command wants sent once more.
func (f *frontDesk) failures(ctx context.Context, c *cli.Command) ([]ledger.Slip, error) {
	if c.Bool("all") == c.Args().Present() || c.Bool("all") && c.IsSet("message") {
		return nil, fmt.Errorf("name a person, or say --all; %w", errUsage)
	}
	var slips []ledger.Slip
	if c.Bool("all") {
		failed, _, err := f.view().Failed(ctx, 1000)
		for _, m := range failed {
			slips = append(slips, ledger.Slip{Contact: m.ID, Message: m.Message})
		}
		return slips, err
	}
	p, _, err := f.person(ctx, c)
	if err != nil {
		return nil, err
	}
	if name := c.String("message"); name != "" {
		return []ledger.Slip{{Contact: p.ID, Message: name}}, nil
	}
	for _, m := range p.Messages {
		if m.Row.Failed() {
			slips = append(slips, ledger.Slip{Contact: p.ID, Message: m.Entry.String() + "/" + string(m.Via)})
		}
	}
	return slips, nil
}

// retryOne sends one message that failed once more.
func (f *frontDesk) retryOne(ctx context.Context, c *cli.Command, s ledger.Slip) (*ledger.Planned, error) {
	entry, via, ok := s.Entry()
	if !ok {
		return nil, fmt.Errorf("--message: write it like 1.followup-2/email; `followup messages failed --json` has the names; %w", errUsage)
	}
	m, err := f.desk.Retry(ctx, s.Contact, entry, via, f.acts(c))
	if errors.Is(err, ledger.ErrNone) {
		return nil, fmt.Errorf("--message: this person has no message %s", s.Message)
	}
	return m, err
}
