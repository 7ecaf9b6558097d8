package outbox_test

import (
	"fmt"
	"testing"

	"github.com/sseactor/sseactor/actor/internal/outbox"
)

// BenchmarkIdle is nearly every event's way: to a client for whom nothing waits, with
// the hand-off.
func BenchmarkIdle(b *testing.B) {
	var (
		o       outbox.Outbox
		written outbox.Written
	)
	limits := outbox.Limits{Frames: 1024, Bytes: 1 << 20}
	scratch := make([]byte, 0, 64<<10)
	o.Init(new(counter), 0)
	o.Flush(nil, scratch, 0, rounds, &written)
	f := sized(200, 0)
	b.ReportAllocs()
	for b.Loop() {
		if o.Offer(f, limits) != outbox.Handed || o.Flush(f, scratch, 1, rounds, &written) != outbox.Idle {
			b.Fatal("not idle")
		}
	}
}

// BenchmarkBusy is the way of events to a client whose writer is behind: they wait
// in the queue, and leave together.
func BenchmarkBusy(b *testing.B) {
	for _, n := range []int{8, 64, 512} {
		b.Run(fmt.Sprint("waiting=", n), func(b *testing.B) {
			var (
				o       outbox.Outbox
				written outbox.Written
			)
			limits := outbox.Limits{Frames: 1024, Bytes: 1 << 20}
			scratch := make([]byte, 0, 64<<10)
			o.Init(new(counter), 0)
			o.Flush(nil, scratch, 0, rounds, &written)
			f := sized(200, 0)
			b.ReportAllocs()
			for b.Loop() {
				o.Offer(f, limits)
				for range n {
					if v := o.Offer(f, limits); v != outbox.Queued && v != outbox.Behind {
						b.Fatal(v)
					}
				}
				if o.Flush(f, scratch, 1, rounds, &written) != outbox.Idle {
					b.Fatal("not idle")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n+1), "ns/delivery")
		})
	}
}
