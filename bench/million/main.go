//go:build linux

// Command million holds 1,000,000 clients in one hub and says for each promise
// whether it was kept:
//
//	go run ./bench/million
//	go run ./bench/million -clients 100000 -rounds 5 -load 5s
//	go run ./bench/million -profile /tmp    # heap.pprof and load.pprof, for go tool pprof
//
// A process can't hold so many sockets everywhere, so each client's sink only counts
// what it is given. Everything before the sink is the server's own and used as the
// server uses it: the hub's goroutine, a tick every 100 ms, GOMAXPROCS stream
// writers, the outboxes, and the collector set as the server sets it. What it says
// nothing of is the kernel: bench/million/README.md has the recipe with sockets.
//
// It exits with 1 if a bar was missed and with 2 if it was called wrongly.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/report"
)

// phase is a promise or a few that are tried together. Each goes on with the hub as
// the one before has left it.
type phase struct {
	name  string
	about string
	run   func(ctx context.Context, r *rig, rep *report.Report) error
}

var phases = []phase{
	{"register", "all come at once, then nothing happens", register},
	{"heartbeat", "an interval in which nobody is sent anything", heartbeat},
	{"broadcast", "one event to all, nothing else to do", broadcasts},
	{"load", "broadcasts, targeted sends and questions while clients come and go", load},
}

func main() { os.Exit(run()) }

func run() int {
	var o options
	flag.IntVar(&o.clients, "clients", 1_000_000, "how many clients the hub holds; at least 1,000")
	flag.IntVar(&o.rounds, "rounds", 10, "how many events the quiet hub sends to all")
	flag.DurationVar(&o.load, "load", 20*time.Second, "how long clients come and go; at least 1s")
	flag.DurationVar(&o.heartbeat, "heartbeat", 30*time.Second, "the hub's heartbeat interval")
	flag.StringVar(&o.profiles, "profile", "", "the directory for a heap profile and the load's CPU profile; empty: none")
	flag.Parse()
	if flag.NArg() > 0 || o.clients < 1000 || o.rounds < 1 || o.load < time.Second || o.heartbeat < time.Second {
		flag.Usage()
		return 2
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // as the server has it with a heap of this size (cmd/sseactor, pacer)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := start(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "million:", err)
		return 1
	}
	defer r.end()
	fmt.Printf("%d clients, %d writers, %s\n", o.clients, len(r.writers), runtime.Version())
	ok := true
	for _, p := range phases {
		rep := &report.Report{}
		began := time.Now()
		err := p.run(ctx, r, rep)
		if err != nil {
			rep.Fail("ran to its end", err.Error(), "yes")
		}
		rep.Print(os.Stdout, p.name, p.about, time.Since(began))
		ok = ok && rep.Passed()
		if err != nil {
			break // the next one builds on it
		}
	}
	if !ok {
		return 1
	}
	return 0
}

type options struct {
	clients   int
	rounds    int
	load      time.Duration
	heartbeat time.Duration
	profiles  string
}
