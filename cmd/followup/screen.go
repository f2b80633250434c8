package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/safety"
)

// maxScreened is the longest line that the screen reads.
const maxScreened = 1 << 20

func screenCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "screen", Usage: "say what texts from people ask for: one text a line on stdin, kind and rule on stdout",
		Description: "Example:  echo 'Stop please' | followup screen --reply\n" +
			"The kinds of a reply: optout, optin, help, other. A person reads what is other.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "reply", Usage: "read each line as an answer by text message"}},
		Action: func(ctx context.Context, c *cli.Command) error {
			if !c.Bool("reply") {
				return fmt.Errorf("screen: what to read it as is missing: --reply; %w", errUsage)
			}
			return screenReplies(ctx, c.Root().Reader, sys.stdout)
		},
	}
}

// screenReplies writes kind<TAB>rule for each line.
func screenReplies(ctx context.Context, in io.Reader, out io.Writer) error {
	replies, err := safety.Replies()
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxScreened)
	w := bufio.NewWriter(out)
	for lines.Scan() && ctx.Err() == nil {
		r := replies.Read(lines.Text())
		fmt.Fprintf(w, "%s\t%s\n", r.Kind, r.Rule)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("screen: %w", err)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("screen: read stdin: %w", err)
	}
	return ctx.Err()
}
