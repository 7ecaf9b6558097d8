//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	churnRate = 20_000 // clients a second that come, and as many that go
	// broadcastEvery is how often an event goes to all beside it.
	broadcastEvery = time.Second
	targetedEvery  = 2 * time.Millisecond
	metricsEvery   = 5 * time.Millisecond
)

// load is everything at once.
func load(ctx context.Context, r *rig, rep *report.Report) error {
	profiled, err := r.cpuProfile()
	if err != nil {
		return err
	}
	gc := beforeCollections()
	before, err := r.stats(ctx)
	if err != nil {
		return err
	}
	during, stop := context.WithTimeout(ctx, r.load)
	defer stop()
	var metrics, targeted answers
	var churned atomic.Int64
	var work sync.WaitGroup
	errs := make(chan error, comers)
	began, used := time.Now(), cpu()
	for k := range comers {
		work.Go(func() {
			if err := r.churn(during, k, &churned); err != nil {
				errs <- err
			}
		})
	}
	work.Go(func() {
		metrics.ask(during, metricsEvery, func() error {
			_, err := r.stats(ctx)
			return err
		})
	})
	work.Go(func() { targeted.ask(during, targetedEvery, func() error { return r.target(ctx) }) })
	var all []sent
	for process.Pause(during, time.Until(began.Add(time.Duration(len(all)+1)*broadcastEvery))) == nil {
		b, err := r.broadcast(ctx)
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	work.Wait()
	took, used := time.Since(began), cpu()-used
	if err := profiled(); err != nil {
		return err
	}
	select {
	case err := <-errs:
		return err
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	rate := float64(churned.Load()) / took.Seconds()
	rep.Check("clients that came, and as many that went, a second", rate >= churnRate, fmt.Sprintf("%.0f", rate), "at least 20000")
	for _, a := range []struct {
		name string
		*answers
	}{{"metrics answered", &metrics}, {"targeted sends answered", &targeted}} {
		rep.Check(a.name, a.errs == 0 && a.took.Quantile(.99) < mostAnswer,
			fmt.Sprintf("%d: %v", a.took.Count(), &a.took), "p99 less than "+mostAnswer.String())
		if a.errs > 0 {
			rep.Fail(a.name, fmt.Sprintf("%d errors: %v", a.errs, a.err), "none")
		}
	}
	rep.Tell("events to all beside it", "%d", len(all))
	if len(all) > 0 {
		tellSent(rep, all)
	}
	rep.Tell("CPU of it all", "%.2f of %d processors", used.Seconds()/took.Seconds(), len(r.writers))
	rep.Tell("collections", "%v", gc)
	if err := r.account(ctx, rep, before); err != nil {
		return err
	}
	each, err := r.perClient()
	rep.Tell("resident memory a client", "%d bytes", each)
	return err
}

// churn replaces clients, k and every comers-th of the hub's, at its share of the
// rate and a little more; if it was held up it catches up.
func (r *rig) churn(ctx context.Context, k int, churned *atomic.Int64) error {
	const every = time.Second * comers * 100 / (churnRate * 102)
	scratch := make([]byte, 0, scratchSize)
	places := len(r.streams) / comers
	began := time.Now()
	for n := 0; ; n++ {
		if ahead := time.Until(began.Add(time.Duration(n) * every)); ahead > 0 {
			if err := process.Pause(ctx, ahead); err != nil {
				return nil
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		place := &r.streams[k+comers*rand.IntN(places)]
		s, err := r.connect(scratch)
		if err != nil {
			return err
		}
		r.leave(place.Swap(s), scratch)
		churned.Add(1)
	}
}

// target sends an event to somebody: to a user, a session or a client, by turns. A
// client that has just left is a miss, and as good an answer.
func (r *rig) target(ctx context.Context) error {
	c := r.streams[rand.IntN(len(r.streams))].Load().client.Info()
	var to actor.Target
	switch rand.IntN(3) {
	case 0:
		to.UserID = c.UserID
	case 1:
		to.SessionID = c.SessionID
	default:
		to.ClientIDs = []string{c.ID}
	}
	_, err := r.hub.Send(ctx, newEvent(), to)
	return err
}

// account waits until all is written and everybody who left has gone, and settles
// what became of each delivery.
func (r *rig) account(ctx context.Context, rep *report.Report, before actor.Stats) error {
	ctx, stop := context.WithTimeoutCause(ctx, 10*time.Second, errors.New("not settled after 10s"))
	defer stop()
	var stats actor.Stats
	var err error
	polled := process.Poll(ctx, 10*time.Millisecond, func() bool {
		stats, err = r.stats(ctx)
		return err != nil || stats.Clients == r.clients && stats.Ending == 0 && r.written()+stats.Undelivered == stats.Deliveries
	})
	if err := firstOf(err, polled); err != nil {
		return fmt.Errorf("%d clients, %d deliveries, %d written, %d undelivered: %w",
			stats.Clients, stats.Deliveries, r.written(), stats.Undelivered, err)
	}
	rep.Equal("clients after it", stats.Clients, r.clients)
	rep.Tell("deliveries", "%d, each written, or its client had left", stats.Deliveries-before.Deliveries)
	rep.Tell("not written, as their clients had left", "%d", stats.Undelivered-before.Undelivered)
	rep.Zero("dropped", int(stats.Dropped()))
	rep.Tell("times that sends waited for the writers", "%d", stats.Pauses-before.Pauses)
	return nil
}

// cpuProfile begins the profile, if one is wanted, and gives what ends it.
func (r *rig) cpuProfile() (end func() error, err error) {
	if r.profiles == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Join(r.profiles, "load.pprof"))
	if err != nil {
		return nil, err
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, pprof.StartCPUProfile(f)
}
