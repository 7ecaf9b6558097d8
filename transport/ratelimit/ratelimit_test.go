package ratelimit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var start = time.Unix(1_700_000_000, 0)

// took counts what a caller gets who tries every millisecond for so long.
func took(l *Limiter, who string, from time.Time, during time.Duration) (n int) {
	for at := time.Duration(0); at < during; at += time.Millisecond {
		if _, ok := l.Take(who, 1, from.Add(at)); ok {
			n++
		}
	}
	return n
}

func TestTheRateHolds(t *testing.T) {
	for _, rate := range []int{1, 7, 100, 250} {
		l := New(rate, 1, 10)
		assert.InEpsilon(t, rate*10, took(l, "a", start, 10*time.Second), 0.02, "%d a second for 10 s", rate)
	}
}

func TestABurstAfterQuiet(t *testing.T) {
	l := New(10, 5, 10)
	for i := range 5 {
		_, ok := l.Take("a", 1, start)
		assert.True(t, ok, "%d", i)
	}
	wait, ok := l.Take("a", 1, start)
	assert.False(t, ok)
	assert.Equal(t, 100*time.Millisecond, wait)
	_, ok = l.Take("a", 1, start.Add(wait-1))
	assert.False(t, ok)
	_, ok = l.Take("a", 1, start.Add(wait))
	assert.True(t, ok, "after the time that was said")
	assert.Equal(t, 5, took(l, "a", start.Add(time.Hour), 2*time.Millisecond)+took(l, "a", start.Add(time.Hour+2*time.Millisecond), 20*time.Millisecond),
		"an hour of quiet gives no more than the burst")
}

func TestABatchIsOwedFor(t *testing.T) {
	l := New(10, 10, 10)
	_, ok := l.Take("a", 30, start)
	assert.True(t, ok, "a batch larger than the burst")
	wait, ok := l.Take("a", 1, start.Add(time.Second))
	assert.False(t, ok)
	assert.Equal(t, 1100*time.Millisecond, wait)
}

func TestCallersDoNotShare(t *testing.T) {
	l := New(1, 1, 10)
	for i := range 5 {
		_, ok := l.Take(fmt.Sprint(i), 1, start)
		assert.True(t, ok)
	}
}

func TestMoreCallersThanAreKnownShareOneAllowance(t *testing.T) {
	l := New(1, 1, 2)
	l.Take("a", 1, start)
	l.Take("b", 1, start)
	_, first := l.Take("c", 1, start)
	_, second := l.Take("d", 1, start)
	assert.True(t, first)
	assert.False(t, second)
	assert.Equal(t, 3, l.Len())
	l.Forget(start.Add(500 * time.Millisecond))
	assert.Equal(t, 3, l.Len(), "they still owe")
	l.Forget(start.Add(time.Second))
	assert.Zero(t, l.Len())
	_, ok := l.Take("d", 1, start.Add(time.Second))
	assert.True(t, ok)
}

func TestAClockSetBackDoesNotOpenTheBucket(t *testing.T) {
	l := New(1, 1, 10)
	l.Take("a", 1, start)
	_, ok := l.Take("a", 1, start.Add(-time.Minute))
	assert.False(t, ok)
}

// Many at once get no more than one after the other.
func TestConcurrentCallers(t *testing.T) {
	l := New(100, 100, 10)
	var got atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if _, ok := l.Take("a", 1, start); ok {
					got.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 100, got.Load())
}

func BenchmarkTake(b *testing.B) {
	l := New(1_000_000, 1000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		l.Take("app", 1, start)
	}
}
