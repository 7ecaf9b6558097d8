package monitor

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A duration's bucket is its microseconds, to an eighth of their highest bit: what is read
// from it is wrong by a sixteenth at most. The buckets of /metrics begin at 5 ms, where
// publishing is long done.
const (
	parts   = 8
	buckets = 200 // the last is for two minutes and more
)

// Latency counts durations. Any goroutine may add to it.
type Latency struct{ counts [buckets]atomic.Uint64 }

// Add counts a duration.
func (l *Latency) Add(d time.Duration) { l.counts[bucketOf(d)].Add(1) }

// Counts gives what was counted so far.
func (l *Latency) Counts() (c Counts) {
	for i := range l.counts {
		c[i] = l.counts[i].Load()
	}
	return c
}

// Counts is how many durations there were in each bucket.
type Counts [buckets]uint64

func (c *Counts) since(before *Counts) (d Counts) {
	for i := range c {
		d[i] = c[i] - before[i]
	}
	return d
}

// Quantile is the duration that a part q of all do not exceed; any is false if there are
// none.
func (c *Counts) Quantile(q float64) (d time.Duration, any bool) {
	var all uint64
	for _, n := range c {
		all += n
	}
	if all == 0 {
		return 0, false
	}
	left := int64(q * float64(all)) // so many are below it
	for i, n := range c {
		if left -= int64(n); left < 0 {
			return middle(i), true
		}
	}
	return middle(buckets - 1), true
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < parts {
		return int(us)
	}
	shift := bits.Len64(us) - bits.Len64(parts) // what is left is parts to 2*parts-1
	return min((shift+1)*parts+int(us>>shift)-parts, buckets-1)
}

// middle is what stands for a bucket.
func middle(i int) time.Duration {
	from, wide := uint64(i), uint64(1)
	if i >= parts {
		shift := i/parts - 1
		from, wide = uint64(i%parts+parts)<<shift, 1<<shift
	}
	return time.Duration(from)*time.Microsecond + time.Duration(wide)*time.Microsecond/2
}
