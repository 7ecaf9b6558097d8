// Command sseactor is the Server-Sent Events server. It wires the rooms together
// and holds no logic of its own: configuration is declared in internal/config,
// the server is package transport.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// command is one of the program's subcommands. It returns when ctx ends, which the
// first SIGTERM or SIGINT brings about, or earlier.
type command struct {
	name string
	help string
	run  func(ctx context.Context, args []string, std stdio) error
}

// stdio is the process's edge, so that tests can be at it.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      []string
}

// getenv looks a variable up.
func (s stdio) getenv(name string) string {
	for _, e := range s.env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

func commands() []command {
	return []command{
		{"serve", "run the server (the default; sseactor serve --help lists the settings)", serve},
		{"send", "publish an event: sseactor send --event notification --user 7 '{\"message\":\"hi\"}'", send},
		{"tail", "print a stream as it comes, and resume it by itself", tail},
		{"healthcheck", "exit 0 if the server is ready: for containers, which have no curl", healthcheck},
		{"key", "make an API key: sseactor key --name app --scopes publish --topics 'orders.*' --file keys", makeKey},
		{"session-id", "sign a sessionId: sseactor session-id --ttl 1h SESSION", signSessionID},
		{"journal", "read what is kept on disk: sseactor journal inspect|verify|export --dir DIR", readJournal},
		{"version", "print the version", version},
	}
}

// Exit codes: 0 done, 1 failed, 2 wrong use or configuration.
const (
	exitFailed = 1
	exitUsage  = 2
)

// errUsage marks a mistake in how the program was called.
var errUsage = errors.New("usage")

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr, os.Environ()}))
}

func run(args []string, std stdio) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT) // here: a signal may be sooner than a goroutine
	go untilSignal(signals, cancel)
	chosen := commands()[0]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		found := false
		for _, c := range commands() {
			if c.name == args[0] {
				chosen, args, found = c, args[1:], true
				break
			}
		}
		if !found && args[0] != "help" {
			fmt.Fprintf(std.err, "sseactor: there is no command %q\n\n", args[0])
			usage(std.err)
			return exitUsage
		}
		if !found {
			usage(std.out)
			return 0
		}
	}
	err := chosen.run(ctx, args, std)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(std.err, "%v\n", err)
		return exitUsage
	}
	fmt.Fprintf(std.err, "sseactor %s: %v\n", chosen.name, err)
	return exitFailed
}

// untilSignal ends the command at the first signal, and the process at the second:
// whoever sends two does not want to wait. It lives as long as the process.
func untilSignal(signals <-chan os.Signal, cancel context.CancelFunc) {
	<-signals
	cancel()
	<-signals
	fmt.Fprintln(os.Stderr, "sseactor: a second signal: ending at once")
	os.Exit(exitFailed)
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "sseactor: Server-Sent Events beside a web app\n\ncommands:")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.help)
	}
}
