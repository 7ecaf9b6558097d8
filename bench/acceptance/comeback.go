//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	backMissed    = 20 // events for each client: to its user, its topics and everybody
	backToUser    = 5
	backToTopics  = 10
	backToAll     = backMissed - backToUser - backToTopics
	backObservers = 100      // streams that are open while the others come back
	backLive      = 100      // events a second for those
	backPeak      = 32 << 10 // bytes of memory for each client, at the worst moment
)

// The groups of the comeback's streams.
const (
	returning = iota
	observing
)

// comeback kills a server that has kept twenty events for each of ten thousand clients,
// and has all of them resume at once at the next one, while live events go on.
func comeback(ctx context.Context, b *bench, r *report.Report) error {
	run := &comebackRun{report: r, members: town(b.streams), settings: []string{
		maxClients(b.streams + backObservers), "DATA_DIR=" + b.path("comeback"), "LOG_LEVEL=warn",
	}}
	// A user for each: that is what makes as many boxes as there are clients.
	for i := range run.members {
		run.members[i].user = fmt.Sprint("user-", i)
	}
	var err error
	if run.server, err = b.start(ctx, run.settings...); err != nil {
		return err
	}
	first, err := run.server.Publish(ctx, loadgen.Event{Data: "before", Persistent: true})
	if err != nil {
		return err
	}
	if err := run.miss(ctx); err != nil {
		return err
	}
	run.server.kill()
	return run.comeBack(ctx, b, first.Event.ID)
}

// comebackRun is what the parts of the scenario share.
type comebackRun struct {
	report   *report.Report
	settings []string
	server   *server
	members  []member
	book     *book
}

