package stream

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestAClientThatDoesNotReadHoldsUpNobodyAndGetsTheRestLater(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		stuck, server := w.connect(t)
		r.open(server, "stuck")
		var healthy []*collector
		for i := range 4 {
			client, server := w.connect(t)
			healthy = append(healthy, collect(client))
			r.open(server, fmt.Sprint("healthy", i))
		}
		const events = 150 // of 16 KB: more than sockets hold
		var want []byte
		for i := range events {
			wire, n := r.send("", fmt.Sprint(i, strings.Repeat("x", 16<<10)), sse.Normal)
			require.Equal(t, 5, n)
			want = append(want, wire...)
		}
		for i, h := range healthy {
			name := fmt.Sprint("healthy", i)
			same(t, append(headBytes(name), want...), h.until(t, len(headBytes(name))+len(want)))
		}
		assert.NotZero(t, r.waiting("stuck"), "it has not read: events wait for it")
		assert.Empty(t, r.ended)

		all := append(headBytes("stuck"), want...)
		same(t, all, collect(stuck).until(t, len(all)))
		eventually(t, soon, func() bool { return r.waiting("stuck") == 0 }, "nothing waits any more")
	})
}

// Who reads all the time, but slower than is sent, is slow by itself: publishers and
// the others must not be slowed down to its pace.
func TestAClientThatReadsSlowlyHoldsUpNobody(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		if w.tcp == nil {
			return // these connections can't say that they are full
		}
		r := newRig(t, w.options)
		slow, server := w.connect(t)
		r.open(server, "slow")
		quit := make(chan struct{})
		var reading sync.WaitGroup
		reading.Go(func() { // 1 MB a second: what is written at once is taken within a tenth of one
			ticker := time.NewTicker(15 * time.Millisecond)
			defer ticker.Stop()
			buffer := make([]byte, 16<<10)
			for {
				select {
				case <-ticker.C:
					_ = slow.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
					_, _ = slow.Read(buffer)
				case <-quit:
					return
				}
			}
		})
		client, server := w.connect(t)
		healthy := collect(client)
		r.open(server, "healthy")
		const events = 6000 // which the slow one would need six seconds for
		want := headBytes("healthy")
		for i := range events {
			wire, n := r.send("", fmt.Sprint(i, strings.Repeat("x", 1<<10)), sse.Normal)
			require.Equal(t, 2, n)
			want = append(want, wire...)
		}
		assert.Greater(t, r.waiting("slow"), events/4, "nobody has waited for it")
		same(t, want, healthy.until(t, len(want)))
		close(quit)
		reading.Wait()
	})
}

// Stop and go, many times: each time the connection is full the client is parked,
// and woken when it has room again.
func TestAClientThatReadsInBitsGetsEveryByte(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		r.open(server, "a")
		want := headBytes("a")
		for i := range 40 {
			wire, _ := r.send("a", fmt.Sprint(i, strings.Repeat("x", 20_000+i)), sse.Normal)
			want = append(want, wire...)
		}
		require.NoError(t, client.SetReadDeadline(time.Now().Add(2*soon)))
		buffer := make([]byte, 7777)
		var got []byte
		for len(got) < len(want) {
			n, err := client.Read(buffer)
			require.NoError(t, err)
			got = append(got, buffer[:n]...)
		}
		same(t, want, got)
	})
}

// A high event that finds the outbox full ends the stream; the client reads what was
// under way, whole, and then why.
func TestASlowConsumerIsToldSo(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options, func(o *actor.Options) { o.OutboxFrames = 16 })
		client, server := w.connect(t)
		r.open(server, "a")
		sent := headBytes("a")
		for i := 0; ; i++ {
			wire, n := r.send("a", fmt.Sprint(i, strings.Repeat("x", 16<<10)), sse.High)
			if n == 0 {
				break
			}
			require.Less(t, i, 10_000)
			sent = append(sent, wire...)
		}
		got := collect(client).end(t)
		assert.Equal(t, actor.ReasonSlowConsumer, r.endedWithin(noticed).why)

		at := bytes.LastIndex(got, []byte("event: error\n"))
		require.Positive(t, at, "it is told: %.300q", got[max(0, len(got)-300):])
		assert.Contains(t, string(got[at:]), `"code":"SLOW_CONSUMER"`)
		assert.True(t, bytes.HasSuffix(got, []byte("\n\n")))
		assert.True(t, bytes.HasPrefix(sent, got[:at]), "what it got before is a beginning of what was sent")
		assert.True(t, bytes.HasSuffix(got[:at], []byte("\n\n")), "and no event is cut in the middle")
	})
}

