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
	heap       func() heapState
	setPercent func(int) int // GOGC
	giveBack   func()        // collects once, and gives the system what is free

	percent int
	last    heapState
	seldom  int  // seconds in a row in which it ran at most once
	owes    bool // memory, since more was in use than when it is calm

	quit chan struct{}
	done sync.WaitGroup
}

// heapState is what the runtime says of the heap.
type heapState struct {
	cycles    uint64 // how often the collector has run by itself
	live      uint64 // bytes that it left
	allocated uint64 // bytes, ever
}

const (
	lowPercent    = 50
	highPercent   = 400
	oftenCycles   = 2 // a second
	seldomSeconds = 3
	largeHeap     = 128 << 20 // bytes, live: with 400 % beside it that is 640 MiB
	calmBytes     = 256 << 10 // allocated in a second; some 300 events are published with so much
)

// startPacer starts the pacer's goroutine.
func startPacer() *pacer {
	sample := []metrics.Sample{{Name: "/gc/cycles/automatic:gc-cycles"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	p := &pacer{
		heap: func() heapState {
			metrics.Read(sample)
			return heapState{sample[0].Value.Uint64(), sample[1].Value.Uint64(), sample[2].Value.Uint64()}
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
	now := p.heap()
	ran, allocated := now.cycles-p.last.cycles, now.allocated-p.last.allocated
	p.last = now
	p.seldom++
	if ran > 1 {
		p.seldom = 0
	}
	switch {
	case now.live > largeHeap:
		p.set(lowPercent)
	case ran > oftenCycles:
		p.set(highPercent) // at once: load does not wait
	case p.seldom < seldomSeconds:
	case ran > 0 || allocated > calmBytes:
		// To give memory back now would be to stop, for tens of milliseconds, those who
		// publish, and to need it again at once.
		p.seldom = 0
		p.owes = true
		p.set(max(p.percent/2, lowPercent))
	default:
		p.set(lowPercent)
		if p.owes {
			p.owes = false
			p.giveBack()
		}
	}
}

func (p *pacer) set(percent int) {
	if percent != p.percent {
		p.owes = p.owes || percent > lowPercent
		p.percent = percent
		p.setPercent(percent)
	}
}
