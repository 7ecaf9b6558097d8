//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	costFew    = 1000
	costMany   = 1_000_000
	costConns  = 3000 // resumes of a round, one after the other
	costMissed = 5
	costTags   = costMissed
)

// resumeCost compares what it costs to resume where little is kept with what it costs
// where a thousand times as much is, in turns. In both the client has missed five
// events, which stand among the newest tenth of all that is kept.
func resumeCost(ctx context.Context, b *bench, r *report.Report) error {
	few, err := newCostSide(ctx, b, costFew)
	if err != nil {
		return err
	}
	many, err := newCostSide(ctx, b, costMany)
	if err != nil {
		return err
	}
	for i := range b.rounds {
		sides := []*costSide{few, many}
		if i%2 == 1 { // ABBA: neither side always comes first
			sides[0], sides[1] = sides[1], sides[0]
		}
		for _, side := range sides {
			if err := side.round(ctx, b); err != nil {
				return err
			}
		}
	}
	for _, side := range []*costSide{few, many} {
		r.Tell(fmt.Sprintf("%d kept", side.kept), "server's CPU for a resume %v, latency %v, RSS %s", median(side.cpu), median(side.latency), mebibytes(side.rss))
		r.Equal("  in its history, by /metrics", side.held, side.kept)
	}
	compare := func(what string, a, z time.Duration) {
		r.Check(what, float64(z) <= 2*float64(a), fmt.Sprintf("%.2f (%v to %v)", float64(z)/float64(a), z, a), "at most 2")
	}
	compare("CPU of a resume, of many to of few (medians)", median(few.cpu), median(many.cpu))
	compare("latency of a resume, of many to of few (medians)", median(few.latency), median(many.latency))
	n := few.sum
	n.Add(&many.sum)
	r.Equal("events received, of five for each", n.Events, costMissed*n.Opened)
	r.Equal("connects told resumed, of all", n.Verdicts[loadgen.Resumed], n.Opened)
	faults(r, "streams", n)
	return nil
}

// costSide is one of the servers that are compared.
type costSide struct {
	kept   int
	held   int // by the server's own count
	server *server
	from   string // the id that all resume after

	cpu, latency []time.Duration // of one resume, by rounds
	rss          int64
	sum          loadgen.Counts
}

func costMember() member {
	return member{user: "reader", session: "reader", topics: []string{"news", "sports"}}
}

// newCostSide starts a server and sends it as many events as it is to keep. All have
// some of the reader's targets, too, so that what the reader has seen long ago grows
// with what is kept.
func newCostSide(ctx context.Context, b *bench, kept int) (c *costSide, err error) {
	c = &costSide{kept: kept}
	c.server, err = b.start(ctx, "HISTORY_EVENTS="+fmt.Sprint(kept), "HISTORY_BYTES=4GiB", "HISTORY_AGE=24h", "OUTBOX_FRAMES=512",
		"MAX_STREAMS_PER_USER=0", "MAX_STREAMS_PER_SESSION=0", "LOG_LEVEL=warn")
	if err != nil {
		return nil, err
	}
	seen := kept * 9 / 10
	me := costMember()
	if err := c.fill(ctx, seen, []loadgen.Event{
		{UserID: me.user}, {SessionID: me.session}, {Topics: me.topics[:1]}, {Topics: me.topics}, {},
		{UserID: "another"}, {SessionID: "another"}, {Topics: []string{"weather"}},
	}); err != nil {
		return nil, err
	}
	mark, err := c.server.Publish(ctx, loadgen.Event{UserID: me.user, Data: "mark"})
	if err != nil {
		return nil, err
	}
	c.from = mark.Event.ID
	// The rest is for others but for the five, which are spread over it.
	rest := kept - seen - 1 - costMissed
	for n := range costMissed {
		tag := loadgen.Tag{N: n, At: loadgen.Now()}
		mine := []loadgen.Event{{UserID: me.user}, {SessionID: me.session}, {Topics: me.topics[:1]}, {Topics: me.topics}, {}}[n]
		mine.Data = tag.Text(100, false)
		if _, err := c.server.Publish(ctx, mine); err != nil {
			return nil, err
		}
		part := rest*(n+1)/costMissed - rest*n/costMissed
		if err := c.fill(ctx, part, []loadgen.Event{{UserID: "another"}, {SessionID: "another"}, {Topics: []string{"weather"}}}); err != nil {
			return nil, err
		}
	}
	m, err := c.server.Metrics(ctx)
	held, ok := m.Sum("sseactor_history_events")
	if err == nil && !ok {
		err = fmt.Errorf("the server has no metric sseactor_history_events")
	}
	c.held = int(held)
	return c, err
}

func (c *costSide) fill(ctx context.Context, n int, kinds []loadgen.Event) error {
	for n > 0 {
		batch := make([]loadgen.Event, min(n, 1000))
		for i := range batch {
			batch[i] = kinds[i%len(kinds)]
			batch[i].Data = "an event of the past, as long as one of a hundred bytes or so is when it is on its way to streams"
		}
		if _, err := c.server.PublishBatch(ctx, batch); err != nil {
			return fmt.Errorf("fill the history: %w", err)
		}
		n -= len(batch)
	}
	return nil
}

// round opens streams one after the other. None leaves before all have their events:
// what it costs to leave is not what is measured.
func (c *costSide) round(ctx context.Context, b *bench) error {
	spec := costMember().spec()
	spec.LastEventID = c.from
	specs := make([]loadgen.Spec, costConns)
	for i := range specs {
		specs[i] = spec
	}
	client, err := b.client(loadgen.Options{Target: c.server.addr, Tags: costTags, ConnectsInFlight: 1})
	if err != nil {
		return err
	}
	defer client.Stop()
	before, err := c.server.Usage()
	if err != nil {
		return err
	}
	streams := client.Open(specs...)
	err = client.Await(ctx, "the missed events", func() bool {
		n := client.Counts(0)
		return n.Events >= costMissed*costConns || n.AllEnded() > 0
	})
	if err != nil {
		return err
	}
	after, err := c.server.Usage()
	if err != nil {
		return err
	}
	var took []time.Duration
	client.Each(streams, func(s *loadgen.Stream) { took = append(took, time.Duration(s.LastEvent-s.Began)) })
	c.cpu = append(c.cpu, (after.CPU-before.CPU)/costConns)
	c.latency = append(c.latency, median(took))
	c.rss = after.RSS
	n := client.Counts(0)
	c.sum.Add(&n)
	client.Close(streams...)
	_, _, err = c.server.awaitActive(ctx, 0, 10*time.Second)
	return err
}
