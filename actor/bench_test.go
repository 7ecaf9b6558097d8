package actor

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// countingSink takes everything and keeps nothing.
type countingSink struct{ bytes int }

func (s *countingSink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }
func (s *countingSink) Blocks() bool                { return false }
func (s *countingSink) Interrupt()                  {}
func (s *countingSink) Close()                      {}

// crowd is a hub's state with many clients and writers that do no more than count,
// all in one goroutine: what is measured is the work, not how goroutines meet.
type crowd struct {
	*world
	clients []*Client
	named   int
	scratch []byte
}

// lastCrowd is kept for the next benchmark that wants as many: a million take
// seconds to come.
var lastCrowd *crowd

func crowdOf(t testing.TB, n int) *crowd {
	if lastCrowd == nil || len(lastCrowd.clients) != n {
		lastCrowd = nil
		runtime.GC()
		lastCrowd = newCrowd(t, n)
	}
	lastCrowd.t = t
	return lastCrowd
}

func newCrowd(t testing.TB, n int) *crowd {
	w := &crowd{world: newWorld(t, Options{Writers: 2, MaxClients: n + 1}), scratch: make([]byte, 0, 64<<10)}
	w.clients = make([]*Client, n)
	for i := range w.clients {
		w.clients[i] = w.newClient()
		w.let(w.clients[i])
	}
	return w
}

// newClient is somebody with a user and a session of their own, whose topic 100
// have.
func (w *crowd) newClient() *Client {
	w.named++
	return NewClient(Info{
		ID:        fmt.Sprintf("client-%015d", w.named),
		UserID:    fmt.Sprintf("user-%015d", w.named),
		SessionID: fmt.Sprintf("session-%012d", w.named),
		Topics:    []string{fmt.Sprintf("topic-%d", w.named/100)},
		Address:   "10.123.234.45:56789",
	}, new(countingSink), w.tick)
}

// let lets c in.
func (w *crowd) let(c *Client) {
	if w.state.register(c, nil).Admission != Admitted {
		panic("not admitted")
	}
	w.flush(c, nil)
	w.settle()
}

// flush is any owner's part.
func (w *crowd) flush(c *Client, first *sse.Frame) {
	switch c.Flush(first, w.scratch, w.tick, 4, &w.written) {
	case Idle:
	case Closed:
		w.unregister(c)
	default:
		panic("a sink that counts takes everything")
	}
}

// write is the writers' part, for as long as they have work.
func (w *crowd) write() {
	for {
		select {
		case batch := <-w.writers.out:
			for _, e := range batch.Entries {
				w.flush(e.Client, e.Frame)
			}
			w.writers.finish(batch)
			w.settle()
		default:
			return
		}
	}
}

// send sends an event and has it written.
func (w *crowd) send(f *sse.Frame, to Target, reply chan Receipt) Receipt {
	w.state.send(f, to, reply)
	w.settle()
	for w.working() {
		w.work()
		w.settle()
		w.write()
	}
	w.write()
	return <-reply
}

const someText = "an event of some hundred bytes, as they are in many applications; it is the same for all"

// BenchmarkBroadcast is one event to all: sealed, swept, handed over in batches, and
// written.
func BenchmarkBroadcast(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			w := crowdOf(b, n)
			reply := make(chan Receipt, 1)
			before := w.written.Frames
			b.ReportAllocs()
			for b.Loop() {
				w.send(event(someText, sse.Normal), Target{}, reply)
			}
			require.EqualValues(b, n*b.N, w.written.Frames-before)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/delivery")
		})
	}
}

// BenchmarkRate is one event to all of 10,000 clients whose events are not limited, are
// limited and within their rate, and are beyond it, so that all of them miss it.
func BenchmarkRate(b *testing.B) {
	const n = 10_000
	for _, limit := range []struct {
		name        string
		rate, burst int
		receivers   int
	}{
		{"off", 0, 0, n},
		{"within", maxEventRate, maxEventBurst, n},
		{"beyond", 1, 1, 0},
	} {
		b.Run("rate="+limit.name, func(b *testing.B) {
			w := crowdOf(b, n)
			w.rate = newRate(limit.rate, limit.burst)
			w.rate.advance(w.tick)
			defer func() { w.rate = rate{} }()
			reply := make(chan Receipt, 1)
			w.send(event(someText, sse.Normal), Target{}, reply) // the burst of who may have one
			b.ReportAllocs()
			for b.Loop() {
				if r := w.send(event(someText, sse.Normal), Target{}, reply); r.Queued != limit.receivers {
					b.Fatal(r)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/client")
		})
	}
}

// A broadcast allocates a few things for itself, and nothing for a client.
func TestABroadcastAllocatesNothingForAClient(t *testing.T) {
	allocs := func(clients int, limit rate) float64 {
		w := newCrowd(t, clients)
		w.rate = limit
		reply := make(chan Receipt, 1)
		send := func() { w.send(event(someText, sse.Normal), Target{}, reply) }
		send() // makes the batches, which are used again
		return testing.AllocsPerRun(5, send)
	}
	few := allocs(2_000, rate{}) // so many are swept
	assert.LessOrEqual(t, few, 10.0)
	assert.Equal(t, few, allocs(10_000, rate{}))
	assert.Equal(t, few, allocs(10_000, newRate(1_000, 1_000)), "limited, and within the limit")
}

// BenchmarkSend is an event to few of 10,000 clients, by each kind of target.
func BenchmarkSend(b *testing.B) {
	const n = 10_000
	w := crowdOf(b, n)
	for i := range 3 { // of one user; they leave again
		c := NewClient(Info{ID: fmt.Sprint("tab", i), UserID: "three"}, new(countingSink), 0)
		w.opts.MaxClients++
		w.let(c)
		defer w.leave(c)
	}
	someone := w.clients[n/2].Info()
	for _, to := range []struct {
		name   string
		target Target
		queued int
	}{
		{"client", Target{ClientIDs: []string{someone.ID}}, 1},
		{"user", Target{UserID: someone.UserID}, 1},
		{"user-with-3", Target{UserID: "three"}, 3},
		{"session", Target{SessionID: someone.SessionID}, 1},
		{"topic-of-100", Target{Topics: someone.Topics}, 100},
		{"nobody", Target{UserID: "nobody"}, 0},
	} {
		b.Run("to="+to.name, func(b *testing.B) {
			reply := make(chan Receipt, 1)
			b.ReportAllocs()
			for b.Loop() {
				if r := w.send(event(someText, sse.Normal), to.target, reply); r.Queued != to.queued {
					b.Fatal(r)
				}
			}
		})
	}
}

// leave is a client's departure, which the poller notices.
func (w *crowd) leave(c *Client) {
	if !c.Hangup() {
		panic("it is not idle")
	}
	w.flush(c, nil)
	w.settle()
}
