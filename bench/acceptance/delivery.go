//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// The groups of the delivery's streams.
const (
	live = iota
	churned
)

// delivery is the promise that matters most: each event reaches each addressed
// stream exactly once, in one order for all, while others come and go; and
// nothing is left of the streams when they have gone.
func delivery(ctx context.Context, b *bench, r *report.Report) error {
	const lasting = 65 * time.Second
	s, err := b.start(ctx, maxClients(b.streams))
	if err != nil {
		return err
	}
	if err := warmUp(ctx, b, s); err != nil {
		return err
	}
	before, err := s.level(ctx)
	if err != nil {
		return err
	}
	heap, err := s.liveHeap(ctx)
	if err != nil {
		return err
	}
	d := &deliveryRun{server: s, heapBefore: heap, sent: make([]int64, planTags), answers: make([]loadgen.Answer, planTags)}
	if d.client, err = b.client(loadgen.Options{Target: s.addr, Tags: planTags}); err != nil {
		return err
	}
	specs := sessions(b.streams, "live")
	for i := range specs {
		specs[i].Topics = strings.Join(topicsOf(i), ",")
	}
	if d.streams, err = open(ctx, d.client, specs); err != nil {
		return err
	}
	d.members = membersOf(d.client, d.streams)
	d.plan = newPlan(d.members)

	used, err := s.Usage()
	if err != nil {
		return err
	}
	usedHere, err := loadgen.ReadUsage(os.Getpid())
	if err != nil {
		return err
	}
	coming, stopComing := context.WithCancel(ctx)
	defer stopComing()
	var churning sync.WaitGroup
	churning.Go(func() { d.passers = churn(coming, d.client, churned, b.streams) })
	began := time.Now()
	err = d.publish(ctx, lasting)
	stopComing()
	churning.Wait()
	lasted := time.Since(began)
	if err != nil {
		return err
	}

	expected := d.plan.addressed(d.members)
	total := 0
	for _, set := range expected {
		total += set.Len()
	}
	settle(ctx, d.client, func() bool { return d.client.Counts(live).Events >= total })
	if err := d.client.AwaitQuiet(ctx, time.Second); err != nil {
		return err
	}
	active, err := s.active(ctx)
	if err != nil {
		return err
	}
	after, err := s.Usage()
	if err != nil {
		return err
	}

	afterHere, err := loadgen.ReadUsage(os.Getpid())
	if err != nil {
		return err
	}

	passers := d.client.Counts(churned)
	r.Tell("posted", "%d broadcasts, %d targeted, %d batches of %d by %d publishers in %v", waves, targetedSends, waves, batchSize, deliveryLanes, lasted.Round(time.Second))
	r.Tell("came and went meanwhile", "%d came, %d went, %d still there", passers.Opened, passers.AllEnded(), passers.Open)
	perMinute := float64(passers.AllEnded()) / lasted.Minutes()
	r.Check("streams that came and went a minute", perMinute >= 1000 || passers.AllEnded() >= 1000, fmt.Sprintf("%.0f", perMinute), "at least 1000")
	d.reportLive(r, expected, total)
	d.reportPassers(r)
	d.reportAnswers(r, expected)
	d.reportTimes(r)
	r.Tell("CPU meanwhile", "server %v, load client and publishers %v", after.CPU-used.CPU, afterHere.CPU-usedHere.CPU)
	r.Equal("activeConnections after a quiet second", active, d.client.Counts(live).Open+passers.Open)
	return d.leave(ctx, r, before)
}

// deliveryRun is what the parts of the scenario share.
type deliveryRun struct {
	server  *server
	client  *loadgen.Client
	plan    *plan
	streams []*loadgen.Stream // that stay
	members []member          // the same
	passers []*loadgen.Stream // that come and go

	heapBefore int64 // live, in bytes, before any of them came

	// By tag; each is written by the one publisher that sends it.
	sent    []int64
	answers []loadgen.Answer
}

// warmUp has the server do each thing once, so that what it keeps for good is
// not taken for a leak.
func warmUp(ctx context.Context, b *bench, s *server) error {
	c, err := b.client(loadgen.Options{Target: s.addr})
	if err != nil {
		return err
	}
	streams, err := open(ctx, c, sessions(10, "warm"))
	if err != nil {
		return err
	}
	if _, err := s.Publish(ctx, loadgen.Event{Data: "warm"}); err != nil {
		return err
	}
	c.Close(streams...)
	_, _, err = s.awaitActive(ctx, 0, time.Second)
	return err
}

func membersOf(c *loadgen.Client, streams []*loadgen.Stream) []member {
	at := make(map[*loadgen.Stream]int, len(streams))
	for i, s := range streams {
		at[s] = i
	}
	members := make([]member, len(streams))
	c.Each(streams, func(s *loadgen.Stream) {
		m := member{user: s.User, session: s.Session, client: s.ClientID}
		if s.Topics != "" {
			m.topics = strings.Split(s.Topics, ",")
		}
		members[at[s]] = m
	})
	return members
}

// publish sends the plan in waves spread over the time: all publishers at once
// and as fast as they can, then nothing until the next wave.
func (d *deliveryRun) publish(ctx context.Context, lasting time.Duration) error {
	began := time.Now()
	for w := range waves {
		if err := process.Pause(ctx, time.Until(began.Add(lasting*time.Duration(w)/(waves-1)))); err != nil {
			return err
		}
		err := lanes(deliveryLanes, func(lane int) error {
			for _, p := range d.plan.posts[w][lane] {
				if err := d.post(ctx, p); err != nil {
					return fmt.Errorf("wave %d, publisher %d: %w", w, lane, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *deliveryRun) post(ctx context.Context, p post) error {
	events := make([]loadgen.Event, len(p.events))
	for i, e := range p.events {
		d.sent[e.tag.N] = loadgen.Now()
		events[i] = e.withData()
	}
	if !p.batch {
		answer, err := d.server.Publish(ctx, events[0])
		d.answers[p.events[0].tag.N] = answer
		return err
	}
	answers, err := d.server.PublishBatch(ctx, events)
	for i, a := range answers {
		d.answers[p.events[i].tag.N] = a
	}
	return err
}
