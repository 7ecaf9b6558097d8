//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	deployTimes   = 5
	deployClients = 500
	deployLanes   = 2
	deployRate    = 400 // events a second of each lane
)

// deploys replaces the server several times, by SIGTERM and a new start, while live and
// persistent events flow. What was answered 200 must reach its receivers, whichever of
// the servers they are with: the history goes from one to the next.
func deploys(ctx context.Context, b *bench, r *report.Report) error {
	b.expects = []string{"the hub is draining"}
	d := &deployRun{members: town(deployClients), book: newBook(120 * deployLanes * deployRate)}
	var err error
	d.servers, err = b.succession(ctx, "DATA_DIR="+b.path("deploys"), "LOG_LEVEL=warn", "SHUTDOWN_GRACE=2s")
	if err != nil {
		return err
	}
	server, _ := d.servers.current()
	d.client, err = b.client(loadgen.Options{Target: server.addr, Tags: len(d.book.entries), OnEnd: func(*loadgen.Stream) (time.Duration, bool) {
		return 20*time.Millisecond + rand.N(200*time.Millisecond), true
	}})
	if err != nil {
		return err
	}
	first, err := server.Publish(ctx, loadgen.Event{Data: "before"})
	if err != nil {
		return err
	}
	d.streams, err = open(ctx, d.client, specsOf(d.members, func(s *loadgen.Spec) { s.LastEventID, s.Resumes = first.Event.ID, true }))
	if err != nil {
		return err
	}
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	var publishers sync.WaitGroup
	var published error
	publishers.Go(func() {
		published = lanes(deployLanes, func(lane int) error { return d.publish(publishing, lane) })
	})
	err = d.rounds(ctx, b, r)
	stop()
	publishers.Wait()
	if err := errors.Join(err, published); err != nil {
		return err
	}
	return d.report(ctx, r)
}

// deployRun is what the parts of the scenario share.
type deployRun struct {
	servers *succession
	client  *loadgen.Client
	book    *book
	members []member
	streams []*loadgen.Stream
}

// publish sends until ctx ends. A server that drains refuses; then the next one is tried,
// with another event.
func (d *deployRun) publish(ctx context.Context, lane int) error {
	r := rand.New(rand.NewPCG(9, uint64(lane)))
	for ctx.Err() == nil {
		due := time.Now().Add(time.Second / deployRate)
		e := somethingFor(r, d.members)
		e.Persistent = r.IntN(2) == 0
		server, _ := d.servers.current()
		err := d.book.post(context.WithoutCancel(ctx), server, lane, e)
		var status *loadgen.StatusError
		switch {
		case errors.Is(err, errBookFull), errors.As(err, &status) && status.Status != 503:
			return err
		case err != nil:
			due = due.Add(20 * time.Millisecond)
		}
		_ = process.Pause(ctx, time.Until(due))
	}
	return nil
}

func (d *deployRun) rounds(ctx context.Context, b *bench, r *report.Report) error {
	var gaps []time.Duration
	codes := map[int]int{}
	for range deployTimes {
		if err := process.Pause(ctx, time.Second+rand.N(time.Second)); err != nil {
			return err
		}
		server, _ := d.servers.current()
		began := time.Now()
		if err := server.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		code, err := server.AwaitExit(ctx, 10*time.Second)
		if err != nil {
			return err
		}
		codes[code]++
		if _, err := d.servers.restart(ctx, b); err != nil {
			return err
		}
		gaps = append(gaps, time.Since(began))
	}
	r.Equal("deployments, each with exit code 0", codes[0], deployTimes)
	r.Tell("from SIGTERM until the next was ready", "median %v, most %v", median(gaps).Round(time.Millisecond), slices.Max(gaps).Round(time.Millisecond))
	return process.Pause(ctx, time.Second)
}

func (d *deployRun) report(ctx context.Context, r *report.Report) error {
	give, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := d.client.Await(give, "all to be back", func() bool { return d.client.Counts(0).Open == len(d.streams) }); err != nil {
		return err
	}
	musts, mays := d.book.due(d.members, nil)
	due := total(musts)
	settle(ctx, d.client, func() bool { return d.client.Counts(0).Events >= due })
	n := d.client.Counts(0)
	fates := d.book.tally()
	r.Tell("events", "%d live and %d persistent answered 200, %d refused, %d without an answer", fates[sent], fates[kept], fates[refused], fates[unknown])
	r.Tell("clients", "%d, which opened %d streams", len(d.streams), n.Opened)
	r.Equal("opened and told resumed", n.Verdicts[loadgen.Resumed], n.Opened)
	if n.Verdicts[loadgen.Resumed] != n.Opened {
		r.Tell("what they were told", "%s", n.Resumes())
	}
	compareAndReport(r, d.client, d.streams, musts, mays)
	arrivals, disagree := d.client.Arrivals()
	r.Zero("events with another id than the publisher was told", d.book.otherIDs(arrivals)+disagree)
	faults(r, "clients", n)
	if err := d.client.Err(); err != nil {
		return fmt.Errorf("the load client: %w", err)
	}
	return nil
}
