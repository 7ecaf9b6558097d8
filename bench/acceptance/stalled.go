//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	crowd      = 1000 // streams
	stuck      = 100  // of them, where some stop reading
	blast      = 1000 // events
	blastBytes = 1024
	publishers = 4
)

// The groups of the crowd.
const (
	healthy = iota
	stuckOnes
)

// stalled compares a crowd in which all read with one in which some do not, in
// turns, because the machine is not equally quiet all the time.
func stalled(ctx context.Context, b *bench, r *report.Report) error {
	var with, without []blasted
	for i := range b.rounds {
		for j := range 2 {
			// ABBA: neither side always comes first.
			if some := (i+j)%2 == 1; some {
				one, err := blastRound(ctx, b, stuck)
				if err != nil {
					return err
				}
				with = append(with, one)
			} else {
				one, err := blastRound(ctx, b, 0)
				if err != nil {
					return err
				}
				without = append(without, one)
			}
		}
	}
	reportSide(r, "A, all read", without)
	reportSide(r, fmt.Sprintf("B, %d do not", stuck), with)
	a, z := median(times(without)), median(times(with))
	ratio := float64(z) / float64(a)
	r.Check("slowest reader's last event, B to A (medians)", ratio <= 1.2, fmt.Sprintf("%.2f (%v to %v)", ratio, z.Round(time.Millisecond), a.Round(time.Millisecond)), "at most 1.2")
	return overflow(ctx, b, r)
}

// blasted is what came of one round.
type blasted struct {
	slowest  time.Duration // until the last reader had its last event
	taken    time.Duration // until the server had taken all events
	busy     int           // answers that it was too busy
	lost     int           // events that readers did not get
	rss      int64         // by how much the server grew, at most
	account  string        // where events were lost: the server's own count of them
	complete int           // readers that got everything
	counts   loadgen.Counts
}

func times(rounds []blasted) (all []time.Duration) {
	for _, one := range rounds {
		all = append(all, one.slowest)
	}
	return all
}

// reportSide sums up the rounds of one side.
func reportSide(r *report.Report, side string, rounds []blasted) {
	var slowest, pace, accounts []string
	var sum loadgen.Counts
	lost, busy, incomplete, growth := 0, 0, 0, int64(0)
	readers := 0
	for _, one := range rounds {
		slowest = append(slowest, one.slowest.Round(time.Millisecond).String())
		pace = append(pace, fmt.Sprintf("%.0f", blast/one.taken.Seconds()))
		sum.Add(&one.counts)
		lost += one.lost
		busy += one.busy
		readers = one.counts.Open
		incomplete += readers - one.complete
		growth = max(growth, one.rss)
		if one.lost > 0 {
			accounts = append(accounts, one.account)
		}
	}
	r.Tell(side+": slowest reader's last event", "%s", strings.Join(slowest, ", "))
	r.Tell(side+": pace the server took, events a second", "%s", strings.Join(pace, ", "))
	r.Tell(side+": answers that it was too busy", "%d", busy)
	r.Tell(side+": deliveries a second, median", "%.0f", float64(readers*blast)/median(times(rounds)).Seconds())
	r.Check(side+": readers that missed something", incomplete == 0, fmt.Sprintf("%d (%d events)", incomplete, lost), "0")
	if accounts != nil {
		r.Tell(side+": what the server counted there", "%s", strings.Join(accounts, "; "))
	}
	faults(r, side+", readers", sum)
	r.Tell(side+": the server grew by at most", "%s", mebibytes(growth))
}

// blastRound has a fresh server, and posts events to everybody as fast as it
// takes them.
func blastRound(ctx context.Context, b *bench, notReading int) (one blasted, err error) {
	s, c, streams, err := gather(ctx, b, blast, notReading)
	if err != nil {
		return one, err
	}
	defer s.kill()
	defer c.Stop()
	growth, err := watchGrowth(ctx, s)
	if err != nil {
		return one, err
	}
	var busy atomic.Int64
	began := loadgen.Now()
	err = lanes(publishers, func(lane int) error {
		for i := range blast / publishers {
			n := lane*(blast/publishers) + i
			if _, err := patient(ctx, s, &busy, func() loadgen.Event {
				return loadgen.Event{Event: "blast", Data: loadgen.Tag{N: n, Lane: lane, At: loadgen.Now()}.Text(blastBytes, false)}
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return one, err
	}
	one.taken = time.Duration(loadgen.Now() - began)
	readers := len(streams) - notReading
	settle(ctx, c, func() bool { return c.Counts(healthy).Events == readers*blast })
	one.rss = growth()
	one.busy = int(busy.Load())
	c.Each(streams[notReading:], func(s *loadgen.Stream) {
		one.slowest = max(one.slowest, time.Duration(s.LastEvent-began))
		if s.Count() == blast {
			one.complete++
		}
	})
	one.counts = c.Counts(healthy)
	one.lost = readers*blast - one.counts.Events
	if one.lost > 0 {
		status, err := s.Status(ctx)
		if err != nil {
			return one, err
		}
		one.account = fmt.Sprintf("%.0f deliveries, %.0f delivered, %.0f dropped", status["deliveries"], status["delivered"], status["dropped"])
	}
	return one, nil
}

// gather opens the crowd on a server of its own; those that do not read come
// first.
func gather(ctx context.Context, b *bench, tags, notReading int) (*server, *loadgen.Client, []*loadgen.Stream, error) {
	s, err := b.start(ctx, maxClients(crowd))
	if err != nil {
		return nil, nil, nil, err
	}
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: tags})
	if err != nil {
		return nil, nil, nil, err
	}
	specs := sessions(crowd, "crowd")
	for i := range notReading {
		specs[i].Stall, specs[i].Group = true, stuckOnes
	}
	var streams []*loadgen.Stream
	for _, part := range [][]loadgen.Spec{specs[:notReading], specs[notReading:]} {
		if len(part) == 0 {
			continue
		}
		opened, err := open(ctx, c, part)
		if err != nil {
			return nil, nil, nil, err
		}
		streams = append(streams, opened...)
	}
	return s, c, streams, nil
}

// watchGrowth reads the server's RSS ten times a second until growth is called,
// which gives the most that it was above what it is now.
func watchGrowth(ctx context.Context, s *server) (growth func() int64, err error) {
	before, err := s.Usage()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	most := make(chan int64)
	go func() {
		top := before.RSS
		_ = process.Poll(ctx, 100*time.Millisecond, func() bool {
			if u, err := s.Usage(); err == nil {
				top = max(top, u.RSS)
			}
			return false
		})
		most <- top
	}()
	return func() int64 { cancel(); return <-most - before.RSS }, nil
}
