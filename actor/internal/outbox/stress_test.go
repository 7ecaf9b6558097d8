package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// One producer, two writers and a poller work on a few outboxes at once. The
// producer is the hub: it alone calls Offer, End and Kill.
//
// Each round has two parts. First events are offered until the streams fall idle
// again: everything that was taken must have come out, so no wake-up was lost.
// Then more is offered while the streams are ended in every way there is: what
// came out must be a beginning of what was taken, and the account must be exact.
func TestStress(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	for seed := range rounds {
		stress(t, uint64(seed))
	}
}

const stressed = 6 // outboxes a round

// socket is a sink with room that the poller gives it. It asserts that nobody
// else uses it at the same time.
type socket struct {
	room   atomic.Int64
	inUse  atomic.Bool
	closed atomic.Int32
	got    strings.Builder // unguarded: the race detector watches as well
}

func (s *socket) enter() {
	if !s.inUse.CompareAndSwap(false, true) {
		panic("two goroutines use one connection")
	}
	if s.closed.Load() != 0 {
		panic("used after close")
	}
}

func (s *socket) Write(p []byte) (int, error) {
	s.enter()
	defer s.inUse.Store(false)
	n := min(int64(len(p)), max(s.room.Load(), 0))
	s.room.Add(-n)
	s.got.Write(p[:n])
	return int(n), nil
}

func (s *socket) Blocks() bool { return false }
func (s *socket) Interrupt()   {}

func (s *socket) Close() {
	s.enter()
	defer s.inUse.Store(false)
	s.closed.Add(1)
}

// stream is one outbox under stress.
type stream struct {
	outbox.Outbox
	socket  socket
	written outbox.Written // its owner's

	// The hub's.
	taken     []*sse.Frame
	farewell  bool // End was accepted
	discarded bool
	killed    bool // by the hub
	hungUp    atomic.Bool
}

// entry is what the hub hands to a writer.
type entry struct {
	s     *stream
	first *sse.Frame
}

type stressRun struct {
	t       *testing.T
	seed    uint64
	streams []*stream
	work    chan entry
	closed  atomic.Int32
	writers sync.WaitGroup
}

func stress(t *testing.T, seed uint64) {
	r := &stressRun{t: t, seed: seed, work: make(chan entry, 10*stressed)}
	random := rand.New(rand.NewPCG(seed, 1))
	for range stressed {
		s := new(stream)
		if seed%2 == 0 {
			s.socket.room.Store(1 << 40) // this round is about falling idle
		}
		s.Init(&s.socket, 0)
		r.streams = append(r.streams, s)
	}
	for i := range 2 {
		r.writers.Go(func() { r.write(uint64(i)) })
	}
	for _, s := range r.streams {
		r.work <- entry{s, nil} // the first Flush of a new stream
	}

	quiet := make(chan struct{})
	var poller sync.WaitGroup
	poller.Go(func() { r.poll(quiet, false) })
	r.offer(random, 100)
	close(quiet)
	poller.Wait() // returns when all are idle
	for _, s := range r.streams {
		require.Equal(t, joined(s.taken...), s.socket.got.String(), "seed %d: what was taken has not all come out", seed)
		n, size := s.Waiting()
		require.Zero(t, n, "seed %d", seed)
		require.Zero(t, size, "seed %d", seed)
	}

	ended := make(chan struct{})
	poller.Go(func() { r.poll(ended, true) })
	r.offer(random, 10)
	r.end(random)
	close(ended)
	poller.Wait() // returns when all are closed
	close(r.work)
	r.writers.Wait()
	for _, s := range r.streams {
		r.check(s)
	}
}

// offer is the hub, sending events to streams in turn. Some streams it shrinks.
func (r *stressRun) offer(random *rand.Rand, each int) {
	limits := outbox.Limits{Frames: 16, Bytes: 1500}
	for i := range each * len(r.streams) {
		s := r.streams[random.IntN(len(r.streams))]
		f := priority(fmt.Sprintf("%d:%s", i, strings.Repeat("z", random.IntN(200))), sse.Priority(random.IntN(3)))
		switch s.Offer(f, limits) {
		case outbox.Handed:
			s.taken = append(s.taken, f)
			r.work <- entry{s, f}
		case outbox.Queued, outbox.Behind:
			s.taken = append(s.taken, f)
		}
		switch random.IntN(10) {
		case 0:
			s.Shrink()
		case 1, 2:
			runtime.Gosched()
		}
	}
}

