//go:build linux

// Command sockets holds as many real streams to the real server as the machine
// allows, a million if it does, with as many load clients as their descriptors make
// necessary:
//
//	make load-1m                   # 1,000,000 streams
//	make load-1m STREAMS=18000
//	go run ./bench/sockets -bin bin/sseactor -streams 18000 -clients 3
//
// It looks at the machine's limits first and says which of them are too low and what
// raises them; bench/million/README.md has the recipe. It exits with 1 if a promise
// was not kept and with 2 if it was called wrongly or the machine does not allow it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/report"
)

func main() { os.Exit(run()) }

func run() int {
	var o options
	var client clientOptions
	flag.StringVar(&o.bin, "bin", "bin/sseactor", "the server's binary")
	flag.IntVar(&o.streams, "streams", 1_000_000, "how many streams to hold")
	flag.IntVar(&o.events, "events", 10, "how many events go to all of them")
	flag.IntVar(&o.clients, "clients", 0, "how many load clients; 0: as many as their descriptors make necessary")
	flag.BoolVar(&client.is, "client", false, "be one of the load clients; for the program's own use")
	flag.StringVar(&client.target, "target", "", "with -client: the server's address")
	flag.IntVar(&client.source, "source", 0, "with -client: how many source addresses are others'")
	flag.IntVar(&client.inFlight, "connects", 0, "with -client: how many connects are under way at once")
	flag.Parse()
	if o.streams < 100 || o.clients < 0 || o.events < 1 || flag.NArg() > 0 {
		flag.Usage()
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if client.is {
		client.options = o
		if err := client.run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "sockets: a load client:", err)
			return 1
		}
		return 0
	}
	m, err := readMachine()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sockets:", err)
		return 2
	}
	if refuse(os.Stderr, o.streams, m) {
		return 2
	}
	rep := &report.Report{}
	began := time.Now()
	if err := hold(ctx, o, m, rep); err != nil {
		rep.Fail("ran to its end", err.Error(), "yes")
	}
	rep.Print(os.Stdout, "sockets", fmt.Sprintf("%d streams on one server", o.streams), time.Since(began))
	if !rep.Passed() {
		return 1
	}
	return 0
}

type options struct {
	bin     string
	streams int
	events  int
	clients int
}
