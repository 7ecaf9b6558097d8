//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	// comers is how many goroutines let clients in and out at once.
	comers = 32

	mostBytes  = 700 // a client
	mostAnswer = 50 * time.Millisecond
)

// register lets all clients in as fast as they come, and then looks at what they
// cost.
func register(ctx context.Context, r *rig, rep *report.Report) error {
	gc := beforeCollections()
	asking, stop := context.WithCancel(ctx)
	var metrics answers
	var asker, work sync.WaitGroup
	asker.Go(func() {
		metrics.ask(asking, time.Millisecond, func() error {
			_, err := r.stats(ctx)
			return err
		})
	})
	began, used := time.Now(), cpu()
	errs := make(chan error, comers)
	for k := range comers {
		work.Go(func() {
			scratch := make([]byte, 0, scratchSize)
			for i := k; i < len(r.streams) && ctx.Err() == nil; i += comers {
				s, err := r.connect(scratch)
				if err != nil {
					errs <- err
					return
				}
				r.streams[i].Store(s)
			}
		})
	}
	work.Wait()
	took, used := time.Since(began), cpu()-used
	stop()
	asker.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	rep.Tell("all have come after", "%v, %.0f a second, %.2f µs of CPU each, making them up included",
		milliseconds(took), float64(r.clients)/took.Seconds(), float64(used.Microseconds())/float64(r.clients))
	rep.Check("metrics answered meanwhile", metrics.errs == 0 && metrics.took.Quantile(.99) < mostAnswer,
		metrics.took.String(), "p99 less than "+mostAnswer.String())
	rep.Tell("collections", "%v", gc)

	if err := process.Pause(ctx, 3*time.Second); err != nil {
		return err
	}
	each, err := r.perClient()
	if err != nil {
		return err
	}
	rep.Check("resident memory a client", each <= mostBytes, each, "at most 700 bytes, of which 24 are this program's")
	debug.FreeOSMemory()
	if each, err = r.perClient(); err != nil {
		return err
	}
	rep.Tell("of it in use", "%d bytes", each)
	stats, err := r.stats(ctx)
	if err != nil {
		return err
	}
	rep.Equal("clients", stats.Clients, r.clients)
	rep.Equal("users", stats.Users, r.clients)
	rep.Equal("sessions", stats.Sessions, r.clients)
	return r.heapProfile()
}

func (r *rig) heapProfile() error {
	if r.profiles == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(r.profiles, "heap.pprof"))
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.Lookup("heap").WriteTo(f, 0)
}
