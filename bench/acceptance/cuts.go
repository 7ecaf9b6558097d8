//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	cutLanes   = 4    // publishers
	cutRate    = 1000 // events a second, of all of them
	cutsASec   = 500  // from each side, at most
	cutsByFour = 4    // so many operators end streams
	// Replays of more than half of it are sent in pages.
	cutOutbox = "OUTBOX_FRAMES=256"
)

// cuts cuts clients at random, again and again, while events flow: what each of them
// gets must be what was sent to it, as if there had been no cuts. Half of the cuts are
// the client's own, mostly in the midst of an event, half are the server's.
func cuts(ctx context.Context, b *bench, r *report.Report) error {
	run := &cutsRun{members: town(max(b.streams/10, 100)), half: b.cuts / 2, codes: map[string]int{}}
	var err error
	if run.server, err = b.start(ctx, maxClients(len(run.members)), "LOG_LEVEL=warn", cutOutbox); err != nil {
		return err
	}
	run.book = newBook(30*cutRate + 5*b.cuts)
	run.client, err = b.client(loadgen.Options{Target: run.server.addr, Tags: len(run.book.entries), OnEnd: run.comesBack})
	if err != nil {
		return err
	}
	// Where the first connection begins must be beyond doubt: behind an event that was
	// answered before.
	first, err := run.server.Publish(ctx, loadgen.Event{Event: "before", Data: "before"})
	if err != nil {
		return err
	}
	run.streams, err = open(ctx, run.client, specsOf(run.members, func(s *loadgen.Spec) {
		s.LastEventID, s.Resumes = first.Event.ID, true
	}))
	if err != nil {
		return err
	}
	before, err := run.server.Usage()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := run.flow(ctx); err != nil {
		return err
	}
	lasted := time.Since(began)
	after, err := run.server.Usage()
	if err != nil {
		return err
	}
	r.Tell("events flowed for", "%v, server's CPU meanwhile %v, RSS then %s", lasted.Round(time.Second), after.CPU-before.CPU, mebibytes(after.RSS))
	return run.report(ctx, r, lasted)
}

// byAdmin is how a stream ends that an operator has ended.
const byAdmin = "end of stream, code DISCONNECTED_BY_ADMIN"

// cutsRun is what the parts of the scenario share.
type cutsRun struct {
	server  *server
	client  *loadgen.Client
	book    *book
	members []member
	streams []*loadgen.Stream
	half    int // of all cuts

	mu    sync.Mutex
	codes map[string]int // how the streams ended that their clients did not cut
}

// ended is how many streams have ended in such a way.
func (c *cutsRun) ended(how string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[how]
}

// comesBack says when a client comes back: most at once, some when they have missed more.
func (c *cutsRun) comesBack(s *loadgen.Stream) (time.Duration, bool) {
	if s.Ending != loadgen.EndSevered {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.codes[fmt.Sprintf("%v, code %s", s.Ending, s.Code)]++
	}
	switch n := rand.IntN(100); {
	case n < 60:
		return 0, true
	case n < 95:
		return rand.N(300 * time.Millisecond), true
	}
	return rand.N(8 * time.Second), true
}

// flow publishes for as long as it takes to cut so often.
func (c *cutsRun) flow(ctx context.Context) error {
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	var published, cut error
	all.Go(func() {
		published = lanes(cutLanes, func(lane int) error { return c.publish(publishing, lane) })
		stop() // whatever ended it: nothing is worth cutting any more
	})
	all.Go(func() {
		cut = lanes(1+cutsByFour, func(lane int) error {
			if lane == 0 {
				return c.sever(publishing)
			}
			return c.disconnect(publishing, lane)
		})
		stop()
	})
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(published, cut)
}

// publish sends at an even pace, the last of the lanes in batches, until ctx ends.
func (c *cutsRun) publish(ctx context.Context, lane int) error {
	r := rand.New(rand.NewPCG(3, uint64(lane)))
	size := 1
	if lane == cutLanes-1 {
		size = 10
	}
	began := time.Now()
	for n := 0; ctx.Err() == nil; n += size {
		events := make([]loadgen.Event, size)
		for i := range events {
			events[i] = somethingFor(r, c.members)
		}
		// Not with ctx: what was begun is answered.
		if err := c.book.post(context.WithoutCancel(ctx), c.server, lane, events...); err != nil {
			return fmt.Errorf("publisher %d: %w", lane, err)
		}
		due := began.Add(time.Duration(n+size) * time.Second * cutLanes / cutRate)
		_ = process.Pause(ctx, time.Until(due))
	}
	return nil
}