// miss sends what the clients miss.
func (c *comebackRun) miss(ctx context.Context) error {
	var events []loadgen.Event
	add := func(times int, e loadgen.Event) {
		e.Persistent = true
		for range times {
			events = append(events, e)
		}
	}
	topics := map[string]bool{}
	add(backToAll/2, loadgen.Event{Event: "to-all"})
	for _, m := range c.members {
		add(backToUser, loadgen.Event{Event: "to-user", UserID: m.user})
		for _, t := range m.topics {
			if !topics[t] {
				topics[t] = true
				add(backToTopics/len(m.topics), loadgen.Event{Event: "to-topic", Topics: []string{t}})
			}
		}
	}
	add(backToAll-backToAll/2, loadgen.Event{Event: "to-all"})
	began := time.Now()
	c.book = newBook(len(events) + 100*backLive)
	for rest := events; len(rest) > 0; {
		n := min(len(rest), 1000)
		if err := c.book.post(ctx, c.server, 0, rest[:n]...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	c.report.Equal("persistent events sent, answered persisted", c.book.tally()[kept], len(events))
	c.report.Tell("sent in", "%v", time.Since(began).Round(time.Millisecond))
	return nil
}

func (c *comebackRun) comeBack(ctx context.Context, b *bench, from string) (err error) {
	ready := time.Now()
	if c.server, err = b.startAt(ctx, c.server.addr, c.settings...); err != nil {
		return err
	}
	c.report.Within("from its start to /readyz", time.Since(ready), time.Second)
	client, err := b.client(loadgen.Options{Target: c.server.addr, Tags: len(c.book.entries), ConnectsInFlight: 2000})
	if err != nil {
		return err
	}
	observers := sessions(backObservers, "observer")
	for i := range observers {
		observers[i].Group = observing
	}
	watching, err := open(ctx, client, observers)
	if err != nil {
		return err
	}
	musts, _ := c.book.due(c.members, nil) // without the live events that follow
	empty, err := c.server.Usage()
	if err != nil {
		return err
	}

	going, stop := context.WithCancel(ctx)
	defer stop()
	var live sync.WaitGroup
	var liveErr error
	firstLive := len(c.book.written())
	live.Go(func() { liveErr = c.live(going) })
	if err := process.Pause(ctx, time.Second); err != nil {
		return err
	}
	began := loadgen.Now()
	streams := client.Open(specsOf(c.members, func(s *loadgen.Spec) { s.LastEventID, s.Resumes = from, true })...)
	settle(ctx, client, func() bool { return client.Counts(returning).Events >= backMissed*len(streams) })
	if err := process.Pause(ctx, time.Second); err != nil {
		return err
	}
	stop()
	live.Wait()
	if liveErr != nil {
		return liveErr
	}
	if err := client.AwaitQuiet(ctx, time.Second); err != nil {
		return err
	}
	used, err := c.server.Usage()
	if err != nil {
		return err
	}
	peak, err := c.server.Peak()
	if err != nil {
		return err
	}
	last := int64(0)
	client.Each(streams, func(s *loadgen.Stream) { last = max(last, s.Opened) })
	c.report.Tell("all were open again after", "%v", time.Duration(last-began).Round(time.Millisecond))
	c.reportBack(client, streams, musts)
	c.reportLive(client, watching, firstLive)
	each := (peak - empty.RSS) / int64(len(streams))
	c.report.Check("memory for each client at the peak", each <= backPeak, fmt.Sprintf("%.1f KiB", float64(each)/1024), fmt.Sprintf("at most %d KiB", backPeak>>10))
	c.report.Tell("RSS: with the observers alone, at the peak, then", "%s, %s, %s; CPU meanwhile %v", mebibytes(empty.RSS), mebibytes(peak), mebibytes(used.RSS), used.CPU-empty.CPU)
	return nil
}

// live publishes at an even pace to the observers and some of those who come back.
func (c *comebackRun) live(ctx context.Context) error {
	began := time.Now()
	for n := 0; ctx.Err() == nil && n < 99*backLive; n++ {
		e := loadgen.Event{Event: "live", SessionID: fmt.Sprintf("observer-%05d", n%backObservers)}
		if n%backLive == 0 {
			e = loadgen.Event{Event: "live"}
		}
		if err := c.book.post(context.WithoutCancel(ctx), c.server, 1, e); err != nil {
			return err
		}
		_ = process.Pause(ctx, time.Until(began.Add(time.Duration(n+1)*time.Second/backLive)))
	}
	return nil
}

func (c *comebackRun) reportBack(client *loadgen.Client, streams []*loadgen.Stream, musts []loadgen.Set) {
	n := client.Counts(returning)
	c.report.Equal("clients that are open again", n.Open, len(streams))
	if n.AllEnded() > 0 {
		c.report.Tell("ends meanwhile", "%s", n.Endings())
	}
	c.report.Equal("events that they missed and must get", total(musts), backMissed*len(streams))
	// The live broadcasts come to them as well, where they were open in time.
	_, mays := c.book.due(c.members, nil)
	compareAndReport(c.report, client, streams, musts, mays)
	c.report.Zero("told reset, or nothing", n.Opened-n.Verdicts[loadgen.Resumed]-n.Verdicts[loadgen.Partial])
	c.report.Tell("told", "%s", n.Resumes())
	faults(c.report, "clients", n)
}

func (c *comebackRun) reportLive(client *loadgen.Client, watching []*loadgen.Stream, first int) {
	members := make([]member, len(watching))
	for i := range members {
		members[i].session = fmt.Sprintf("observer-%05d", i)
	}
	_, mays := c.book.due(members, nil)
	musts, _ := c.book.due(members, func(n int, _ *entry) bool { return n >= first })
	d := compare(client, watching, musts, mays)
	latency := client.Latency(observing)
	c.report.Tell("live events meanwhile", "%d; %v", len(c.book.written())-first, latency)
	c.report.Zero("of them missing, or for others", d.missing+d.foreign)
	c.report.Within("their p99", latency.Quantile(.99), time.Second)
	faults(c.report, "observers", client.Counts(observing))
}
