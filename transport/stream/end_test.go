package stream

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestAStreamThatIsEndedSaysWhyAfterEverythingSent(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		r.open(server, "a")
		want := headBytes("a")
		for i := range 50 {
			wire, _ := r.send("a", fmt.Sprint(i, strings.Repeat("x", 10_000)), sse.Normal)
			want = append(want, wire...)
		}
		n, err := r.hub.Disconnect(t.Context(), actor.Filter{SessionID: "a"})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		all := got.end(t)
		require.Greater(t, len(all), len(want))
		same(t, want, all[:len(want)])
		assert.True(t, strings.HasPrefix(string(all[len(want):]), "event: error\n"))
		assert.Contains(t, string(all[len(want):]), `"code":"DISCONNECTED_BY_ADMIN"`)
		assert.Equal(t, actor.ReasonAdmin, r.endedWithin(noticed).why)
	})
}

// The kernel answers a close before everything was read with a reset, which would
// take the farewell with it.
func TestTheFarewellArrivesThoughTheClientSentBytes(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		for _, extra := range []int{1, 1000, 16 << 10, 100 << 10} {
			t.Run(fmt.Sprint(extra, " bytes"), func(t *testing.T) {
				r := newRig(t, w.options)
				client, server := w.connect(t)
				got := collect(client)
				r.open(server, "a")
				got.until(t, len(headBytes("a")))
				require.NoError(t, client.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
				_, err := client.Write(make([]byte, extra))
				if err != nil {
					// The raw path does not read: the rest stays with the client.
					require.ErrorAs(t, err, new(net.Error))
				}
				_, err = r.hub.Disconnect(t.Context(), actor.Filter{SessionID: "a"})
				require.NoError(t, err)
				assert.Equal(t, actor.ReasonAdmin, r.endedWithin(noticed).why)
				<-got.done // with whatever error: bytes may still have been on their way
				assert.Contains(t, string(got.bytes()), `"code":"DISCONNECTED_BY_ADMIN"`)
			})
		}
	})
}

func TestStopClosesEverything(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		var idle []*collector
		for i := range 5 {
			client, server := w.connect(t)
			idle = append(idle, collect(client))
			r.open(server, fmt.Sprint("idle", i))
			idle[i].until(t, len(headBytes("idle0")))
		}
		_, server := w.connect(t)
		r.open(server, "stuck")
		stall(r, "stuck")

		began := time.Now()
		r.halt()
		assert.Less(t, time.Since(began), noticed, "not even a client that does not read holds it up")
		for range 6 {
			assert.Equal(t, actor.ReasonStopped, r.endedWithin(noticed).why)
		}
		for _, c := range idle {
			<-c.done
		}
		r.engine.Stop() // may be called again
		r.hub.Stop()
	})
}

// A drain waits for its streams to have said good-bye, and not for ever for one that
// does not read: on the raw path at most five seconds.
func TestADrainEndsEveryStream(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		var all []*collector
		for i := range 20 {
			client, server := w.connect(t)
			all = append(all, collect(client))
			r.open(server, fmt.Sprint(i))
		}
		require.NoError(t, r.hub.Drain(t.Context(), 300*time.Millisecond))
		for _, c := range all {
			assert.Contains(t, string(c.end(t)), `"code":"SERVER_SHUTDOWN"`)
			assert.Equal(t, actor.ReasonShutdown, r.endedWithin(noticed).why)
		}
	})
}

// A connection that is closed already is no stream: the hub never hears of it, or of
// its end as well.
func TestAConnectionThatIsClosedAtThisEndAlready(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		_, server := w.connect(t)
		require.NoError(t, server.Close())
		welcome, err := r.engine.Open(server, actor.Info{ID: "a"}, nil, head("a"))
		if welcome.Admission == actor.Admitted {
			require.NoError(t, err)
			r.endedWithin(noticed)
		} else {
			require.ErrorIs(t, err, net.ErrClosed)
		}
		r.nobodyIsLeft()
	})
}
