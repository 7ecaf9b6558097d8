//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// resident is this process's resident memory in bytes.
func resident() (int64, error) {
	u, err := loadgen.ReadUsage(os.Getpid())
	return u.RSS, err
}

// perClient is how much resident memory there is for each client.
func (r *rig) perClient() (int64, error) {
	now, err := resident()
	return (now - r.base) / int64(r.clients), err
}

// cpu is the processor time that this process has used, in all of its threads.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it knows only good arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// collections is what the collector did between two moments.
type collections struct {
	before debug.GCStats
}

func beforeCollections() *collections {
	c := new(collections)
	debug.ReadGCStats(&c.before)
	return c
}

func (c *collections) String() string {
	var now debug.GCStats
	debug.ReadGCStats(&now)
	n := now.NumGC - c.before.NumGC
	if n == 0 {
		return "none"
	}
	longest := slices.Max(now.Pause[:min(int(n), len(now.Pause))])
	return fmt.Sprintf("%d, longest stop %v", n, longest.Round(10*time.Microsecond))
}

// answers are how long the hub took to answer. Safe for concurrent use.
type answers struct {
	mu   sync.Mutex
	took loadgen.Histogram
	errs int
	err  error
}

func (a *answers) add(took time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.errs, a.err = a.errs+1, err
		return
	}
	a.took.Record(int64(took))
}

// ask asks every so often until ctx ends, and waits for the last answer. Each
// question has a goroutine of its own: a late answer does not put off the next
// question, which might be late as well.
func (a *answers) ask(ctx context.Context, every time.Duration, question func() error) {
	var asked sync.WaitGroup
	defer asked.Wait()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			asked.Go(func() {
				began := time.Now()
				err := question()
				a.add(time.Since(began), err)
			})
		case <-ctx.Done():
			return
		}
	}
}

func median(values []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func milliseconds(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
