package loadgen

import (
	"fmt"
	"math/bits"
	"time"
)

// subBits sets the histogram's precision: buckets are 1/2^subBits of their
// value wide, here about 3 %.
const subBits = 5

// Histogram counts durations in buckets of about 3 % of their value, from a
// nanosecond to as long as there is. The zero Histogram is empty. Not safe for
// concurrent use; each worker has its own and Add sums them up.
type Histogram struct {
	buckets [(64 - subBits + 1) << subBits]uint64
	count   uint64
	max     int64
}

// Record counts a duration; one below zero counts as zero.
func (h *Histogram) Record(ns int64) {
	ns = max(ns, 0)
	h.buckets[bucketOf(uint64(ns))]++
	h.count++
	h.max = max(h.max, ns)
}

// Add counts all that o has counted.
func (h *Histogram) Add(o *Histogram) {
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
	h.count += o.count
	h.max = max(h.max, o.max)
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Max is the longest, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max) }

// Quantile is a duration that the share q of all did not exceed: the upper end
// of the bucket, so never too small. Zero if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank := min(uint64(q*float64(h.count)), h.count-1)
	var seen uint64
	for i, n := range h.buckets {
		if seen += n; seen > rank {
			return time.Duration(min(upperEnd(i), h.max))
		}
	}
	return h.Max()
}

// String is what a person wants to know of it.
func (h *Histogram) String() string {
	r := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	return fmt.Sprintf("p50 %v, p99 %v, p99.9 %v, max %v",
		r(h.Quantile(.5)), r(h.Quantile(.99)), r(h.Quantile(.999)), r(h.Max()))
}

func bucketOf(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return shift<<subBits + int(v>>shift)
}

// upperEnd is the largest value of a bucket.
func upperEnd(i int) int64 {
	if i < 2<<subBits {
		return int64(i)
	}
	shift := i>>subBits - 1
	return int64(i-shift<<subBits+1)<<shift - 1
}
