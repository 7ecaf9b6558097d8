package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestAStreamIsItsHeadAndThenEveryEventInOrder(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		require.Equal(t, actor.Admitted, r.open(server, "a").Admission)

		random := rand.New(rand.NewPCG(1, 2))
		want := headBytes("a")
		for i := range 500 {
			size := 1 << random.IntN(16) // from single bytes to more than the socket takes
			wire, n := r.send("a", fmt.Sprint(i, strings.Repeat("x", size)), sse.Normal)
			require.Equal(t, 1, n)
			want = append(want, wire...)
		}
		same(t, want, got.until(t, len(want)))

		eventually(t, soon, func() bool { return r.engine.Totals().Frames == 500 }, "500 events are written; the head is none")
		assert.EqualValues(t, len(want), r.engine.Totals().Bytes)
		assert.NotZero(t, r.engine.Totals().Writes)
	})
}

// Events that come while the head is being written wait for it.
func TestNothingOvertakesTheHead(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		want := headBytes("a")
		_, err := r.engine.Open(server, actor.Info{ID: "a", SessionID: "a"}, nil, func(actor.Welcome) *sse.Frame {
			for i := range 60 { // it is admitted, and its head not yet written; the hub waits for who has 64
				wire, n := r.send("a", fmt.Sprint(i), sse.Normal)
				assert.Equal(t, 1, n)
				want = append(want, wire...)
			}
			return sse.NewRaw(headBytes("a"))
		})
		require.NoError(t, err)
		same(t, want, got.until(t, len(want)))
	})
}

func TestWhoIsNotLetInIsToldAndClosed(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		for _, c := range []struct {
			name string
			make func(r *rig)
			want actor.Admission
		}{
			{"the server is full", func(r *rig) {
				other, server := connectTCP(r.t)
				collect(other)
				r.open(server, "first")
			}, actor.Full},
			{"the server drains", func(r *rig) { require.NoError(r.t, r.hub.Drain(r.t.Context(), time.Second)) }, actor.Draining},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := newRig(t, w.options, func(o *actor.Options) { o.MaxClients = 1 })
				c.make(r)
				client, server := w.connect(t)
				got := collect(client)
				assert.Equal(t, c.want, r.open(server, "late").Admission)
				assert.Equal(t, headBytes("late"), got.end(t))
				assert.Empty(t, r.ended, "it never was a stream")
			})
		}
	})
}

func TestAStreamForAStoppedHubIsRefused(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		r.halt()
		client, server := w.connect(t)
		got := collect(client)
		_, err := r.engine.Open(server, actor.Info{ID: "late"}, nil, head("late"))
		assert.ErrorIs(t, err, actor.ErrStopped)
		assert.Equal(t, headBytes("late"), got.end(t))
	})
}

// A refusal that finds the connection full has nobody to tell of it.
func TestARefusalThatDoesNotFit(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		if w.tcp == nil {
			return // these connections hold nothing
		}
		r := newRig(t, w.options)
		r.halt()
		client, server := w.connect(t)
		large := sse.NewRaw(bytes.Repeat([]byte("x"), 8<<20))
		_, err := r.engine.Open(server, actor.Info{ID: "late"}, nil, func(actor.Welcome) *sse.Frame { return large })
		assert.ErrorIs(t, err, actor.ErrStopped)
		require.NoError(t, client.Close())
	})
}

// A mistake in making a stream's first bytes ends that stream and nothing else.
func TestAPanicWhileAStreamIsOpened(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		assert.PanicsWithValue(t, "a mistake", func() {
			_, _ = r.engine.Open(server, actor.Info{ID: "a"}, nil, func(actor.Welcome) *sse.Frame { panic("a mistake") })
		})
		assert.Empty(t, got.end(t))
		assert.Equal(t, actor.ReasonWriteFailed, r.endedWithin(noticed).why)
		r.nobodyIsLeft()
	})
}

// An idle stream on the raw path is a descriptor and no more.
func TestAnIdleStreamCostsNoGoroutine(t *testing.T) {
	r := newRig(t, Options{})
	if r.engine.poller == nil {
		without(t, "raw path on this system, only the portable one")
	}
	before := runtime.NumGoroutine()
	for i := range 50 {
		client, server := connectTCP(t)
		r.open(server, fmt.Sprint(i))
		buffer := make([]byte, 100)
		_, err := client.Read(buffer)
		require.NoError(t, err)
	}
	eventually(t, soon, func() bool { return runtime.NumGoroutine() <= before }, "no goroutine more than before")
}
