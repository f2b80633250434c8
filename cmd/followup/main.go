// Command followup answers a clinic's contact form: it takes submissions in,
// confirms them by email and SMS, tells the staff, and follows up until the
// person answers, books or says stop.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, system{os.Args, os.Environ(), os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// system is all of the operating system that the program touches, so that a
// test can be it.
type system struct {
	args   []string
	env    []string
	stdout io.Writer
	stderr io.Writer
}

// The exit codes.
const (
	done      = 0
	failed    = 1
	usedWrong = 2
)

// errUsage marks an error of the one who typed the command.
var errUsage = errors.New("see `followup --help`")

// run is the whole program. It ends when the command is done or ctx is.
func run(ctx context.Context, sys system) int {
	err := root(sys).Run(ctx, sys.args)
	switch {
	case err == nil:
		return done
	case errors.Is(err, errUsage):
		fmt.Fprintf(sys.stderr, "followup: %v\n", err)
		return usedWrong
	default:
		fmt.Fprintf(sys.stderr, "followup: %v\n", err)
		return failed
	}
}

// root is the table of commands.
func root(sys system) *cli.Command {
	wrong := func(_ context.Context, _ *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	cmd := &cli.Command{
		Name:  "followup",
		Usage: "answers a clinic's contact form by email and SMS",
		Description: "Try it without any account:  followup dev\n" +
			"Run it for a clinic:         followup run   (settings: `followup config`)\n" +
			"Begin at the front desk:     followup inbox",
		Writer: sys.stdout, ErrWriter: sys.stderr,
		ExitErrHandler:        func(context.Context, *cli.Command, error) {},
		EnableShellCompletion: true,
		HideVersion:           true,
		OnUsageError:          wrong,
		Flags:                 []cli.Flag{byFlag()},
		Commands: slices.Concat(
			under("At the front desk",
				inboxCommand(sys), contactsCommand(sys), whyCommand(sys), upcomingCommand(sys), readCommand(sys), noteCommand(sys),
			),
			under("At the front desk", endingCommands(sys)...),
			under("At the front desk",
				appointmentsCommand(sys), remindCommand(sys), undoCommand(sys), cancelCommand(sys), editCommand(sys),
				messagesCommand(sys), batchesCommand(sys),
				holdCommand(sys), releaseCommand(sys), liftCommand(sys), proofCommand(sys), eraseCommand(sys),
			),
			under("Looking after it",
				doctorCommand(sys), goLiveCommand(sys), pauseCommand(sys), resumeCommand(sys), keysCommand(sys), configCommand(sys),
				versionCommand(sys),
			),
			under("Running it",
				devCommand(sys),
				serviceCommand(sys, "run", "serve HTTP and work, in one process"),
				serviceCommand(sys, "serve", "serve HTTP alone: take forms in"),
				serviceCommand(sys, "work", "work alone: send messages; any number may run"),
			),
			under("Words and hours", templatesCommand(sys), rehearseCommand(sys), hoursCommand(sys), screenCommand(sys)),
		),
		Action: func(_ context.Context, c *cli.Command) error {
			if name := c.Args().First(); name != "" {
				return fmt.Errorf("no command %q; %w", name, errUsage)
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, sub := range cmd.Commands {
		strict(sub, wrong)
	}
	return cmd
}

// under puts commands under a heading of the help, which sorts its headings.
func under(heading string, all ...*cli.Command) []*cli.Command {
	for _, c := range all {
		c.Category = heading
	}
	return all
}

// strict makes a command and those below it refuse what they do not take.
func strict(c *cli.Command, wrong cli.OnUsageErrorFunc) {
	c.OnUsageError = wrong
	c.HideHelpCommand = true
	action := c.Action
	c.Action = func(ctx context.Context, c *cli.Command) error {
		if c.ArgsUsage == "" && c.Args().Present() {
			return fmt.Errorf("%s takes no %q; %w", c.FullName(), c.Args().First(), errUsage)
		}
		if action == nil {
			return cli.ShowSubcommandHelp(c)
		}
		return action(ctx, c)
	}
	for _, sub := range c.Commands {
		strict(sub, wrong)
	}
}
