package transport

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/monitor"
)

// post is a lookout without a server, in a bubble of time.
type post struct {
	*lookout
	t     *testing.T
	looks atomic.Int64 // how often it has looked at the server
	dumb  atomic.Bool  // the server does not answer
}

func startPost(t *testing.T) *post {
	p := &post{t: t}
	opts := testOptions(&logBook{})
	opts.Log = slog.New(slog.DiscardHandler)
	opts.Hub.Start = time.Now()
	opts.Stream.Portable = true
	l, err := newLookout(opts, func(context.Context) (look, bool) {
		return look{Reading: monitor.Reading{At: time.Now(), Events: uint64(p.looks.Add(1))}}, !p.dumb.Load()
	})
	require.NoError(t, err)
	p.lookout = l
	require.NoError(t, l.start())
	t.Cleanup(l.stop)
	return p
}

// viewer is one of its streams.
type viewer struct {
	conn   net.Conn
	events chan string // name and data; closed when it has ended
}

func (p *post) join(id string, metrics bool, tail *monitor.Filter) *viewer {
	p.t.Helper()
	conn := p.open(id, metrics, tail)
	v := &viewer{conn: conn, events: make(chan string, 1000)}
	go func() {
		defer close(v.events)
		in := bufio.NewReader(conn)
		block := ""
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line != "\n" {
				block += line
				continue
			}
			name, data, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(block), "event: "), "\ndata: ")
			v.events <- name + " " + data
			block = ""
		}
	}()
	return v
}

// open opens a stream that nobody reads yet.
func (p *post) open(id string, metrics bool, tail *monitor.Filter) net.Conn {
	p.t.Helper()
	here, there := net.Pipe()
	w, err := p.engine.Open(there, actor.Info{ID: id}, nil, func(actor.Welcome) *sse.Frame {
		return sse.NewRaw(append([]byte("event: connection\ndata: {}\n\n"), p.lookout.join(id, metrics, tail, time.Now())...))
	})
	require.NoError(p.t, err)
	require.Equal(p.t, actor.Admitted, w.Admission)
	return here
}

// count reads what has come, and counts it by name.
func (v *viewer) count() map[string]int {
	synctest.Wait()
	n := map[string]int{}
	for {
		select {
		case e := <-v.events:
			name, _, _ := strings.Cut(e, " ")
			n[name]++
		default:
			return n
		}
	}
}

// "until then nothing is computed", and then once a second whoever looks; what was seen is
// shown to who comes back within a quarter of an hour.
func TestNothingIsComputedWhileNobodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPost(t)
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Zero(t, p.looks.Load())

		one := p.join("one", true, nil)
		time.Sleep(10_350 * time.Millisecond)
		assert.Equal(t, map[string]int{"connection": 1, "history": 1, "metrics": 11}, one.count())
		assert.EqualValues(t, 12, p.looks.Load(), "when it came, after 0.2 s, and then each second")
		two := p.join("two", true, nil)
		time.Sleep(5 * time.Second)
		assert.EqualValues(t, 17, p.looks.Load(), "two see what one does")
		assert.Equal(t, map[string]int{"metrics": 5}, one.count())
		assert.Equal(t, map[string]int{"connection": 1, "history": 1, "metrics": 1 + 5}, two.count())
		require.NoError(t, one.conn.Close())
		require.NoError(t, two.conn.Close())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.False(t, p.watched.Load())
		looks := p.looks.Load()

		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.Equal(t, looks, p.looks.Load())
		again := p.join("again", true, nil)
		synctest.Wait()
		<-again.events
		assert.Equal(t, 16, strings.Count(<-again.events, `"t":`), "the samples of before, once each")
		require.NoError(t, again.conn.Close())

		time.Sleep(time.Hour)
		late := p.join("late", false, &monitor.Filter{})
		time.Sleep(2 * time.Second)
		assert.Equal(t, map[string]int{"connection": 1}, late.count(), "it did not ask for metrics")
		later := p.join("later", true, nil)
		synctest.Wait()
		<-later.events
		assert.Equal(t, 1, strings.Count(<-later.events, `"t":`), "those of more than a quarter of an hour ago are gone, and the newest is an event")
		assert.True(t, strings.HasPrefix(<-later.events, "metrics "))
	})
}

