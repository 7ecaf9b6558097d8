package actor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// BenchmarkRegister lets clients in until there are as many: what each takes of time
// and memory, and how long the hub was away at most for one of them.
func BenchmarkRegister(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			lastCrowd = nil
			var longest, all time.Duration
			var memory uint64
			for b.Loop() {
				before := heapInUse()
				w := newCrowd(b, 0)
				w.opts.MaxClients = n
				for range n {
					c := w.newClient()
					began := time.Now()
					w.let(c)
					took := time.Since(began)
					all += took
					longest = max(longest, took)
				}
				memory += heapInUse() - before
				runtime.KeepAlive(w)
			}
			each := float64(b.N) * float64(n)
			b.ReportMetric(0, "ns/op") // it is mostly the making of clients
			b.ReportMetric(float64(all.Nanoseconds())/each, "ns/client")
			b.ReportMetric(float64(memory)/each, "B/client")
			b.ReportMetric(float64(longest.Nanoseconds()), "longest-ns")
		})
	}
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkChurn is one client that comes and one that goes, any of all.
func BenchmarkChurn(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			w := crowdOf(b, n)
			w.opts.MaxClients = n + 1
			random := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			for b.Loop() {
				c := w.newClient()
				w.let(c)
				i := random.IntN(n)
				w.leave(w.clients[i])
				w.clients[i] = c
			}
		})
	}
}

// BenchmarkTick is a tick of a hub in which nothing else happens: it sends its share
// of the heartbeats, and they are written.
func BenchmarkTick(b *testing.B) {
	for _, n := range []int{18_000, 1_000_000} {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			w := crowdOf(b, n)
			tick := func() {
				w.clock = w.clock.Add(TickInterval)
				w.advance(w.clock)
				w.settle()
				for w.writers.next() != nil {
					w.write()
					w.settle()
				}
				w.write()
			}
			for range 2 * w.opts.HeartbeatInterval / TickInterval { // until heartbeats are as even as they become
				tick()
			}
			before := w.stats.Heartbeats
			b.ReportAllocs()
			for b.Loop() {
				tick()
			}
			if beats := w.stats.Heartbeats - before; beats > 0 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(beats), "ns/heartbeat")
			}
		})
	}
}

// BenchmarkMetrics is the hub's account of itself.
func BenchmarkMetrics(b *testing.B) {
	w := crowdOf(b, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		w.snapshot(0)
	}
}

// BenchmarkList is a page of 100 clients: of all, and of one topic.
func BenchmarkList(b *testing.B) {
	w := crowdOf(b, 1_000_000)
	for _, of := range []struct {
		name   string
		filter Filter
	}{{"all", Filter{}}, {"topic", Filter{Topic: "topic-777"}}} {
		b.Run("of="+of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.list(of.filter, 0, 100)
			}
		})
	}
}

// BenchmarkHub is what a publisher sees of an event to one client: through the hub's
// goroutine and back, while a writer writes.
func BenchmarkHub(b *testing.B) {
	hub, err := New(Options{Start: start})
	if err != nil {
		b.Fatal(err)
	}
	hub.Start()
	written := make(chan struct{})
	go func() {
		defer close(written)
		scratch := make([]byte, 0, 4096)
		var w Written
		for batch := range hub.Batches() {
			for _, e := range batch.Entries {
				e.Client.Flush(e.Frame, scratch, 0, 4, &w)
			}
			hub.Finish(batch)
		}
	}()
	c := NewClient(Info{ID: "c"}, new(countingSink), 0)
	if _, err := hub.Register(c); err != nil {
		b.Fatal(err)
	}
	c.Flush(nil, nil, 0, 4, new(Written))
	to := Target{ClientIDs: []string{"c"}}
	b.Run("ask=send", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := hub.Send(context.Background(), event(someText, sse.Normal), to); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ask=metrics", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := hub.Metrics(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
	hub.Stop()
	<-written
}
