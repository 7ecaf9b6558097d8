package actor

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// countingSink takes everything and keeps nothing.
type countingSink struct{ bytes int }

func (s *countingSink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }
func (s *countingSink) Blocks() bool                { return false }
func (s *countingSink) Interrupt()                  {}
func (s *countingSink) Close()                      {}

// BenchmarkBroadcast is one event to all of 10,000 idle clients: sealed, swept,
// handed over in batches and "written", in one goroutine.
func BenchmarkBroadcast(b *testing.B) {
	const clients = 10_000
	w := newWorld(b, Options{Writers: 2})
	for i := range clients {
		c := NewClient(Info{ID: fmt.Sprint("c", i)}, new(countingSink), 0)
		w.state.register(c)
		w.flush(c, nil)
	}
	scratch := make([]byte, 0, 64<<10)
	reply := make(chan Receipt, 1)
	write := func() {
		for {
			select {
			case batch := <-w.writers.out:
				for _, e := range batch.Entries {
					e.Client.Flush(e.Frame, scratch, 0, 4, &w.written)
				}
				w.writers.finish(batch)
				w.settle()
				continue
			default:
				return
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		w.state.send(event("an event of some hundred bytes, as they are in many applications; it is the same for all", sse.Normal), Target{}, reply)
		w.settle()
		for w.working() {
			w.work()
			w.settle()
			write()
		}
		write()
		<-reply
	}
	require.EqualValues(b, clients*b.N, w.written.Frames)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*clients), "ns/delivery")
}