// The hub ends who takes nothing for the client timeout, although something waits.
func TestAClientThatTakesNothingIsEndedAfterTheTimeout(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		const timeout = 400 * time.Millisecond
		w.options.WriteTimeout = timeout
		r := newRig(t, w.options, func(o *actor.Options) {
			o.HeartbeatInterval, o.ClientTimeout = 200*time.Millisecond, timeout
		})
		_, server := w.connect(t)
		r.open(server, "a")
		stall(r, "a")
		began := time.Now()
		e := r.endedWithin(soon)
		assert.Equal(t, actor.ReasonTimeout, e.why, "%v", e.err)
		assert.Less(t, time.Since(began), 5*time.Second)
		r.nobodyIsLeft()
	})
}

// A client that takes nothing can't hold up the end: what waits for it is given up
// five seconds after it was asked to go.
func TestAClientThatTakesNothingIsEndedWithTheOthers(t *testing.T) {
	for name, end := range map[string]struct {
		why actor.Reason
		end func(r *rig) error
	}{
		"by a drain": {actor.ReasonShutdown, func(r *rig) error { return r.hub.Drain(r.t.Context(), time.Second) }},
		"by an administrator": {actor.ReasonAdmin, func(r *rig) error {
			n, err := r.hub.Disconnect(r.t.Context(), actor.Filter{SessionID: "a"})
			assert.Equal(r.t, 1, n)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			onEachWire(t, func(t *testing.T, w wire) {
				r := newRig(t, w.options)
				_, server := w.connect(t)
				r.open(server, "a")
				stall(r, "a")
				r.hurry.Store(true)
				require.NoError(t, end.end(r))
				assert.Equal(t, end.why, r.endedWithin(soon).why)
				r.nobodyIsLeft()
			})
		})
	}
}

// A write that fails by its deadline is a timeout, one that fails otherwise is not.
func TestWhyAWriteFailed(t *testing.T) {
	r := newRig(t, Options{})
	for err, want := range map[error]actor.Reason{
		nil:           actor.ReasonClientClosed,
		syscall.EPIPE: actor.ReasonClientClosed,
		os.NewSyscallError("write", syscall.ECONNRESET): actor.ReasonClientClosed,
		syscall.ETIMEDOUT:                               actor.ReasonTimeout,
		fasthttputil.ErrTimeout:                         actor.ReasonTimeout,
		fmt.Errorf("write: %w", os.ErrDeadlineExceeded): actor.ReasonTimeout,
		errors.New("something else"):                    actor.ReasonWriteFailed,
	} {
		_, server := connectPipe(t)
		c := actor.NewClient(actor.Info{ID: fmt.Sprint(err)}, &connSink{engine: r.engine, conn: server}, 0)
		r.engine.closed(c, err)
		assert.Equal(t, want, r.endedWithin(noticed).why, "%v", err)
	}
}

// A client with much to catch up on gets a few writes at a time; others have their
// turns in between, and it still gets all.
func TestAClientWithMuchToCatchUpOnTakesTurns(t *testing.T) {
	r := newRig(t, Options{}, func(o *actor.Options) { o.Writers = 1 })
	sink := &memory{written: make(chan []byte)}
	late := actor.NewClient(actor.Info{ID: "late", SessionID: "late"}, sink, r.hub.Now())
	_, err := r.hub.Register(late)
	require.NoError(t, err)
	var want []byte
	for i := range 60 { // the hub waits for who has 64
		wire, _ := r.send("late", fmt.Sprint(i, strings.Repeat("x", 60_000)), sse.Normal)
		want = append(want, wire...)
	}
	client, server := connectTCP(t)
	other := collect(client)
	r.open(server, "other")

	r.engine.woken <- late // this test owned it, and hands it to a writer
	wantOther := headBytes("other")
	for i := range 50 {
		wire, _ := r.send("other", fmt.Sprint(i), sse.Normal)
		wantOther = append(wantOther, wire...)
	}
	var got []byte
	for writes := 0; len(got) < len(want); writes++ {
		select {
		case b := <-sink.written:
			got = append(got, b...)
		case <-time.After(soon):
			require.FailNow(t, "it was forgotten", "%d of %d bytes", len(got), len(want))
		}
		if writes == 3*fairRounds {
			same(t, wantOther, other.until(t, len(wantOther)))
		}
	}
	same(t, want, got)
}

// memory is a sink that takes everything, one write when it is asked for.
type memory struct{ written chan []byte }

func (m *memory) Write(p []byte) (int, error) { m.written <- bytes.Clone(p); return len(p), nil }
func (m *memory) Blocks() bool                { return false }
func (m *memory) Interrupt()                  {}
func (m *memory) Close()                      {}
