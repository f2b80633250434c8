package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/list"
)

// mostPace is more than any provider takes.
const mostPace = 100_000

// remindList reminds everybody on a list.
func (f *frontDesk) remindList(ctx context.Context, sys system, c *cli.Command) error {
	if c.Args().Present() {
		return fmt.Errorf("%s: takes PERSON or --list, not both; %w", c.FullName(), errUsage)
	}
	ask := desk.ListAsk{Template: c.String("template"), Pace: c.Int("pace"), Again: c.Bool("again")}
	if c.IsSet("pace") && (ask.Pace < 1 || ask.Pace > mostPace) {
		return fmt.Errorf("--pace: takes 1 to %d an hour; %w", mostPace, errUsage)
	}
	var err error
	if ask.At, err = f.moment(c, "at"); err != nil {
		return err
	}
	if ask.Vias, err = vias(c); err != nil {
		return err
	}
	people, err := readList(c.String("list"), c.Root().Reader)
	if err != nil {
		return err
	}
	roll, err := f.desk.CheckList(ctx, people, ask)
	if err != nil {
		return f.wish(err)
	}
	asJSON, dry := c.Bool("json"), c.Bool("dry-run")
	if asJSON && dry {
		err = f.printRollJSON(sys, roll, "")
	} else if !asJSON {
		f.printRoll(sys, people, roll)
	}
	switch {
	case err != nil:
		return err
	case len(people.Rows)+len(people.Faults) == 0:
		return errors.New("--list: it has no rows: nobody gets anything")
	case dry:
		return nil
	case len(roll.Go) == 0:
		return errors.New("--list: nobody on it may get this message; nothing was planned")
	}
	if err := f.counted(sys, c, len(roll.Go)); err != nil {
		return err
	}
	batch, err := f.desk.SendList(ctx, roll, f.acts(c), progress(sys.stderr, len(roll.Go)))
	if err != nil {
		if batch != nil {
			err = fmt.Errorf("%w (batch %s: nothing of it goes; the same command takes it up again)", err, batch.ID)
		}
		return f.wish(err)
	}
	if asJSON {
		return f.printRollJSON(sys, roll, batch.ID)
	}
	fmt.Fprintf(sys.stdout, "Planned as batch %s. Nothing goes before %s.\n", batch.ID, f.view().Say(time.Unix(batch.Start, 0)))
	fmt.Fprintf(sys.stdout, "To look: followup batches show %s\nTo stop: followup batches abort %s\n", batch.ID, batch.ID)
	return nil
}

// readList reads the file of a list; "-" is what stands on stdin.
func readList(path string, stdin io.Reader) (*list.List, error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--list: the file cannot be read: %w", err)
		}
		defer file.Close()
		stdin = file
	}
	people, err := list.Read(stdin)
	if err != nil {
		return nil, fmt.Errorf("--list: %w", err)
	}
	return people, nil
}

// counted lets nothing go unless whoever asks for it has said how many that is.
func (f *frontDesk) counted(sys system, c *cli.Command, count int) error {
	given := c.String("yes")
	if given == "" {
		if !c.Bool("json") {
			fmt.Fprintf(sys.stdout, "Type %d to send: ", count)
		}
		line, err := bufio.NewReader(io.LimitReader(c.Root().Reader, 100)).ReadString('\n')
		if given = strings.TrimSpace(line); err != nil && given == "" {
			fmt.Fprintln(sys.stdout)
			return fmt.Errorf("nothing was planned: type the count, or add --yes %d", count)
		}
	}
	if given != strconv.Itoa(count) {
		return fmt.Errorf("nothing was planned: %d people would get it, and another count was given", count)
	}
	return nil
}

// printRoll says what is wrong with which line, and in its last line what it
// comes to.
func (f *frontDesk) printRoll(sys system, people *list.List, s *desk.Roll) {
	const most = 40
	for i, l := range s.Left {
		if i == most {
			fmt.Fprintf(sys.stdout, "and %d lines more: --json has all of them\n", len(s.Left)-most)
			break
		}
		for _, line := range wrap(fmt.Sprintf("line %d: %s", l.Line, l.Say), screenWidth) {
			fmt.Fprintln(sys.stdout, line)
		}
	}
	if people.Timed {
		fmt.Fprintln(sys.stdout, "The column of times is not read: everybody gets it at the time of --at.")
	}
	waits := map[gate.Reason][]int{}
	for _, g := range s.Go {
		if g.Waits != "" {
			waits[g.Waits] = append(waits[g.Waits], g.Line)
		}
	}
	for why, lines := range waits {
		fmt.Fprintf(sys.stdout, "At present %d would wait: %s (%s)\n", len(lines), why.Say(), numbers(lines, 5))
	}
	if s.Known != nil {
		fmt.Fprintf(sys.stdout, "It was begun before, as batch %s, and goes on from there.\n", s.Known.ID)
	}
	if n := len(s.Go); n > 0 {
		first := fmt.Sprintf("The first %d go", min(n, desk.Firsts))
		if n == 1 {
			first = "It goes"
		}
		rest := ""
		if !s.Rest.IsZero() {
			rest = ", the rest from " + f.view().Say(s.Rest) + " on"
		}
		fmt.Fprintf(sys.stdout, "%s %s%s.\n", first, f.view().Say(s.Start), rest)
	}
	fmt.Fprintln(sys.stdout, summary(s))
}

