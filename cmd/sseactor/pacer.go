package main

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// pacer decides how soon the garbage collector runs. A server of mostly idle streams
// makes little garbage and can collect it soon: with 10,000 streams that was 1.6 KB a
// stream for 1.9. One that is being published to makes much, beside a heap that hardly
// changes, and would spend a tenth of its time on looking through that again and again:
// while that is so, the collector may wait longer. So it may at the start, when all
// clients of the server before this one come at once. A large heap is collected seldom
// anyhow, and has no memory to spare.
type pacer struct {
	heap       func() (cycles, live uint64) // how often it has run, and what it left, in bytes
	setPercent func(int) int                // GOGC
	giveBack   func()                       // collects once, and gives the system what is free

	percent int
	last    uint64 // cycles
	seldom  int    // seconds in a row in which it ran at most once

	quit chan struct{}
	done sync.WaitGroup
}

const (
	lowPercent    = 50
	highPercent   = 400
	oftenCycles   = 2 // a second
	seldomSeconds = 3
	largeHeap     = 128 << 20 // bytes, live: with 400 % beside it that is 640 MiB
)

// startPacer starts the pacer's goroutine.
func startPacer() *pacer {
	sample := []metrics.Sample{{Name: "/gc/cycles/automatic:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	p := &pacer{
		heap: func() (cycles, live uint64) {
			metrics.Read(sample)
			return sample[0].Value.Uint64(), sample[1].Value.Uint64()
		},
		setPercent: debug.SetGCPercent,
		giveBack:   debug.FreeOSMemory,
		quit:       make(chan struct{}),
	}
	p.set(highPercent)
	p.done.Go(p.run)
	return p
}

// stop ends the goroutine.
func (p *pacer) stop() {
	close(p.quit)
	p.done.Wait()
}

func (p *pacer) run() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			p.look()
		case <-p.quit:
			return
		}
	}
}

// look is called once a second.
func (p *pacer) look() {
	now, live := p.heap()
	ran := now - p.last
	p.last = now
	p.seldom++
	if ran > 1 {
		p.seldom = 0
	}
	switch {
	case live > largeHeap:
		p.set(lowPercent)
	case ran > oftenCycles:
		p.set(highPercent) // at once: load does not wait
	case p.seldom < seldomSeconds || p.percent == lowPercent:
	case ran > 0:
		p.seldom = 0
		p.set(max(p.percent/2, lowPercent))
	default:
		p.set(lowPercent)
		p.giveBack()
	}
}

func (p *pacer) set(percent int) {
	if percent != p.percent {
		p.percent = percent
		p.setPercent(percent)
	}
}
