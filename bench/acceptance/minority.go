//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// minority compares broadcasts to a crowd that reads with broadcasts to one of which
// 1 % does not, in turns.
func minority(ctx context.Context, b *bench, r *report.Report) error {
	stuck := b.streams / 100
	var with, without []time.Duration
	var sum loadgen.Counts
	for i := range b.rounds {
		for j := range 2 {
			to, side := 0, &without
			if (i+j)%2 == 1 { // ABBA: neither side always comes first
				to, side = stuck, &with
			}
			last, counts, err := minorityRound(ctx, b, to)
			if err != nil {
				return err
			}
			sum.Add(&counts)
			*side = append(*side, last)
		}
	}
	a, z := median(without), median(with)
	ratio := float64(z) / float64(a)
	r.Tell("all read: a broadcast reaches the last after, by rounds", "%s", milliseconds(without))
	r.Tell(fmt.Sprintf("%d do not: it reaches the last other after, by rounds", stuck), "%s", milliseconds(with))
	r.Check("the second to the first (medians)", ratio <= 1.1, fmt.Sprintf("%.2f (%v to %v)", ratio, z.Round(time.Millisecond), a.Round(time.Millisecond)), "at most 1.1")
	faults(r, "who read", sum)
	return nil
}

func milliseconds(all []time.Duration) string {
	var parts []string
	for _, d := range all {
		parts = append(parts, d.Round(100*time.Microsecond).String())
	}
	return strings.Join(parts, ", ")
}

// minorityRound has a fresh server, some of whose streams get so much that what they
// do not read waits for them, and gives the median time of a broadcast to the last of
// the others.
func minorityRound(ctx context.Context, b *bench, stuck int) (last time.Duration, counts loadgen.Counts, err error) {
	const broadcasts, filling = 20, 40
	const fillBytes = 16 << 10
	s, err := b.start(ctx, maxClients(b.streams))
	if err != nil {
		return 0, counts, err
	}
	defer s.kill()
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: broadcasts + filling})
	if err != nil {
		return 0, counts, err
	}
	defer c.Stop()
	specs := sessions(b.streams, "crowd")
	for i := range specs[:b.streams/100] { // the same get it on both sides
		specs[i].Topics = "much"
		specs[i].Group = stuckOnes
		specs[i].Stall = i < stuck
	}
	if _, err := open(ctx, c, specs[:b.streams/100]); err != nil {
		return 0, counts, err
	}
	if _, err := open(ctx, c, specs[b.streams/100:]); err != nil {
		return 0, counts, err
	}
	for n := range filling {
		tag := loadgen.Tag{N: broadcasts + n, Lane: 1, At: loadgen.Now()}
		if _, err := s.Publish(ctx, loadgen.Event{Topics: []string{"much"}, Data: tag.Text(fillBytes, false)}); err != nil {
			return 0, counts, err
		}
	}
	if err := c.AwaitQuiet(ctx, 500*time.Millisecond); err != nil {
		return 0, counts, err
	}
	readers := b.streams - b.streams/100
	at := make([]int64, broadcasts)
	for n := range broadcasts {
		due := time.Now().Add(200 * time.Millisecond)
		at[n] = loadgen.Now()
		if _, err := s.Publish(ctx, loadgen.Event{Data: loadgen.Tag{N: n, At: at[n]}.Text(200, false)}); err != nil {
			return 0, counts, err
		}
		settle(ctx, c, func() bool { return c.Counts(healthy).Events >= readers*(n+1) })
		if err := process.Pause(ctx, time.Until(due)); err != nil {
			return 0, counts, err
		}
	}
	counts = c.Counts(healthy)
	if counts.Events != readers*broadcasts {
		return 0, counts, fmt.Errorf("%d of %d events came", counts.Events, readers*broadcasts)
	}
	arrivals, _ := c.Arrivals()
	var all []time.Duration
	for n := range broadcasts {
		all = append(all, time.Duration(arrivals[n].Last-at[n]))
	}
	return median(all), counts, nil
}
