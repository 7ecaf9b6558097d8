package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Second by second: how often the collector ran, and where its percentage is then.
func TestThePacer(t *testing.T) {
	var cycles uint64
	var given int
	p := &pacer{
		cycles:     func() uint64 { return cycles },
		setPercent: func(n int) int { return n },
		giveBack:   func() { given++ },
	}
	p.set(lowPercent)
	for i, second := range []struct {
		ran     uint64
		percent int
		given   int
	}{
		{0, 50, 0},
		{2, 50, 0}, // not often
		{9, 100, 0},
		{9, 200, 0},
		{9, 400, 0},
		{9, 400, 0}, // and no more
		{1, 400, 0},
		{0, 400, 0}, {0, 400, 0},
		{1, 400, 0}, // not calm yet
		{0, 400, 0}, {0, 400, 0},
		{0, 50, 1},
		{0, 50, 1}, // once is enough
		{9, 100, 1},
	} {
		cycles += second.ran
		p.look()
		assert.Equal(t, second.percent, p.percent, "second %d", i)
		assert.Equal(t, second.given, given, "second %d", i)
	}
}

func TestThePacerLooksOnceASecondUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		p := &pacer{cycles: func() uint64 { looks++; return 0 }, percent: lowPercent, quit: make(chan struct{})}
		p.done.Go(p.run)
		time.Sleep(10*time.Second + time.Millisecond)
		p.stop()
		assert.Equal(t, 10, looks)
	})
}