// sever is the clients' half.
func (c *cutsRun) sever(ctx context.Context) error {
	for began, n := time.Now(), 0; ; n++ {
		if count := c.client.Counts(0); count.Ended[loadgen.EndSevered] >= c.half {
			return nil
		}
		if ctx.Err() != nil {
			return nil // the publishers say why
		}
		bytes := 0
		switch rand.IntN(3) {
		case 0: // in what comes next: the head of the answer, the replay, an event
			bytes = 1 + rand.IntN(1000)
		case 1:
			bytes = 1 + rand.IntN(20_000)
		}
		c.client.Sever(bytes, c.streams[rand.IntN(len(c.streams))])
		_ = process.Pause(ctx, time.Until(began.Add(time.Duration(n)*time.Second/cutsASec)))
	}
}

// disconnect is a part of the server's half.
func (c *cutsRun) disconnect(ctx context.Context, lane int) error {
	for began, n := time.Now(), 1; c.ended(byAdmin) < c.half && ctx.Err() == nil; n++ {
		id := ""
		at := rand.IntN(len(c.streams))
		c.client.Each(c.streams[at:at+1], func(s *loadgen.Stream) {
			if s.Open() {
				id = s.ClientID
			}
		})
		if id == "" {
			continue
		}
		if _, err := c.server.Disconnect(context.WithoutCancel(ctx), id); err != nil {
			return fmt.Errorf("operator %d: %w", lane, err)
		}
		_ = process.Pause(ctx, time.Until(began.Add(time.Duration(n)*time.Second*cutsByFour/cutsASec)))
	}
	return nil
}

// report waits until all are back, and says what they have got.
func (c *cutsRun) report(ctx context.Context, r *report.Report, lasted time.Duration) error {
	give, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := c.client.Await(give, "all to be back", func() bool { return c.client.Counts(0).Open == len(c.streams) }); err != nil {
		return err
	}
	musts, mays := c.book.due(c.members, nil)
	due := total(musts)
	settle(ctx, c.client, func() bool { return c.client.Counts(0).Events >= due })
	fates := c.book.tally()
	rate := float64(fates[sent]) / lasted.Seconds()
	r.Check("events sent a second, meanwhile", rate >= .9*cutRate, fmt.Sprintf("%.0f, %d in all", rate, fates[sent]), fmt.Sprintf("at least %.0f", .9*cutRate))
	c.reportCuts(r)
	if c.client.Err() != nil {
		r.Fail("what the load client could not understand", c.client.Err().Error(), "nothing")
	}
	c.reportReceived(r, musts, mays)
	return nil
}

// reportReceived: what each has got is what was sent to it, once and in its order.
func (c *cutsRun) reportReceived(r *report.Report, musts, mays []loadgen.Set) {
	n := c.client.Counts(0)
	r.Equal("events received", n.Events, total(musts))
	compareAndReport(r, c.client, c.streams, musts, mays)
	arrivals, disagree := c.client.Arrivals()
	r.Zero("events with another id than the publisher was told", c.book.otherIDs(arrivals)+disagree)
	faults(r, "clients", n)
	r.Tell("of the events, replayed", "%d (%.1f %%)", n.Replayed, 100*float64(n.Replayed)/float64(max(n.Events, 1)))
	r.Tell("long replays, told of at their end", "%d", n.Replays)
}

func (c *cutsRun) reportCuts(r *report.Report) {
	n := c.client.Counts(0)
	severed := n.Ended[loadgen.EndSevered]
	r.Check("cuts by the clients", severed >= c.half, severed, fmt.Sprintf("at least %d", c.half))
	admin := c.ended(byAdmin)
	r.Check("cuts by the server", admin >= c.half, admin, fmt.Sprintf("at least %d", c.half))
	c.mu.Lock()
	defer c.mu.Unlock()
	var others []string
	for _, code := range slices.Sorted(maps.Keys(c.codes)) {
		if code != byAdmin {
			others = append(others, fmt.Sprintf("%d × %s", c.codes[code], code))
		}
	}
	r.Check("other ends", others == nil, cmp.Or(strings.Join(others, ", "), "none"), "none")
	r.Equal("connects told resumed, of all", n.Verdicts[loadgen.Resumed], n.Opened)
	if n.Verdicts[loadgen.Resumed] != n.Opened {
		r.Tell("what they were told", "%s", n.Resumes())
	}
}

// compareAndReport holds streams against what they were due.
func compareAndReport(r *report.Report, c *loadgen.Client, streams []*loadgen.Stream, musts, mays []loadgen.Set) {
	d := compare(c, streams, musts, mays)
	r.Zero("events missing", d.missing)
	if d.missing > 0 {
		r.Tell("most are missing", "%s", d.worst)
	}
	r.Zero("events that were for others, or refused", d.foreign)
}