// end is the hub, ending each stream in some way, or leaving that to the poller.
func (r *stressRun) end(random *rand.Rand) {
	for _, s := range r.streams {
		hand, ok := false, false
		switch random.IntN(5) {
		case 0:
			hand, ok = s.End(farewell, false)
			s.farewell = ok
		case 1:
			hand, ok = s.End(farewell, true)
			s.farewell, s.discarded = ok, ok
		case 2:
			hand, s.killed = s.Kill()
		case 3:
			hand, ok = s.End(farewell, false)
			if hand {
				r.work <- entry{s, nil}
			}
			s.farewell = ok
			hand, s.killed = s.Kill()
		default:
			s.hungUp.Store(true) // the poller's
		}
		if hand {
			r.work <- entry{s, nil}
		}
	}
}

// write is one shared writer.
func (r *stressRun) write(number uint64) {
	random := rand.New(rand.NewPCG(r.seed, 100+number))
	scratch := make([]byte, 0, 600)
	for e := range r.work {
		if random.IntN(8) == 0 {
			e.s.Aside()
		}
		r.flush(e.s, e.first, scratch)
	}
}

// flush is any owner's.
func (r *stressRun) flush(s *stream, first *sse.Frame, scratch []byte) {
	outcome := s.Flush(first, scratch, 1, 3, &s.written)
	for outcome == outbox.More {
		outcome = s.Flush(nil, scratch, 1, 3, &s.written)
	}
	if outcome == outbox.Closed {
		r.closed.Add(1)
	}
}

// poll gives room and tells of it, tells of room that is not there, and, when
// hangups are allowed, of peers that have gone. It returns once the hub is done
// (done is closed) and everything is idle, or closed.
func (r *stressRun) poll(done <-chan struct{}, hangups bool) {
	random := rand.New(rand.NewPCG(r.seed, 200))
	wake := func(s *stream) {
		if s.Writable() {
			r.work <- entry{s, nil}
		}
	}
	for {
		s := r.streams[random.IntN(len(r.streams))]
		switch n := random.IntN(10); {
		case n < 6:
			if hangups || r.seed%2 == 1 {
				s.socket.room.Store(int64(random.IntN(300)))
			}
			wake(s)
		case n < 8:
			wake(s)
		case hangups && (random.IntN(100) == 0 || s.hungUp.Load()):
			s.hungUp.Store(true)
			if s.Hangup() {
				r.flush(s, nil, nil)
			}
		}
		select {
		case <-done:
			if hangups && int(r.closed.Load()) == len(r.streams) || !hangups && r.idle() {
				return
			}
		default:
		}
		runtime.Gosched()
	}
}

func (r *stressRun) idle() bool {
	for _, s := range r.streams {
		if s.Stuck() {
			return false
		}
	}
	return true
}

func (r *stressRun) check(s *stream) {
	t, seed := r.t, r.seed
	require.EqualValues(t, 1, s.socket.closed.Load(), "seed %d: closed once", seed)
	left, discarded := s.Undelivered()
	require.EqualValues(t, len(s.taken), s.written.Frames+uint64(left), "seed %d: taken = written + left", seed)
	require.LessOrEqual(t, discarded, left, "seed %d", seed)
	if !s.discarded {
		require.Zero(t, discarded, "seed %d", seed)
	}

	got := s.socket.got.String()
	whole := joined(s.taken[:s.written.Frames]...)
	require.True(t, strings.HasPrefix(got, whole), "seed %d: the events that were written whole come first and in order", seed)
	rest := got[len(whole):]
	cut := s.hungUp.Load() || s.killed
	if s.farewell && !cut {
		require.Equal(t, joined(farewell), rest, "seed %d: then the farewell", seed)
		if !s.discarded {
			require.Zero(t, left, "seed %d", seed)
		}
		return
	}
	next := ""
	if left > 0 {
		next = joined(s.taken[s.written.Frames])
	}
	require.True(t, strings.HasPrefix(next, rest) || s.farewell && strings.HasPrefix(joined(farewell), rest),
		"seed %d: then at most a part of the next event, or of the farewell: %q", seed, rest)
}
