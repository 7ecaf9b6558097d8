package stream

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// soon is how long anything may take that should take no time; noticed is what is
// promised for departures.
const (
	soon    = 10 * time.Second
	noticed = time.Second
)

// rig is a hub and an engine, with real time between them.
type rig struct {
	t      testing.TB
	hub    *actor.Hub
	engine *Engine
	ended  chan ended
	halt   func()
	hurry  atomic.Bool // the hub's time is ten times as fast as time
}

// ended is what Options.Closed was told.
type ended struct {
	client string
	why    actor.Reason
	err    error
}

// newRig starts both. When the test ends they are stopped, and neither a goroutine
// nor a descriptor may be left.
func newRig(t testing.TB, opts Options, change ...func(*actor.Options)) *rig {
	t.Helper()
	before, files := goleak.IgnoreCurrent(), descriptors(t)
	t.Cleanup(func() { // the last clean-up: the clients' ends are closed too
		goleak.VerifyNone(t, before)
		eventually(t, soon, func() bool { return descriptors(t) <= files }, "no more descriptors than before the test")
	})
	hubOpts := actor.Options{Start: time.Now(), OutboxFrames: 100_000, OutboxBytes: 1 << 30, Writers: 2}
	for _, c := range change {
		c(&hubOpts)
	}
	hub, err := actor.New(hubOpts)
	require.NoError(t, err)
	r := &rig{t: t, hub: hub, ended: make(chan ended, 100_000)}
	opts.Writers = hubOpts.Writers
	opts.Closed = func(c *actor.Client, why actor.Reason, err error) { r.ended <- ended{c.ID(), why, err} }
	hub.Start()
	r.engine, err = Start(hub, opts)
	require.NoError(t, err)

	quit := make(chan struct{})
	var clock sync.WaitGroup
	clock.Go(func() {
		ticker := time.NewTicker(actor.TickInterval / 4)
		defer ticker.Stop()
		ahead, last := time.Duration(0), hubOpts.Start
		for {
			select {
			case now := <-ticker.C:
				if r.hurry.Load() {
					ahead += 9 * now.Sub(last)
				}
				last = now
				hub.Tick(now.Add(ahead))
			case <-quit:
				return
			}
		}
	})
	r.halt = sync.OnceFunc(func() {
		close(quit)
		clock.Wait()
		hub.Stop()
		r.engine.Stop()
	})
	t.Cleanup(r.halt)
	return r
}

// open makes the server's end of a connection a stream.
func (r *rig) open(conn net.Conn, name string) actor.Welcome {
	r.t.Helper()
	welcome, err := r.engine.Open(conn, actor.Info{ID: name, SessionID: name, UserID: "everybody's"}, nil, head(name))
	require.NoError(r.t, err)
	return welcome
}

// head is a stream's first bytes.
func head(name string) func(actor.Welcome) *sse.Frame {
	return func(actor.Welcome) *sse.Frame { return sse.NewRaw(headBytes(name)) }
}

func headBytes(name string) []byte { return []byte("head of " + name + "\n\n") }

// send publishes to a session, or to everybody if it is empty, and gives the bytes
// that each receiver must see and how many these are.
func (r *rig) send(session, data string, priority sse.Priority) (wire []byte, receivers int) {
	r.t.Helper()
	frame := sse.NewFrame(sse.Event{Data: data, Priority: priority})
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	receipt, err := r.hub.Send(ctx, frame, actor.Target{SessionID: session})
	require.NoError(r.t, err)
	return frame.Bytes(), receipt.Queued
}

func (r *rig) stats() actor.Stats {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	s, err := r.hub.Metrics(ctx)
	require.NoError(r.t, err)
	return s
}

// waiting is how many frames wait for a client.
func (r *rig) waiting(name string) int {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	page, err := r.hub.List(ctx, actor.Filter{ClientID: name}, 0, 1)
	require.NoError(r.t, err)
	require.Len(r.t, page.Clients, 1)
	return page.Clients[0].QueuedFrames
}

// endedWithin waits for the next stream to end.
func (r *rig) endedWithin(limit time.Duration) ended {
	r.t.Helper()
	select {
	case e := <-r.ended:
		return e
	case <-time.After(limit):
		require.FailNow(r.t, "no stream ended", "within %v", limit)
		return ended{}
	}
}

// nobodyIsLeft waits until the hub knows of no connection any more.
func (r *rig) nobodyIsLeft() {
	r.t.Helper()
	eventually(r.t, soon, func() bool {
		s := r.stats()
		return s.Clients == 0 && s.Ending == 0
	}, "the hub has no client any more")
}

// eventually polls in the caller's own goroutine: some of what is waited for counts
// goroutines.
func eventually(t testing.TB, limit time.Duration, holds func() bool, what string) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "not within %v: %s", limit, what)
	}
}
