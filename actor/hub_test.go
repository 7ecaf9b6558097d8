package actor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

var background = context.Background()

func TestSendReachesItsReceivers(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		a, b := r.connect(Info{ID: "a", UserID: "u"}), r.connect(Info{ID: "b"})
		first := r.mustSend("to all", Target{})
		second := r.mustSend("to a user", Target{UserID: "u"})
		assert.Equal(t, 2, first.Queued)
		assert.Equal(t, 1, second.Queued)
		assert.Equal(t, []string{"to all", "to a user"}, a.texts())
		assert.Equal(t, []string{"to all"}, b.texts())
		one, err := sse.ParseSequence(first.ID)
		require.NoError(t, err)
		two, err := sse.ParseSequence(second.ID)
		require.NoError(t, err)
		assert.True(t, one.Less(two))
		assert.Equal(t, two, r.stats().LastID)
	})
}

func TestTimeComesAsTicks(t *testing.T) {
	inBubble(t, Options{HeartbeatInterval: 10 * time.Second}, 1, func(t *testing.T, r *rig) {
		a := r.connect(Info{ID: "a"})
		require.Zero(t, r.Now())
		time.Sleep(time.Minute) // of the bubble
		synctest.Wait()
		assert.EqualValues(t, time.Minute/TickInterval, r.Now())
		n := strings.Count(a.got.String(), "event: heartbeat\n")
		assert.GreaterOrEqual(t, n, 5)
		assert.LessOrEqual(t, n, 7)
		page, err := r.List(background, Filter{}, 0, 10)
		require.NoError(t, err)
		require.Len(t, page.Clients, 1)
		assert.LessOrEqual(t, time.Since(page.Clients[0].LastWrite), 10*time.Second)
	})
}

// "It never waits": not for a hub that is not even started.
func TestTickNeverWaits(t *testing.T) {
	hub, err := New(testOptions())
	require.NoError(t, err)
	for i := range 10 {
		hub.Tick(start.Add(time.Duration(i) * TickInterval))
	}
}

// Everybody at once: publishers, streams that come and go, readers that stall, an
// administrator and a page of metrics. Streams that stay get all, in the order of
// ids, and the account is exact.
func TestEverybodyAtOnce(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			inBubble(t, Options{OutboxFrames: 100_000, OutboxBytes: 1 << 30}, 2, func(t *testing.T, r *rig) {
				everybodyAtOnce(t, r, seed)
			})
		})
	}
}

func everybodyAtOnce(t *testing.T, r *rig, seed uint64) {
	const publishers, each, staying, passing = 4, 60, 20, 200
	var stay []*live
	for i := range staying {
		stay = append(stay, r.connect(Info{ID: fmt.Sprint("stays", i), UserID: fmt.Sprint("user", i%3), Topics: []string{"t"}}))
	}
	crowd := make([]*live, sliceSize) // makes a broadcast one to be swept
	for i := range crowd {
		crowd[i] = r.connect(Info{ID: fmt.Sprint("crowd", i)})
	}
	var group sync.WaitGroup
	run := func(number int, f func(random *rand.Rand)) {
		group.Go(func() { f(rand.New(rand.NewPCG(seed, uint64(number)))) })
	}
	for p := range publishers {
		run(p, func(random *rand.Rand) {
			targets := []Target{{}, {Topics: []string{"t"}}, {UserID: "user1"}, {ClientIDs: []string{"stays0", "stays1"}}}
			for i := range each {
				_, err := r.send(background, fmt.Sprintf("%d.%d", p, i), targets[random.IntN(len(targets))])
				assert.NoError(t, err)
			}
		})
	}
	run(10, func(random *rand.Rand) { // streams that come and go
		for i := range passing {
			l, w, err := r.ask(Info{ID: fmt.Sprint("passes", i), Topics: []string{"t"}})
			assert.NoError(t, err)
			assert.Equal(t, Admitted, w.Admission)
			if random.IntN(2) == 0 {
				l.leave()
			}
		}
	})
	run(11, func(random *rand.Rand) { // readers that stall
		for range 200 {
			l := stay[random.IntN(staying)]
			l.stall()
			l.read()
		}
	})
	run(12, func(*rand.Rand) { // an administrator
		for i := range passing {
			_, err := r.Disconnect(background, Filter{ClientID: fmt.Sprint("passes", i)})
			assert.NoError(t, err)
			_, err = r.List(background, Filter{Topic: "t"}, 0, 20)
			assert.NoError(t, err)
		}
	})
	run(13, func(*rand.Rand) { // metrics
		for range 100 {
			_, err := r.Metrics(background)
			assert.NoError(t, err)
		}
	})
	group.Wait()
	synctest.Wait()

	for i, l := range stay {
		l.read()
		p := peer{}
		p.got.Write(l.got.Bytes())
		texts, ids, own := p.events()
		assert.Empty(t, own)
		next := make(map[string]int) // a publisher's events come in its order
		for at, text := range texts {
			publisher, number, _ := strings.Cut(text, ".")
			var n int
			_, err := fmt.Sscan(number, &n)
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, next[publisher], "client %d", i)
			next[publisher] = n + 1
			require.True(t, at == 0 || ids[at-1].Less(ids[at]), "client %d gets ids in their order", i)
		}
		require.NotEmpty(t, texts)
	}
	stats := r.stats()
	require.EqualValues(t, publishers*each, stats.Events)
	require.Zero(t, stats.Dropped(), "no healthy client loses anything")
	require.Zero(t, stats.Sweeping)

	require.NoError(t, r.Drain(background, time.Second))
	delivered := uint64(0)
	for _, l := range stay {
		delivered += uint64(len(l.texts()))
	}
	for _, l := range crowd {
		require.Equal(t, crowd[0].texts(), l.texts())
		delivered += uint64(len(l.texts()))
	}
	stats = r.stats()
	require.Zero(t, stats.Clients+stats.Ending)
	require.LessOrEqual(t, delivered, stats.Deliveries)
	ended := uint64(0)
	for _, n := range stats.Ended {
		ended += n
	}
	require.Equal(t, stats.Registered, ended, "each stream has ended once")
}

func TestAdmissions(t *testing.T) {
	inBubble(t, Options{MaxClients: 2}, 1, func(t *testing.T, r *rig) {
		a := r.connect(Info{ID: "a"})
		_, w, err := r.ask(Info{ID: "a"})
		require.NoError(t, err)
		assert.Equal(t, Duplicate, w.Admission)
		r.connect(Info{ID: "b"})
		_, w, err = r.ask(Info{ID: "c"})
		require.NoError(t, err)
		assert.Equal(t, Full, w.Admission)
		a.leave()
		r.connect(Info{ID: "c"})
		require.NoError(t, r.Drain(background, 0))
		_, w, err = r.ask(Info{ID: "d"})
		require.NoError(t, err)
		assert.Equal(t, Draining, w.Admission)
	})
}

func TestDisconnectAndResetThroughTheHub(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		a, b := r.connect(Info{ID: "a", UserID: "u"}), r.connect(Info{ID: "b"})
		n, err := r.Disconnect(background, Filter{UserID: "u"})
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		synctest.Wait()
		assert.True(t, a.closed.Load())
		assert.Equal(t, ReasonAdmin, a.EndedBy(ReasonClientClosed))
		assert.Contains(t, a.got.String(), CodeDisconnected)
		assert.False(t, b.closed.Load())

		require.NoError(t, r.Reset(background))
		synctest.Wait()
		assert.True(t, b.closed.Load())
		assert.Zero(t, r.stats().Registered)
	})
}
