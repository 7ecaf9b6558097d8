//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// reportLive: those that stayed got exactly what was theirs.
func (d *deliveryRun) reportLive(r *report.Report, expected []loadgen.Set, total int) {
	at := make(map[*loadgen.Stream]int, len(d.streams))
	for i, s := range d.streams {
		at[s] = i
	}
	missing, foreign := 0, 0
	d.client.Each(d.streams, func(s *loadgen.Stream) {
		m, f := s.Against(expected[at[s]])
		missing += m
		foreign += f
	})
	n := d.client.Counts(live)
	r.Equal("live streams that stayed", n.Open, len(d.streams))
	r.Equal("live: events received", n.Events, total)
	r.Zero("live: events missing", missing)
	r.Zero("live: events that were for others", foreign)
	faults(r, "live", n)
}

// reportPassers: who came and went got a run without holes of what was theirs,
// and who is still there got all that was posted since it came.
func (d *deliveryRun) reportPassers(r *report.Report) {
	expected := d.plan.addressed(membersOf(d.client, d.passers))
	at := make(map[*loadgen.Stream]int, len(d.passers))
	for i, s := range d.passers {
		at[s] = i
	}
	order := d.order()
	holes, foreign, missed := 0, 0, 0
	d.client.Each(d.passers, func(s *loadgen.Stream) {
		mine := expected[at[s]]
		_, f := s.Against(mine)
		foreign += f
		holes += holesIn(order, mine, s.Got)
		if s.Open() {
			missed += d.missedSince(s, mine)
		}
	})
	n := d.client.Counts(churned)
	r.Tell("churned: events received", "%d", n.Events)
	r.Zero("churned: holes between the first and the last event", holes)
	r.Zero("churned, still there: events missing since they came", missed)
	r.Zero("churned: events that were for others", foreign)
	r.Tell("churned: ended by", "%s", n.Endings())
	r.Zero("churned: ended by the server", n.AllEnded()-n.Ended[loadgen.EndLocal]-n.Ended[loadgen.EndAbort])
	faults(r, "churned", n)
}

// order is all tags that arrived anywhere, in the order of the server's ids.
func (d *deliveryRun) order() []int {
	arrivals, _ := d.client.Arrivals()
	var tags []int
	for n, a := range arrivals {
		if a.Count > 0 {
			tags = append(tags, n)
		}
	}
	slices.SortFunc(tags, func(a, b int) int { return arrivals[a].ID.Compare(arrivals[b].ID) })
	return tags
}

// holesIn counts what was addressed to a stream and lies between the first and
// the last event that it got, but did not come.
func holesIn(order []int, mine loadgen.Set, got func(tag int) bool) (holes int) {
	pending, begun := 0, false
	for _, n := range order {
		switch {
		case got(n):
			holes += pending
			pending, begun = 0, true
		case begun && mine.Has(n):
			pending++
		}
	}
	return holes
}

// missedSince counts what was posted after the stream had its connection event,
// was for it and did not come.
func (d *deliveryRun) missedSince(s *loadgen.Stream, mine loadgen.Set) (missed int) {
	for n, at := range d.sent {
		if at > s.Opened && mine.Has(n) && !s.Got(n) {
			missed++
		}
	}
	return missed
}

// reportAnswers: the server's answers agree with what the streams saw.
func (d *deliveryRun) reportAnswers(r *report.Report, expected []loadgen.Set) {
	arrivals, disagree := d.client.Arrivals()
	receivers := make([]int, planTags)
	for _, set := range expected {
		for n := range receivers {
			if set.Has(n) {
				receivers[n]++
			}
		}
	}
	ids, counts := 0, 0
	for _, one := range d.plan.all {
		n := one.tag.N
		answer := d.answers[n]
		if id, ok := loadgen.ParseSequence([]byte(answer.Event.ID)); !ok || arrivals[n].Count > 0 && id != arrivals[n].ID {
			ids++
		}
		// Streams that come and go share topics and broadcasts, so there may
		// be more; sessions and clients are all of streams that stay.
		passersToo := len(one.event.ClientIDs) == 0 && (len(one.event.Topics) > 0 || one.event.SessionID == "")
		if answer.EventsSent < receivers[n] || answer.EventsSent > receivers[n] && !passersToo {
			counts++
		}
	}
	r.Zero("answers with an id that the streams did not see", ids+disagree)
	r.Zero("answers with an eventsSent that can't be", counts)
}

func (d *deliveryRun) reportTimes(r *report.Report) {
	arrivals, _ := d.client.Arrivals()
	var last []time.Duration
	for _, one := range d.plan.all {
		if n := one.tag.N; one.event.Event == "broadcast" && arrivals[n].Count > 0 {
			last = append(last, time.Duration(arrivals[n].Last-d.sent[n]))
		}
	}
	if len(last) > 0 {
		r.Tell("a broadcast reaches the last stream after", "median %v, most %v", median(last).Round(time.Millisecond), slices.MaxFunc(last, cmp.Compare[time.Duration]).Round(time.Millisecond))
	}
	r.Tell("from post to stream, all events", "%v", d.client.Latency(live))
}

// leave closes all streams and looks at what the server is left with.
func (d *deliveryRun) leave(ctx context.Context, r *report.Report, before level) error {
	const spareFDs, spareGoroutines, spareHeap = 8, 10, 2 << 20
	half := len(d.streams) / 2
	began := time.Now()
	d.client.Close(append(slices.Clone(d.streams[:half]), d.passers...)...)
	d.client.Abort(d.streams[half:]...)
	closing := time.Since(began)
	_, last, err := d.server.awaitActive(ctx, 0, 5*time.Second)
	if err != nil {
		return err
	}
	r.Equal("all closed (half FIN, half RST): activeConnections", last, 0)
	r.Within("since the last close", max(0, time.Since(began)-closing), time.Second)
	r.Tell("since the first close", "%v", time.Since(began).Round(time.Millisecond))

	// fasthttp keeps idle goroutines for ten seconds or so.
	wait, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	var after level
	_ = process.Poll(wait, time.Second, func() bool {
		after, err = d.server.level(ctx)
		return err != nil || after.FDs-before.FDs <= spareFDs && after.goroutines-before.goroutines <= spareGoroutines
	})
	if err != nil {
		return err
	}
	back := time.Since(began)
	r.Check("descriptors", after.FDs-before.FDs <= spareFDs, fmt.Sprintf("%d, before %d", after.FDs, before.FDs), fmt.Sprintf("at most %d more", spareFDs))
	r.Check("goroutines", after.goroutines-before.goroutines <= spareGoroutines, fmt.Sprintf("%d, before %d", after.goroutines, before.goroutines), fmt.Sprintf("at most %d more", spareGoroutines))
	r.Tell("both back after", "%v", back.Round(100*time.Millisecond))
	if err := process.Pause(ctx, 15*time.Second); err != nil {
		return err
	}
	if after, err = d.server.level(ctx); err != nil {
		return err
	}
	r.Tell("the server before", "%v", before)
	r.Tell("the server 15 s later", "%v", after)
	// What the history keeps for streams that may resume is no leak: it goes before the
	// heap is looked at.
	if err := d.server.Reset(ctx); err != nil {
		return err
	}
	heap, err := d.server.liveHeap(ctx)
	if err != nil {
		return err
	}
	r.Check("live heap, after a collection", heap-d.heapBefore <= spareHeap, fmt.Sprintf("%s, before %s", mebibytes(heap), mebibytes(d.heapBefore)), "at most "+mebibytes(spareHeap)+" more")
	return nil
}
