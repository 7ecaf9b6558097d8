//go:build linux

// Command acceptance starts the real server binary, holds thousands of real
// streams to it, and says for each of its promises whether it was kept:
//
//	go run ./bench/acceptance                          # what every change must keep
//	go run ./bench/acceptance -list
//	go run ./bench/acceptance -run delivery,drain -streams 2000
//	go run ./bench/acceptance -bin ./bin/sseactor -run idle -streams 18000
//	go run ./bench/acceptance -set STREAM_IO=portable -run delivery
//
// Each scenario starts servers of its own. The streams live in this process and
// the server in another, so that either has its own 20,000 descriptors. It
// exits with 1 if a bar was missed and with 2 if it was called wrongly.
//
// What counts what the streams receive is package loadgen, which shares no code
// with the server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/report"
)

// scenario is one promise or a few that are tried together.
type scenario struct {
	name  string
	about string
	run   func(ctx context.Context, b *bench, r *report.Report) error
	// asked: it is run only when it is named.
	asked bool
}

var scenarios = []scenario{
	{"delivery", "each event to each addressed stream exactly once and in order, while others come and go", delivery, false},
	{"idle", "what an idle stream costs the server", idle, false},
	{"stalled", "what streams that stop reading cost the others", stalled, false},
	{"full", "what a full server says", full, false},
	{"departures", "how soon streams that leave are noticed", departures, false},
	{"drain", "what a deployment looks like to the streams", drain, false},
	{"cuts", "what clients get that are cut at random, again and again, and resume", cuts, false},
	{"kill2", "a second signal ends the server at once", kill2, false},

	{"document", "what the system's document promises, with default settings", document, true},
	{"minority", "what 1 % that stop reading cost a large crowd", minority, true},
	{"heartbeats", "what streams cost that nothing is sent to", heartbeats, true},
	{"siege", "what slow connections and guessed tokens cost those who behave", siege, true},
	{"rates", "how exactly a stream's event rate holds", rates, true},
	{"dashboard", "what an operator who looks on costs, and how long a search takes", dashboard, true},
	{"signedin", "what a session's cookie costs at a connect", signedIn, true},
	{"settings", "what each setting of history and mailboxes does, and whether the verdict says so", settings, true},
	{"mailbox", "a user with several devices, away while a whole mailbox is sent, and kill -9", mailbox, true},
	{"kills", "persistent events, while the server is killed again and again", kills, true},
	{"deploys", "live and persistent events, while the server is replaced again and again", deploys, true},
	{"damage", "a journal whose newest file is cut off or altered", damage, true},
	{"recovery", "the start with a journal of 1 GiB", recovery, true},
	{"diskfull", "persistent and live events on a full disk (takes root)", diskFull, true},
	{"persistrate", "persistent events a second, beside what the disk can do", persistRate, true},
	{"resumecost", "a resume where a million events are kept, to one where a thousand are", resumeCost, true},
	{"comeback", "all clients at once, after a kill -9", comeback, true},
	{"crossfire", "events for one, while broadcasts to all run back to back", crossfire, true},
}

// patience bounds each scenario: a server that hangs must not hang this.
const patience = 6 * time.Minute

func main() { os.Exit(run()) }

func run() int {
	bin := flag.String("bin", "", "the server's binary; built from ./cmd/sseactor if empty")
	names := flag.String("run", "", "comma-separated scenarios; if empty, those that -list does not mark")
	streams := flag.Int("streams", 10_000, "how many streams the large scenarios open")
	cuts := flag.Int("cuts", 5000, "how often the scenario cuts cuts")
	kills := flag.Int("kills", 200, "how often the scenario kills kills")
	rounds := flag.Int("rounds", 5, "how often the scenarios that compare repeat each side; at least 3")
	var extra []string
	flag.Func("set", "a further setting of the server, as NAME=value; may be repeated", func(s string) error {
		extra = append(extra, s)
		return nil
	})
	list := flag.Bool("list", false, "list the scenarios and end")
	flag.Parse()
	if *list {
		for _, s := range scenarios {
			mark := ""
			if s.asked {
				mark = " (only when named)"
			}
			fmt.Printf("%-12s %s%s\n", s.name, s.about, mark)
		}
		return 0
	}
	chosen, err := choose(*names)
	if err == nil && (*streams < 100 || *streams > 19_000) {
		err = fmt.Errorf("-streams %d: 100 to 19,000; a process may hold 20,000 descriptors", *streams)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{bin: *bin, streams: *streams, cuts: *cuts, kills: *kills, rounds: max(*rounds, 3), extra: extra}
	if err := b.prepare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		return 1
	}
	defer b.cleanUp()
	failed := 0
	for _, s := range chosen {
		if !b.try(ctx, s) {
			failed++
		}
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "acceptance: interrupted")
			return 1
		}
	}
	fmt.Printf("%d of %d scenarios passed\n", len(chosen)-failed, len(chosen))
	if failed > 0 {
		return 1
	}
	return 0
}

func choose(names string) ([]scenario, error) {
	var chosen []scenario
	if names == "" {
		for _, s := range scenarios {
			if !s.asked {
				chosen = append(chosen, s)
			}
		}
		return chosen, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q; -list shows them", name)
		}
		chosen = append(chosen, scenarios[i])
	}
	return chosen, nil
}

// try runs one scenario and prints what came of it.
func (b *bench) try(ctx context.Context, s scenario) bool {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the scenario took too long"))
	defer cancel()
	r := &report.Report{}
	b.expects = nil
	began := time.Now()
	err := s.run(ctx, b, r)
	if err != nil {
		r.Fail("ran to its end", err.Error(), "yes")
	}
	b.end()
	log := b.takeLog()
	if line := alarming(log, b.expects...); line != "" {
		r.Fail("the servers' log", line, "warnings at most")
	}
	r.Print(os.Stdout, s.name, s.about, time.Since(began))
	if !r.Passed() && log != "" {
		const most = 4000
		fmt.Printf("  the end of the servers' log:\n%s\n", log[max(0, len(log)-most):])
	}
	return r.Passed()
}
