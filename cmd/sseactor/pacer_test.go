package main

import (
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Second by second: how often the collector ran, and where its percentage is then.
func TestThePacer(t *testing.T) {
	var heap heapState
	var given int
	p := &pacer{
		heap:       func() heapState { return heap },
		setPercent: func(n int) int { return n },
		giveBack:   func() { given++ },
	}
	p.set(lowPercent)
	const small, large = 10 << 20, 200 << 20
	const little, much = 100 << 10, 2 << 20
	for i, second := range []struct {
		ran, live, allocated uint64
		percent              int
		given                int
	}{
		{0, small, little, 50, 0},
		{2, small, much, 50, 0}, // not often
		{9, small, much, 400, 0},
		{9, small, much, 400, 0}, // and no more
		{1, small, much, 400, 0}, {1, small, much, 400, 0},
		{1, small, much, 200, 0}, // seldom: a step down
		{1, small, much, 200, 0},
		{2, small, much, 200, 0}, // not so seldom
		{0, small, little, 200, 0}, {0, small, little, 200, 0},
		{0, small, little, 50, 1},                                                       // calm
		{0, small, little, 50, 1}, {0, small, little, 50, 1}, {0, small, little, 50, 1}, // once is enough
		{9, small, much, 400, 1},
		{0, small, much, 400, 1}, {0, small, much, 400, 1}, {0, small, much, 200, 1}, // seldom, and not calm: somebody publishes
		{0, small, much, 200, 1}, {0, small, much, 200, 1}, {0, small, much, 100, 1},
		{0, small, much, 100, 1}, {0, small, much, 100, 1}, {0, small, much, 50, 1},
		{1, small, much, 50, 1}, {0, small, little, 50, 1}, {0, small, little, 50, 2}, // calm at last
		{9, small, much, 400, 2},
		{9, large, much, 50, 2}, // too large
		{9, large, much, 50, 2},
		{9, small, much, 400, 2},
	} {
		heap.cycles += second.ran
		heap.allocated += second.allocated
		heap.live = second.live
		p.look()
		assert.Equal(t, second.percent, p.percent, "second %d", i)
		assert.Equal(t, second.given, given, "second %d", i)
	}
}

// The clients of the server before this one come at once.
func TestThePacerStartsHigh(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	p := startPacer()
	p.stop()
	assert.Equal(t, highPercent, debug.SetGCPercent(100))
}

func TestThePacerLooksOnceASecondUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := uint64(0)
		p := &pacer{
			heap:    func() heapState { looks++; return heapState{cycles: 2 * looks} },
			percent: lowPercent,
			quit:    make(chan struct{}),
		}
		p.done.Go(p.run)
		time.Sleep(10*time.Second + time.Millisecond)
		p.stop()
		assert.EqualValues(t, 10, looks)
	})
}
