//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// clientOptions are what a load client is told by the program that has started it.
type clientOptions struct {
	options  // its own share of the streams
	is       bool
	target   string
	source   int
	inFlight int
}

// summary is a load client's last word.
type summary struct {
	Open   int
	Ended  int
	Events int
	Faults loadgen.Faults
	Odd    string
}

// run opens streams and says so, says of each event when all of them have it, and
// holds them until its input ends. Each word is a line on its output.
func (o clientOptions) run(ctx context.Context) error {
	target, err := netip.ParseAddrPort(o.target)
	if err != nil {
		return err
	}
	c, err := loadgen.New(loadgen.Options{Target: target, Tags: o.events,
		StreamsPerSource: perSource, FirstSource: o.source, ConnectsInFlight: o.inFlight})
	if err != nil {
		return err
	}
	defer c.Stop()
	specs := make([]loadgen.Spec, o.streams)
	for i := range specs {
		specs[i].Session = fmt.Sprintf("load-%d-%d", o.source, i)
	}
	c.Open(specs...)
	ended := func(n loadgen.Counts) bool { return n.AllEnded() > 0 }
	await := func(what string, ok func(loadgen.Counts) bool) error {
		err := c.Await(ctx, what, func() bool { n := c.Counts(0); return ok(n) || ended(n) })
		if n := c.Counts(0); err == nil && ended(n) {
			err = fmt.Errorf("waiting for %s: streams have ended: %s", what, n.Endings())
		}
		if err != nil && c.Err() != nil {
			err = fmt.Errorf("%w (%w)", err, c.Err())
		}
		return err
	}
	if err := await("streams to open", func(n loadgen.Counts) bool { return n.Open == o.streams }); err != nil {
		return err
	}
	fmt.Println("open")
	for i := range o.events {
		if err := await("an event", func(n loadgen.Counts) bool { return n.Events >= (i+1)*o.streams }); err != nil {
			return err
		}
		fmt.Println("got", i)
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	n := c.Counts(0)
	return json.NewEncoder(os.Stdout).Encode(summary{n.Open, n.AllEnded(), n.Events, n.Faults, n.Oddities()})
}
