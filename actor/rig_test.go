package actor

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// rig is a running hub in a bubble of synctest, with writers and a clock.
type rig struct {
	*Hub
	t      *testing.T
	ended  chan struct{} // ends the clock
	others sync.WaitGroup
}

// inBubble runs a test on a hub with so many writers, and ends both. Time passes
// only while everybody waits; a deadlock is a failure.
func inBubble(t *testing.T, opts Options, writers int, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, opts)
		r.startWriters(writers)
		r.Start()
		test(t, r)
		r.finish()
	})
}

func newRig(t *testing.T, opts Options) *rig {
	t.Helper()
	opts.Start = time.Now()
	if opts.MaxClients == 0 {
		opts.MaxClients = 1_000_000
	}
	hub, err := New(opts)
	require.NoError(t, err)
	r := &rig{Hub: hub, t: t, ended: make(chan struct{})}
	r.others.Go(func() {
		ticker := time.NewTicker(TickInterval)
		defer ticker.Stop()
		for {
			select {
			case now := <-ticker.C:
				hub.Tick(now)
			case <-r.ended:
				return
			}
		}
	})
	return r
}

func (r *rig) startWriters(n int) {
	for range n {
		r.others.Go(r.write)
	}
}

// write is one stream writer.
func (r *rig) write() {
	var written Written
	scratch := make([]byte, 0, 4096)
	for b := range r.Batches() {
		for _, e := range b.Entries {
			r.flush(e.Client, e.Frame, scratch, &written)
		}
		r.Finish(b)
	}
}

func (r *rig) flush(c *Client, first *sse.Frame, scratch []byte, written *Written) {
	outcome := c.Flush(first, scratch, r.Now(), 4, written)
	for outcome == More {
		outcome = c.Flush(nil, scratch, r.Now(), 4, written)
	}
	if outcome == Closed {
		r.Unregister(c)
	}
}

// finish stops the hub and waits for all that the rig started.
func (r *rig) finish() {
	r.Stop()
	close(r.ended)
	r.others.Wait()
}

// live is the far end of a stream of a running hub.
type live struct {
	*Client
	rig    *rig
	room   atomic.Int64 // negative: all
	inUse  atomic.Bool
	closed atomic.Bool
	got    bytes.Buffer // the owner's; the test's once synctest.Wait has returned
}

func (l *live) enter() {
	if !l.inUse.CompareAndSwap(false, true) || l.closed.Load() {
		panic("two goroutines use one connection, or it is closed")
	}
}

func (l *live) Write(p []byte) (int, error) {
	l.enter()
	defer l.inUse.Store(false)
	n := int64(len(p))
	if room := l.room.Load(); room >= 0 {
		n = min(n, room)
		l.room.Add(-n)
	}
	l.got.Write(p[:n])
	return int(n), nil
}

func (l *live) Blocks() bool { return false }
func (l *live) Interrupt()   {}

func (l *live) Close() {
	l.enter()
	l.closed.Store(true)
	l.inUse.Store(false)
}

// connect lets a stream in.
func (r *rig) connect(info Info) *live {
	r.t.Helper()
	l, w, err := r.ask(info)
	require.NoError(r.t, err)
	require.Equal(r.t, Admitted, w.Admission)
	return l
}

// ask asks for a stream to be let in.
func (r *rig) ask(info Info) (*live, Welcome, error) {
	l := &live{rig: r}
	l.room.Store(-1)
	l.Client = NewClient(info, l, r.Now())
	w, err := r.Register(l.Client)
	if err == nil && w.Admission == Admitted {
		r.flush(l.Client, nil, nil, new(Written))
	}
	return l, w, err
}

// stall makes the peer take no more; read makes it take all, and tells.
func (l *live) stall() { l.room.Store(0) }

func (l *live) read() {
	l.room.Store(-1)
	if l.Writable() {
		l.rig.flush(l.Client, nil, nil, new(Written))
	}
}

// leave is the peer's departure.
func (l *live) leave() {
	l.EndedBy(ReasonClientClosed)
	if l.Hangup() {
		l.rig.flush(l.Client, nil, nil, new(Written))
	}
}

// texts is what it got of publishers' events, after all is quiet.
func (l *live) texts() []string {
	synctest.Wait()
	p := peer{}
	p.got.Write(l.got.Bytes())
	texts, _, _ := p.events()
	return texts
}

func (r *rig) send(ctx context.Context, text string, target Target) (Receipt, error) {
	return r.Send(ctx, event(text, sse.Normal), target)
}

// mustSend is send with no end to its patience.
func (r *rig) mustSend(text string, target Target) Receipt {
	r.t.Helper()
	receipt, err := r.send(context.Background(), text, target)
	require.NoError(r.t, err)
	return receipt
}

func (r *rig) stats() Stats {
	r.t.Helper()
	s, err := r.Metrics(context.Background())
	require.NoError(r.t, err)
	return s
}
