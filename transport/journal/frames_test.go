package journal

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/actor/sse"
)

func (f *Frames) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.known)
}

func TestARecordHasOneFrameForAllWhoReplayIt(t *testing.T) {
	f := NewFrames()
	record := func(n uint64) *Record {
		return &Record{ID: sse.Sequence{Milliseconds: 1000, N: n}, Event: sse.Event{Data: fmt.Sprint(n)}}
	}
	const readers, records = 8, 100
	var got [readers][records]*sse.Frame
	var all sync.WaitGroup
	for r := range readers {
		all.Go(func() {
			for n := range uint64(records) {
				got[r][n] = f.of(record(n))
			}
		})
	}
	all.Wait()
	for n := range records {
		assert.Equal(t, fmt.Sprintf("data: %d\nid: 1000-%d\n\n", n, n), string(got[0][n].Bytes()))
		assert.True(t, got[0][n].Persistent())
		for r := range readers {
			assert.Same(t, got[0][n], got[r][n])
		}
	}
	assert.Equal(t, records, f.count())
	got = [readers][records]*sse.Frame{}
	assert.Eventually(t, func() bool {
		runtime.GC()
		return f.count() == 0
	}, 10*time.Second, time.Millisecond, "nobody has them")
	assert.Equal(t, "data: 1\nid: 1000-1\n\n", string(f.of(record(1)).Bytes()), "and they are made again")
}
