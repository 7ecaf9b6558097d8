package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// Whatever is mixed with the slices of a sweep (targeted sends, arrivals,
// departures, ends, sessions that expire, a slow writer), each client gets what it would get if each
// send were done at once: in the order of ids, nothing twice and nothing lost.
func TestSweepsAreAsSendsAtOnce(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			sweepRun(t, seed)
		})
	}
}

func sweepRun(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 4))
	w := newWorld(t, Options{OutboxFrames: 1 << 16, OutboxBytes: 1 << 30, Writers: 1 + int(seed%3)})
	m := newModel()
	joined := 0
	join := func() {
		joined++
		info := someInfo(random, fmt.Sprint("c", joined))
		if seed%2 == 1 && random.IntN(2) == 0 { // its session ends in the middle of it all
			info.Expires = start.Add(time.Duration(random.IntN(20)) * TickInterval)
		}
		m.join(info)
		w.join(info)
	}
	for range sliceSize + 200 + random.IntN(400) {
		join()
	}
	// Some runs are full of departures, others of arrivals, others have neither.
	leaving, joining := random.IntN(30), random.IntN(30)
	var sends []pending
	receivers, departed := 0, false
	swept := 0

	for range 200 {
		switch n := random.IntN(100); {
		case n < 25 && w.accepting():
			target := someTarget(random, m)
			text, n := m.send(target, sse.Normal)
			receivers += n
			sends = append(sends, w.send(event(text, sse.Normal), target))
		case n < 50 && w.working():
			w.work()
			w.settle()
		case n < 70:
			w.writeSome(1 + random.IntN(4))
		case n < 75:
			w.advanceTick()
		default:
			for range random.IntN(1 + joining) {
				join()
			}
			for range random.IntN(1 + leaving) {
				// Those at both ends of the groups are the ones that the sweep may
				// just have passed or be about to move.
				at := []int{0, len(m.names) - 1, random.IntN(len(m.names))}[random.IntN(3)]
				departed = true
				c := m.remove(at)
				p := w.peers[c.info.ID]
				if random.IntN(2) == 0 {
					c.left = true
					w.leave(p)
				} else {
					c.ended = true
					require.Equal(t, 1, w.disconnect(Filter{ClientID: c.info.ID}))
					w.settle()
				}
			}
		}
		swept = max(swept, len(w.sweeps.waiting))
		m.expire(w)
	}
	w.finishWork()
	m.expire(w)
	require.Positive(t, swept, "nothing was swept")
	require.Equal(t, seed%2 == 1, w.snapshot(0).Ended[ReasonExpired] > 0)

	for _, p := range w.order {
		c := m.clients[p.ID()]
		got, ids, own := p.events()
		due := make([]string, len(c.due))
		for i, e := range c.due {
			due[i] = e.text
		}
		if c.left {
			require.LessOrEqual(t, len(got), len(due), "%s got too much", p.ID())
			due = due[:len(got)]
		}
		require.Equal(t, due, slices.Clip(append([]string{}, got...)), "what %s got (left %v, ended %v)", p.ID(), c.left, c.ended)
		require.True(t, slices.IsSortedFunc(ids, compareSequences), "%s got its events in the order of their ids", p.ID())
		if c.ended {
			require.Len(t, own, 1, "%s got one farewell", p.ID())
			require.True(t, p.closed)
		} else {
			require.Empty(t, own, "%s", p.ID())
		}
	}

	queued := 0
	for _, p := range sends {
		r, answered := p.answered()
		require.True(t, answered, "each send has an answer in the end")
		queued += r.Queued
	}
	stats := w.snapshot(0)
	require.EqualValues(t, stats.Deliveries, queued, "what the answers say is what was delivered")
	require.Equal(t, stats.Deliveries, w.written.Frames+stats.Undelivered, "delivered = written + undelivered")
	require.Zero(t, stats.Dropped())
	if !departed {
		require.Equal(t, receivers, queued)
	} else {
		require.LessOrEqual(t, queued, receivers)
	}
}

// compareSequences takes equal ids for out of order: none may come twice.
func compareSequences(a, b sse.Sequence) int {
	if b.Less(a) {
		return 1
	}
	return -1
}
