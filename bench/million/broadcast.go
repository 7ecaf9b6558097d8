//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const mostBroadcast = 350 * time.Millisecond

// sent is what one event to all took.
type sent struct {
	answered time.Duration // from Send to its receipt
	written  time.Duration // from Send to the last client's sink
	cpu      time.Duration // of the whole process meanwhile
	queued   int
}

// broadcast sends an event to all and waits until what was queued is written. It
// looks once a millisecond.
func (r *rig) broadcast(ctx context.Context) (b sent, err error) {
	began, used := time.Now(), cpu()
	receipt, err := r.hub.Send(ctx, newEvent(), actor.Target{})
	if err != nil {
		return b, err
	}
	b.answered, b.queued = time.Since(began), receipt.Queued
	stats, err := r.stats(ctx)
	if err != nil {
		return b, err
	}
	// Targeted events that are written before it ends count as this one's; there
	// are a few in a million.
	due := stats.Deliveries
	polled := process.Poll(ctx, time.Millisecond, func() bool {
		stats, err = r.stats(ctx)
		return err != nil || r.written()+stats.Undelivered+stats.Discarded >= due
	})
	b.written, b.cpu = time.Since(began), cpu()-used
	return b, firstOf(polled, err)
}

func broadcasts(ctx context.Context, r *rig, rep *report.Report) error {
	gc := beforeCollections()
	var all []sent
	for range r.rounds {
		if err := process.Pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
		b, err := r.broadcast(ctx)
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	tellSent(rep, all)
	written := column(all, func(b sent) time.Duration { return b.written })
	rep.Within("from Send to the last sink, median", median(written), mostBroadcast)
	rep.Tell("collections", "%v", gc)
	wrong := 0
	for i := range r.streams {
		if r.streams[i].Load().events != uint32(r.rounds) {
			wrong++
		}
	}
	rep.Zero(fmt.Sprintf("clients that did not get each of %d events once", r.rounds), wrong)
	return nil
}

func tellSent(rep *report.Report, all []sent) {
	answered := column(all, func(b sent) time.Duration { return b.answered })
	written := column(all, func(b sent) time.Duration { return b.written })
	used := column(all, func(b sent) time.Duration { return b.cpu })
	rep.Tell("from Send to the last sink", "least %v, median %v, most %v",
		milliseconds(slices.Min(written)), milliseconds(median(written)), milliseconds(slices.Max(written)))
	rep.Tell("from Send to its receipt, median", "%v", milliseconds(median(answered)))
	rep.Tell("CPU of the whole process, median", "%.2f s, %d ns a delivery", median(used).Seconds(),
		median(used).Nanoseconds()/int64(max(all[0].queued, 1)))
}

func column(all []sent, of func(sent) time.Duration) []time.Duration {
	values := make([]time.Duration, len(all))
	for i, b := range all {
		values[i] = of(b)
	}
	return values
}
