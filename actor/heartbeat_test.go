package actor

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// silence watches when each client was sent something, and for how long not.
type silence struct {
	last    map[*peer]uint32
	longest uint32 // in ticks
}

func newSilence(w *world) *silence {
	s := &silence{last: make(map[*peer]uint32)}
	for _, p := range w.order {
		s.last[p] = w.tick
		p.got.Reset()
	}
	return s
}

// look says how many heartbeats came since the last look.
func (s *silence) look(w *world) (heartbeats int) {
	for _, p := range w.order {
		if p.got.Len() > 0 {
			heartbeats += strings.Count(p.got.String(), "event: heartbeat\n")
			s.last[p] = w.tick
			p.got.Reset()
		}
		s.longest = max(s.longest, w.tick-s.last[p])
	}
	return heartbeats
}

const quietClients = 3000

// heartbeats runs ticks and gives the number of heartbeats in each second.
func (s *silence) heartbeats(w *world, d time.Duration) []int {
	perSecond := make([]int, d/time.Second)
	for i := range perSecond {
		for range time.Second / TickInterval {
			w.advanceTick()
			w.write()
			perSecond[i] += s.look(w)
		}
	}
	return perSecond
}

// "each tick looks at its share of them only and 100,000 heartbeats are no
// burst", "nobody is left without bytes for longer than the interval".
func TestHeartbeatsAreSpread(t *testing.T) {
	interval := 30 * time.Second
	mean := quietClients / int(interval/time.Second)
	w := newWorld(t, Options{HeartbeatInterval: interval})
	w.joinMany("c", quietClients, Info{})
	s := newSilence(w)

	t.Run("while everybody is quiet", func(t *testing.T) {
		s.heartbeats(w, interval) // they all came at once; from here on they are even
		for second, n := range s.heartbeats(w, 2*interval) {
			assert.Equal(t, mean, n, "second %d", second)
		}
	})
	t.Run("after a broadcast", func(t *testing.T) {
		for range 3 {
			w.send(event("to all", sse.Normal), Target{})
			w.finishWork()
			for second, n := range s.heartbeats(w, 2*interval) {
				assert.LessOrEqual(t, n, 2*mean, "second %d", second)
			}
		}
	})
	t.Run("after events to some", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 1))
		for range 60 {
			var some []string
			for range 100 {
				some = append(some, w.order[random.IntN(quietClients)].ID())
			}
			w.say("to some", Target{ClientIDs: some})
			for second, n := range s.heartbeats(w, time.Second) {
				assert.LessOrEqual(t, n, 2*mean, "second %d", second)
			}
		}
	})
	assert.LessOrEqual(t, s.longest, uint32(interval/TickInterval), "nobody is silent for longer than the interval")
}

// Whatever the interval is, and at whatever moment the last event comes.
func TestNobodyIsSilentForLongerThanTheInterval(t *testing.T) {
	for _, interval := range []time.Duration{200 * time.Millisecond, 300 * time.Millisecond, time.Second, 1300 * time.Millisecond, 2 * time.Second, 5 * time.Second} {
		ticks := int(interval / TickInterval)
		for offset := range 2 * ticks {
			w := newWorld(t, Options{HeartbeatInterval: interval})
			w.joinMany("c", 2*ticks, Info{}) // at least one at each place of the wheel
			s := newSilence(w)
			for i := range 6 * ticks {
				if i == 2*ticks+offset {
					w.say("to all", Target{})
				}
				w.advanceTick()
				w.write()
				s.look(w)
			}
			require.LessOrEqual(t, s.longest, uint32(ticks), "interval %v, an event after %d ticks", interval, 2*ticks+offset)
		}
	}
}

// A tick that comes late, because the hub or the machine was busy, adds no more
// to the silence than its own lateness.
func TestLateTicks(t *testing.T) {
	interval := 5 * time.Second
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t, Options{HeartbeatInterval: interval})
		w.joinMany("c", 100, Info{})
		s := newSilence(w)
		const latest = 7
		for range 300 {
			late := 1
			if random.IntN(10) == 0 {
				late += random.IntN(latest)
			}
			w.clock = w.clock.Add(time.Duration(late) * TickInterval)
			w.advance(w.clock)
			w.settle()
			w.write()
			s.look(w)
			if random.IntN(100) == 0 {
				w.say("to all", Target{})
			}
		}
		require.LessOrEqual(t, s.longest, uint32(interval/TickInterval)+2*latest, "seed %d", seed)
	}
}

// The time between two heartbeats is no longer than the interval whoever comes
// and goes.
func TestHeartbeatsWhileClientsComeAndGo(t *testing.T) {
	interval := 2 * time.Second
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t, Options{HeartbeatInterval: interval})
		var open []*peer
		s := newSilence(w)
		for i := range 600 {
			if random.IntN(2) == 0 {
				p := w.join(Info{ID: "c" + string(rune('0'+i%10)) + time.Duration(i).String()})
				s.last[p] = w.tick
				open = append(open, p)
			}
			if len(open) > 0 && random.IntN(3) == 0 {
				at := random.IntN(len(open))
				w.leave(open[at])
				open[at] = open[len(open)-1]
				open = open[:len(open)-1]
			}
			w.advanceTick()
			w.write()
			w.order = open // who has left is silent
			s.look(w)
		}
		require.LessOrEqual(t, s.longest, uint32(interval/TickInterval), "seed %d", seed)
	}
}
