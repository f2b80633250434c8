package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/list"
)

func batchesCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "batches", Usage: "look at the lists that were sent, and stop one",
		Description: "Example:  followup batches list",
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "list them, the newest first",
				Description: "Example:  followup batches list\n          followup batches list --json",
				Flags:       []cli.Flag{mostFlag(20), jsonFlag()},
				Action:      atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error { return f.listBatches(ctx, sys, c) }),
			},
			{
				Name: "show", Usage: "show where each row of a list stands", ArgsUsage: "ID",
				Description: "Example:  followup batches show k7m2q4xa\n          followup batches show k7m2q4xa --full --csv > list.csv",
				Flags:       []cli.Flag{fullFlag(), &cli.BoolFlag{Name: "csv", Usage: "as CSV, for a spreadsheet"}, jsonFlag()},
				Action:      atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error { return f.showBatch(ctx, sys, c) }),
			},
			{
				Name: "abort", Usage: "stop a list: what has not gone does not go", ArgsUsage: "ID",
				Description: "Example:  followup batches abort k7m2q4xa --why 'the wrong list'",
				Flags:       []cli.Flag{whyFlag(), jsonFlag()},
				Action:      atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error { return f.abortBatch(ctx, sys, c) }),
			},
		},
	}
}

// batchArg is the id of the batch that a command names.
func batchArg(c *cli.Command) (string, error) {
	if c.Args().Len() != 1 {
		return "", fmt.Errorf("%s: which? ID is one of `followup batches list`; %w", c.FullName(), errUsage)
	}
	return strings.ToLower(c.Args().First()), nil
}

func noBatch(err error) error {
	if errors.Is(err, ledger.ErrNone) {
		return errors.New("there is no such batch; `followup batches list` has them")
	}
	return err
}

func (f *frontDesk) listBatches(ctx context.Context, sys system, c *cli.Command) error {
	cards, total, err := f.view().Batches(ctx, c.Int("most"))
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(sys.stdout, struct {
			Total   int64            `json:"total"`
			Batches []desk.BatchCard `json:"batches"`
		}{total, cards})
	}
	fmt.Fprintln(sys.stdout, many(int(total), "list"))
	t := grid{head: []string{"ASKED", "BATCH", "MESSAGE", "BY", "ROWS", "STANDS"}}
	for _, b := range cards {
		t.add(f.view().Say(b.Made), b.ID, b.Template, oneLine(b.By), strconv.Itoa(b.Rows), f.batchStands(b))
	}
	return t.print(sys)
}

// batchStands says where a batch stands.
func (f *frontDesk) batchStands(b desk.BatchCard) string {
	said := b.Stage
	switch b.Stage {
	case string(ledger.Planning):
		return "not planned to its end, and nothing goes: run the same command again, or abort it"
	case "waiting":
		said = "waiting until " + f.view().Say(b.Start)
	case string(ledger.Aborted):
		said = "aborted by " + oneLine(b.Aborter)
	}
	if b.Tally == nil {
		return said + "; `followup batches show` counts"
	}
	return said + ": " + counts(*b.Tally)
}

// counts says where the rows of a batch stand: "12 gone, 28 stopped".
func counts(t desk.Tally) string {
	var said []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{t.Gone, "gone"}, {t.Sending, "with the provider"}, {t.Waiting, "waiting"}, {t.Stopped, "stopped"}, {t.NotSent, "not sent"}, {t.Erased, "erased"},
	} {
		if part.n > 0 {
			said = append(said, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(said) == 0 {
		return "nobody"
	}
	return strings.Join(said, ", ")
}

func (f *frontDesk) showBatch(ctx context.Context, sys system, c *cli.Command) error {
	id, err := batchArg(c)
	if err != nil {
		return err
	}
	if c.Bool("csv") && c.Bool("json") {
		return fmt.Errorf("%s: takes --csv or --json, not both; %w", c.FullName(), errUsage)
	}
	b, err := f.view().Batch(ctx, id)
	if err != nil {
		return noBatch(err)
	}
	if !c.Bool("full") {
		for i := range b.Lines {
			b.Lines[i].Who = nil
		}
	}
	switch {
	case c.Bool("json"):
		return printJSON(sys.stdout, b)
	case c.Bool("csv"):
		return list.Write(sys.stdout, batchTable(b))
	}
	fmt.Fprintf(sys.stdout, "Batch %s: %s, asked for by %s %s.\n", b.ID, b.Template, oneLine(b.By), f.view().Say(b.Made))
	fmt.Fprintf(sys.stdout, "%s, %s\n", many(b.Rows, "row"), f.batchStands(b))
	t := grid{head: []string{"LINE", "ITEM", "WHO", "WHAT"}}
	for _, l := range b.Lines {
		what := "no longer stored"
		if len(l.Messages) > 0 {
			what = strings.Join(texts(l), " ")
		}
		t.add(strconv.Itoa(l.Line), l.Item, named(l.Brief), what)
	}
	return t.print(sys)
}

func texts(l desk.BatchLine) []string {
	var all []string
	for _, m := range l.Messages {
		all = append(all, m.Text)
	}
	return all
}

// batchTable is a batch for a spreadsheet, a line for each message.
func batchTable(b desk.BatchCard) [][]string {
	rows := [][]string{{"line", "item", "who", "state", "reason", "at", "what"}}
	for _, l := range b.Lines {
		if len(l.Messages) == 0 {
			rows = append(rows, []string{strconv.Itoa(l.Line), "", "", "erased", "", "", "no longer stored"})
		}
		for _, m := range l.Messages {
			at := m.At
			if at.IsZero() {
				at = m.Due
			}
			when := ""
			if !at.IsZero() {
				when = at.Format(time.RFC3339)
			}
			rows = append(rows, []string{strconv.Itoa(l.Line), l.Item, named(l.Brief), string(m.State), string(m.Reason), when, m.Text})
		}
	}
	return rows
}

func (f *frontDesk) abortBatch(ctx context.Context, sys system, c *cli.Command) error {
	id, err := batchArg(c)
	if err != nil {
		return err
	}
	t, err := f.desk.Abort(ctx, id, f.acts(c))
	if err != nil {
		return noBatch(err)
	}
	if c.Bool("json") {
		return printJSON(sys.stdout, struct {
			Batch string `json:"batch"`
			desk.Tally
		}{id, t})
	}
	said := fmt.Sprintf("%d had gone, %d stopped", t.Gone+t.Sending, t.Stopped)
	if t.NotSent+t.Erased > 0 {
		said += fmt.Sprintf(", %d had not gone for other reasons", t.NotSent+t.Erased)
	}
	fmt.Fprintln(sys.stdout, said+".")
	if t.Sending > 0 {
		fmt.Fprintf(sys.stdout, "Of those that had gone, %d are with the provider at this moment: they may still arrive.\n", t.Sending)
	}
	return nil
}
