package stream

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// ways are how a client leaves. A half-close is one of them: who will read and never
// write again is taken for gone.
var ways = []struct {
	name  string
	leave func(t *testing.T, w wire, client net.Conn) // nil result: this wire can't
	can   func(w wire) bool
}{
	{"closes", func(t *testing.T, _ wire, c net.Conn) { require.NoError(t, c.Close()) }, func(wire) bool { return true }},
	{"half-closes", func(t *testing.T, _ wire, c net.Conn) {
		require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	}, func(w wire) bool { return w.tcp != nil }},
	{"half-closes below TLS", func(t *testing.T, w wire, c net.Conn) { require.NoError(t, w.tcp(c).CloseWrite()) }, func(w wire) bool { return w.name == "TLS" }},
	{"resets", func(t *testing.T, w wire, c net.Conn) {
		require.NoError(t, w.tcp(c).SetLinger(0))
		require.NoError(t, w.tcp(c).Close())
	}, func(w wire) bool { return w.tcp != nil }},
}

func onEachWay(t *testing.T, test func(t *testing.T, w wire, leave func(net.Conn))) {
	onEachWire(t, func(t *testing.T, w wire) {
		for _, way := range ways {
			if way.can(w) {
				t.Run(way.name, func(t *testing.T) { test(t, w, func(c net.Conn) { way.leave(t, w, c) }) })
			}
		}
	})
}

// Nothing is written in these tests after the client has left: the departure itself
// is noticed.
func TestADepartureIsNoticedAtOnce(t *testing.T) {
	onEachWay(t, func(t *testing.T, w wire, leave func(net.Conn)) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		r.open(server, "a")
		got.until(t, len(headBytes("a")))
		leave(client)
		gone := r.endedWithin(noticed)
		assert.Equal(t, "a", gone.client)
		assert.Equal(t, actor.ReasonClientClosed, gone.why, "%v", gone.err)
		r.nobodyIsLeft()
		assert.EqualValues(t, 1, r.stats().Ended[actor.ReasonClientClosed])
	})
}

func TestTheDepartureOfOneWhoDoesNotReadIsNoticedAtOnce(t *testing.T) {
	onEachWay(t, func(t *testing.T, w wire, leave func(net.Conn)) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		r.open(server, "a")
		stall(r, "a")
		leave(client)
		left(t, w, r.endedWithin(noticed))
		r.nobodyIsLeft()
		stats := r.stats()
		assert.NotZero(t, stats.Undelivered, "what waited is counted")
		eventually(t, soon, func() bool { return stats.Deliveries == r.engine.Totals().Frames+stats.Undelivered },
			"every delivery was written or is counted as undelivered")
	})
}

func TestWhoLeavesBeforeTheHeadIsNoticedAtOnce(t *testing.T) {
	onEachWay(t, func(t *testing.T, w wire, leave func(net.Conn)) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		leave(client)
		time.Sleep(5 * time.Millisecond) // mostly enough for it to arrive; both orders must do
		r.open(server, "a")
		left(t, w, r.endedWithin(noticed))
		r.nobodyIsLeft()
	})
}

// left checks that a stream ended because its client left. A pipe's error does not
// say who closed it.
func left(t *testing.T, w wire, e ended) {
	t.Helper()
	if w.tcp != nil || e.why != actor.ReasonWriteFailed {
		assert.Equal(t, actor.ReasonClientClosed, e.why, "%v", e.err)
	}
}

func TestManyDeparturesAtOnce(t *testing.T) {
	const many = 500
	r := newRig(t, Options{})
	clients := make([]net.Conn, many)
	for i := range clients {
		client, server := connectTCP(t)
		clients[i] = client
		r.open(server, strings.Repeat("i", i+1))
	}
	for _, c := range clients {
		require.NoError(t, c.Close())
	}
	for range many {
		assert.Equal(t, actor.ReasonClientClosed, r.endedWithin(noticed).why)
	}
	r.nobodyIsLeft()
}

// What a client sends on its stream means nothing, and does not end it.
func TestWhatAClientSendsIsNotADeparture(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		r.open(server, "a")
		want := headBytes("a")
		for range 20 {
			_, err := client.Write([]byte("GET /next HTTP/1.1\r\n\r\n"))
			require.NoError(t, err)
			wire, n := r.send("a", "still here", sse.Normal)
			require.Equal(t, 1, n)
			want = append(want, wire...)
			same(t, want, got.until(t, len(want)))
		}
		assert.Empty(t, r.ended)
	})
}

// stall sends a client that does not read more than its connection takes, and gives
// the writers time to find out.
func stall(r *rig, name string) {
	r.t.Helper()
	for range 100 {
		_, n := r.send(name, strings.Repeat("x", 16<<10), sse.Normal)
		require.Equal(r.t, 1, n)
	}
	for last, since := r.engine.Totals().Bytes, time.Now(); time.Since(since) < 20*time.Millisecond; time.Sleep(time.Millisecond) {
		if written := r.engine.Totals().Bytes; written != last {
			last, since = written, time.Now()
		}
	}
}
