package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

const ticksPerSecond = int(time.Second / TickInterval)

// A client that is sent more than it may have gets the burst, and then exactly the rate.
func TestARateHolds(t *testing.T) {
	const seconds = 10
	for _, tt := range []struct{ rate, burst int }{
		{1, 1}, {3, 1}, {7, 1}, {10, 1}, {10, 3}, {11, 2}, {99, 10}, {99, 250}, {1000, 100}, {1000, 250}, {1_234, 400},
	} {
		t.Run(fmt.Sprintf("%d a second, %d at once", tt.rate, tt.burst), func(t *testing.T) {
			w := newWorld(t, Options{EventRate: tt.rate, EventBurst: tt.burst})
			p := w.join(Info{ID: "a"})
			got := 0
			flood := func() {
				for w.say("x", Target{}).Queued > 0 {
					got++
					w.write()
				}
			}
			flood()
			require.Equal(t, tt.burst, got, "the burst")
			for second := range seconds {
				for range ticksPerSecond {
					w.advanceTick()
					w.write()
					flood()
				}
				require.Equal(t, tt.burst+(second+1)*tt.rate, got, "after %d s", second+1)
			}
			texts, _, _ := p.events()
			assert.Len(t, texts, got)
		})
	}
}

// The average holds however ticks come, as long as no bucket is full between two.
func TestARateHoldsWithLateTicks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 10))
	for _, perSecond := range []int{1, 3, 7, 10, 99, 1000} {
		r := newRate(perSecond, perSecond)
		var a allowance
		got, tick := 0, uint32(0)
		for tick < uint32(60*ticksPerSecond) {
			for r.take(&a, false) {
				got++
			}
			tick += 1 + random.Uint32N(9)
			r.advance(tick)
		}
		for r.take(&a, false) {
			got++
		}
		// A full bucket has nine tenths of an event more than the burst.
		assert.Equal(t, (ticksPerSecond*perSecond+9+int(tick)*perSecond)/ticksPerSecond, got, "%d a second", perSecond)
	}
}

// bucket is the same in the usual form: a level that is filled and taken from.
type bucket struct {
	level, filled, perTick, most, debt int64
}

func (b *bucket) take(tick int64, urgent bool) bool {
	b.level = min(b.level+(tick-b.filled)*b.perTick, b.most)
	b.filled = tick
	if b.level < eventCost && !urgent {
		return false
	}
	b.level = max(b.level-eventCost, -b.debt)
	return true
}

// Whatever comes whenever, an allowance is a bucket of tokens.
func TestAnAllowanceIsABucket(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 11))
		perSecond := 1 + random.IntN([]int{10, 100, 100_000}[random.IntN(3)])
		burst := (perSecond+9)/10 + random.IntN(2*perSecond)
		r := newRate(perSecond, burst)
		b := bucket{level: r.most, perTick: int64(perSecond), most: int64(burst)*eventCost + 9, debt: int64(perSecond) * eventCost}
		var a allowance
		tick := uint32(0)
		for range 2000 {
			switch random.IntN(20) {
			case 0:
				tick += random.Uint32N(5_000_000) // days
			case 1, 2, 3:
				tick += random.Uint32N(4)
			}
			r.advance(tick)
			urgent := random.IntN(4) == 0
			require.Equal(t, b.take(int64(tick), urgent), r.take(&a, urgent), "seed %d, tick %d, urgent %v", seed, tick, urgent)
		}
	}
}

// The largest rate at the last tick that can be counted, 13 years after the start.
func TestAnAllowanceNeverOverflows(t *testing.T) {
	r := newRate(maxEventRate, maxEventBurst)
	var a allowance
	for _, tick := range []uint32{0, 1 << 31, 1<<32 - 1} {
		r.advance(tick)
		for range 1000 {
			require.True(t, r.take(&a, true))
			require.True(t, r.take(&a, false))
		}
	}
}

// "they wait for no more than that second and their own turn", after however many
// urgent events.
func TestUrgentEventsAreOwedForASecond(t *testing.T) {
	for _, perSecond := range []int{1, 7, 10, 1000} {
		for _, urgent := range []int{2*perSecond + 500, 100_000} {
			r := newRate(perSecond, (perSecond+9)/10)
			var a allowance
			for range urgent {
				require.True(t, r.take(&a, true))
			}
			tick := uint32(0)
			for !r.take(&a, false) {
				tick++
				r.advance(tick)
			}
			turn := (ticksPerSecond + perSecond - 1) / perSecond // ticks that bring an event
			assert.EqualValues(t, ticksPerSecond+turn, tick, "%d a second after %d", perSecond, urgent)
		}
	}
}

// Each client's allowance is its own, and one that comes has a full one, whenever.
func TestANewClientHasAFullAllowance(t *testing.T) {
	w := newWorld(t, Options{EventRate: 10, EventBurst: 3})
	for i := range 50 {
		id := fmt.Sprint("c", i)
		w.join(Info{ID: id})
		got := 0
		for w.say("x", Target{ClientIDs: []string{id}}).Queued > 0 {
			got++
		}
		assert.Equal(t, 3, got)
		for range i {
			w.advanceTick()
		}
		w.write()
	}
}

// A client that is sent too much all the time gets a notice a second, and no drop costs
// more than counting it.
func TestNoticesOfTooManyEventsAreOneASecond(t *testing.T) {
	w := newWorld(t, Options{EventRate: 10, EventBurst: 1})
	w.join(Info{ID: "a"})
	const seconds = 20
	for range seconds * ticksPerSecond {
		w.say("x", Target{})
		w.send(event("urgent", sse.High), Target{})
		w.say("x", Target{})
		w.write()
		w.advanceTick()
	}
	stats := w.snapshot(0)
	assert.InDelta(t, seconds, stats.Notices, 1)
	assert.Positive(t, stats.DroppedRate)

	few := Target{ClientIDs: []string{"a"}}
	frame, reply := event("x", sse.Normal), make(chan Receipt, 1)
	frame.Seal("1-1")
	assert.Zero(t, testing.AllocsPerRun(100, func() { w.deliver(w.peers["a"].Client, frame) }))
	w.state.send(event("x", sse.Normal), few, reply)
	assert.Zero(t, (<-reply).Queued)
}
