package actor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// Clients come and go in any order; the one that is due is always one of the earliest.
func TestTheEarliestDeadlineIsDueFirst(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			deadlinesRun(t, rand.New(rand.NewPCG(seed, 12)))
		})
	}
}

func deadlinesRun(t *testing.T, random *rand.Rand) {
	var d deadlines
	var there []*Client
	different := 1 + random.IntN(500) // few: many have the same
	for range 2000 {
		if random.IntN(5) < 3 && len(there) < 300 || len(there) == 0 {
			c := NewClient(Info{Expires: time.UnixMilli(int64(1 + random.IntN(different)))}, new(countingSink), 0)
			d.add(c)
			there = append(there, c)
		} else {
			i := random.IntN(len(there))
			if random.IntN(2) == 0 { // the one that is due, as when it expires
				i = slices.Index(there, d.due(math.MaxInt64))
			}
			d.remove(there[i])
			there = slices.Delete(there, i, i+1)
		}
		require.Len(t, d.heap, len(there))
		if len(there) == 0 {
			require.Nil(t, d.due(math.MaxInt64))
			continue
		}
		earliest := slices.MinFunc(there, func(a, b *Client) int { return int(a.expires() - b.expires()) }).expires()
		require.Nil(t, d.due(uint64(earliest-1)), "before its time")
		require.Equal(t, earliest, d.due(uint64(earliest)).expires())
	}
}

// Whoever has left is not kept alive, nor is the memory of the most there ever were.
func TestDeadlinesForget(t *testing.T) {
	var d deadlines
	var all []*Client
	for i := range 10_000 {
		all = append(all, NewClient(Info{Expires: time.UnixMilli(int64(1 + i))}, new(countingSink), 0))
		d.add(all[i])
	}
	for _, c := range all {
		d.remove(c)
	}
	assert.LessOrEqual(t, cap(d.heap), 64)
	for _, e := range d.heap[:cap(d.heap)] {
		require.Nil(t, e.client)
	}
}

// Whoever has no deadline costs nothing.
func TestNoDeadlineTakesNoPlace(t *testing.T) {
	w := newWorld(t, Options{})
	w.joinMany("c", 100, Info{UserID: "u", Topics: []string{"t"}})
	assert.Nil(t, w.deadlines.heap)
	for _, p := range w.order {
		assert.Nil(t, p.extra)
	}
}

func TestExpiryIsKeptInMilliseconds(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for _, tt := range []struct {
		name      string
		give, get time.Time
	}{
		{"never", time.Time{}, time.Time{}},
		{"whole", time.UnixMilli(1_800_000_000_123).In(zone), time.UnixMilli(1_800_000_000_123).UTC()},
		{"more exact", time.Unix(1_800_000_000, 123_999_999), time.UnixMilli(1_800_000_000_123).UTC()},
		{"the epoch itself, which would stand for never", time.Unix(0, 0), time.UnixMilli(1).UTC()},
		{"before it", time.Unix(-1, 0), time.UnixMilli(1).UTC()},
		{"beyond what nanoseconds can say", time.Unix(1<<40, 0), time.Unix(1<<40, 0).UTC()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info := NewClient(Info{ID: "a", Expires: tt.give}, &peer{}, 0).Info()
			assert.True(t, tt.get.Equal(info.Expires), "%v", info.Expires)
			assert.Equal(t, tt.get.Location(), info.Expires.Location())
		})
	}
}

// A hundred thousand sessions that end at once are no long message: they are ended in
// slices, and others are served between any two.
func TestManySessionsThatEndAtOnceHoldUpNobody(t *testing.T) {
	const n = 20 * sliceSize
	w := newCrowd(t, 0)
	w.opts.MaxClients = n + 1
	expires := w.clock.Add(TickInterval)
	for i := range n {
		w.let(NewClient(Info{ID: fmt.Sprint("c", i), UserID: fmt.Sprint("user", i), Expires: expires}, new(countingSink), 0))
	}
	w.let(NewClient(Info{ID: "stays"}, new(countingSink), 0))

	w.clock = expires
	w.advance(w.clock)
	w.settle()
	require.Zero(t, w.snapshot(0).Ending, "the tick itself ends nobody")
	reply := make(chan Receipt, 1)
	slices := 0
	for w.working() {
		before := w.snapshot(0)
		w.work()
		w.settle()
		slices++
		after := w.snapshot(0)
		require.LessOrEqual(t, before.Clients-after.Clients, sliceSize)
		w.state.send(event("between", sse.Normal), Target{ClientIDs: []string{"stays"}}, reply)
		w.settle()
		require.Len(t, reply, 1, "a send is answered between two slices")
		require.Equal(t, 1, (<-reply).Queued)
		w.write()
	}
	assert.GreaterOrEqual(t, slices, n/sliceSize)
	stats := w.snapshot(0)
	assert.Equal(t, 1, stats.Clients)
	assert.EqualValues(t, n, stats.Ended[ReasonExpired])
	assert.Empty(t, w.deadlines.heap)
}

// On a running hub a stream ends within two ticks of its session's end, although the
// wheel comes by twice an interval only.
func TestAStreamEndsWithItsSession(t *testing.T) {
	inBubble(t, Options{HeartbeatInterval: time.Hour, ClientTimeout: 2 * time.Hour}, 2, func(t *testing.T, r *rig) {
		const clients = 3000
		begin := time.Now()
		var all []*live
		for i := range clients {
			all = append(all, r.connect(Info{ID: fmt.Sprint("c", i), Expires: begin.Add(time.Duration(i%30) * time.Second / 10)}))
		}
		stays := r.connect(Info{ID: "stays", Expires: begin.Add(time.Hour)})
		for step := range 32 {
			synctest.Wait()
			passed := time.Since(begin)
			for i, l := range all {
				expires := time.Duration(i%30) * time.Second / 10
				if l.closed.Load() {
					require.LessOrEqual(t, expires, passed, "step %d: %s is closed too early", step, l.ID())
				} else {
					require.Less(t, passed, expires+2*TickInterval, "step %d: %s is closed too late", step, l.ID())
				}
			}
			time.Sleep(TickInterval) // of the bubble
		}
		synctest.Wait()
		for _, l := range all {
			require.Equal(t, 1, strings.Count(l.got.String(), CodeSessionExpired))
			require.Equal(t, ReasonExpired, l.EndedBy(ReasonClientClosed))
		}
		require.False(t, stays.closed.Load())
		require.EqualValues(t, clients, r.stats().Ended[ReasonExpired])
	})
}