// A page that is loaded again does not wait for the next second.
func TestWhoComesAsTheLastOneLeavesSeesTheNewestSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPost(t)
		one := p.join("one", true, nil)
		time.Sleep(1250 * time.Millisecond) // the next sample is 0.95 s away
		assert.Equal(t, 2, one.count()["metrics"])
		require.NoError(t, one.conn.Close())
		synctest.Wait()
		require.False(t, p.watched.Load())
		again := p.join("again", true, nil)
		assert.Equal(t, map[string]int{"connection": 1, "history": 1, "metrics": 1}, again.count())
	})
}

// A server that does not answer has no sample, and the next one is of the whole time.
func TestAServerThatDoesNotAnswerHasNoSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPost(t)
		v := p.join("v", true, nil)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		assert.Equal(t, 2, v.count()["metrics"])
		p.dumb.Store(true)
		time.Sleep(3 * time.Second)
		assert.Empty(t, v.count())
		p.dumb.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Contains(t, <-v.events, `"events":1,`) // four events in four seconds
	})
}

// Up to ten times a second, and only if there is news.
func TestActivityComesInTenths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPost(t)
		v := p.join("v", false, &monitor.Filter{})
		happen := func(n int) {
			for range n {
				if place := p.activity.Offer(&monitor.News{}); place.Any() {
					p.activity.Show(place, &monitor.Item{})
				}
			}
		}
		time.Sleep(1050 * time.Millisecond)
		assert.Equal(t, map[string]int{"connection": 1}, v.count())
		for range 10 {
			happen(10)
			time.Sleep(100 * time.Millisecond)
		}
		assert.Equal(t, map[string]int{"activity": 10}, v.count())
		happen(3)
		require.NoError(t, v.conn.Close())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.False(t, p.activity.Watched())
		assert.False(t, p.activity.Offer(&monitor.News{}).Any())
	})
}

// An operator who does not read holds nobody up, and is ended after a while.
func TestAnOperatorWhoDoesNotReadHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPost(t)
		deaf := p.open("deaf", true, &monitor.Filter{})
		defer deaf.Close()
		reads := p.join("reads", true, &monitor.Filter{})
		time.Sleep(50 * time.Millisecond)
		assert.Equal(t, map[string]int{"connection": 1, "history": 1}, reads.count())
		const tenths = 600
		came := map[string]int{}
		for range tenths {
			began := time.Now()
			if place := p.activity.Offer(&monitor.News{}); place.Any() {
				p.activity.Show(place, &monitor.Item{Data: strings.Repeat("x", monitor.MaxPreview)})
			}
			assert.Zero(t, time.Since(began))
			time.Sleep(100 * time.Millisecond)
			for name, n := range reads.count() {
				came[name] += n
			}
		}
		assert.Equal(t, map[string]int{"metrics": tenths / 10, "activity": tenths}, came)
		stats, err := p.hub.Metrics(t.Context())
		require.NoError(t, err)
		assert.Positive(t, stats.Dropped(), "it has missed some")
		time.Sleep(2 * time.Minute) // the engine's WriteTimeout
		synctest.Wait()
		assert.Equal(t, map[string]bool{"reads": true}, p.viewers)
		require.NoError(t, reads.conn.Close())
		synctest.Wait()
	})
}

// Nobody is left behind by one who comes as the last one leaves.
func TestViewersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPost(t)
		for i := range 50 {
			v := p.join("v", true, nil)
			time.Sleep(time.Duration(i) * 7 * time.Millisecond)
			require.NoError(t, v.conn.Close())
			synctest.Wait()
			next := p.join("next", true, nil)
			time.Sleep(1400 * time.Millisecond)
			require.Positive(t, next.count()["metrics"], "%d", i)
			require.NoError(t, next.conn.Close())
			synctest.Wait()
		}
	})
}