// short are the reasons in the last line.
var short = map[string]string{
	desk.LeftBad: "unreadable", desk.LeftUnknown: "not known", desk.LeftTwice: "twice", desk.LeftTwo: "of two people", desk.LeftHad: "had it already",
	string(gate.ReasonOptedOut): "opted out", string(gate.ReasonNoConsent): "no consent", string(gate.ReasonHours): "in quiet hours",
	string(gate.ReasonDead): "dead address", string(gate.ReasonNoAddress): "without an address",
}

// summary is what a list comes to: "40 rows → 36 go, 2 opted out (lines 3, 17)".
func summary(s *desk.Roll) string {
	var codes []string
	lines := map[string][]int{}
	for _, l := range s.Left {
		if lines[l.Code] == nil {
			codes = append(codes, l.Code)
		}
		lines[l.Code] = append(lines[l.Code], l.Line)
	}
	slices.SortStableFunc(codes, func(a, b string) int { return len(lines[b]) - len(lines[a]) })
	for most := 5; ; most-- {
		said := fmt.Sprintf("%d rows → %d go", s.Rows, len(s.Go))
		for _, code := range codes {
			words, ok := short[code]
			if !ok {
				words = strings.ReplaceAll(code, "_", " ")
			}
			said += fmt.Sprintf(", %d %s (%s)", len(lines[code]), words, numbers(lines[code], most))
		}
		if columns(said) <= screenWidth || most == 1 {
			return said
		}
	}
}

// numbers lists lines of a file: "8", "lines 3, 17", the first of many.
func numbers(lines []int, most int) string {
	if len(lines) == 1 {
		return strconv.Itoa(lines[0])
	}
	var all []string
	for _, n := range lines[:min(most, len(lines))] {
		all = append(all, strconv.Itoa(n))
	}
	if len(lines) > most {
		all = append(all, "…")
	}
	return "lines " + strings.Join(all, ", ")
}

func (f *frontDesk) printRollJSON(sys system, s *desk.Roll, batch string) error {
	type left struct {
		Line int    `json:"line"`
		Code string `json:"code"`
		Why  string `json:"why"`
	}
	type goes struct {
		Line    int    `json:"line"`
		Contact string `json:"contact"`
		Waits   string `json:"waits,omitempty"`
	}
	out := struct {
		Summary string    `json:"summary"`
		Rows    int       `json:"rows"`
		Go      []goes    `json:"go"`
		Left    []left    `json:"left"`
		Start   time.Time `json:"start"`
		Rest    time.Time `json:"rest,omitzero"`
		Batch   string    `json:"batch,omitempty"`
	}{summary(s), s.Rows, []goes{}, []left{}, s.Start.In(f.zone), s.Rest, batch}
	if !s.Rest.IsZero() {
		out.Rest = s.Rest.In(f.zone)
	}
	for _, g := range s.Go {
		out.Go = append(out.Go, goes{g.Line, string(g.Contact), string(g.Waits)})
	}
	for _, l := range s.Left {
		out.Left = append(out.Left, left{l.Line, l.Code, l.Say})
	}
	return printJSON(sys.stdout, out)
}

// progress draws a bar on a terminal; nil elsewhere.
func progress(w io.Writer, of int) func(done int) {
	if !onTerminal(w) {
		return nil
	}
	return func(done int) { _, _ = io.WriteString(w, bar(done, of)) }
}

// bar is the bar as drawn over the one before; the last one ends its line.
func bar(done, of int) string {
	const wide = 40
	full, end := wide*done/of, ""
	if done >= of {
		end = "\n"
	}
	return fmt.Sprintf("\r[%s%s] %d of %d%s", strings.Repeat("#", full), strings.Repeat(".", wide-full), done, of, end)
}

// onTerminal reports whether people look at what is written.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
