package loadgen

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestHistogramBucketsAreNarrowAndWithoutHoles(t *testing.T) {
	for _, v := range []int64{0, 1, 31, 32, 33, 63, 64, 65, 1000, 123_456_789, math.MaxInt64} {
		i := bucketOf(uint64(v))
		upper := upperEnd(i)
		assert.GreaterOrEqual(t, upper, v)
		assert.LessOrEqual(t, float64(upper-v), float64(v)/(1<<subBits), "bucket of %d", v)
	}
	for i := range bucketOf(math.MaxInt64) {
		assert.Equal(t, i, bucketOf(uint64(upperEnd(i))))
		assert.Equal(t, i+1, bucketOf(uint64(upperEnd(i))+1))
	}
}

func TestHistogramQuantilesAreThoseOfTheSortedValuesTo3Percent(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var a, b, sum Histogram
	var all []int64
	for i := range 20_000 {
		v := int64(math.Exp(r.Float64() * 20))
		all = append(all, v)
		if i%2 == 0 {
			a.Record(v)
		} else {
			b.Record(v)
		}
	}
	sum.Add(&a)
	sum.Add(&b)
	slices.Sort(all)
	for _, q := range []float64{0, .5, .99, .999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		got := int64(sum.Quantile(q))
		assert.GreaterOrEqual(t, got, want)
		assert.LessOrEqual(t, float64(got-want), float64(want)/(1<<subBits))
	}
	assert.Equal(t, time.Duration(all[len(all)-1]), sum.Max())
	assert.EqualValues(t, len(all), sum.Count())
}

func TestHistogramWithoutValues(t *testing.T) {
	var h Histogram
	assert.Zero(t, h.Quantile(.99))
	h.Record(-5)
	assert.EqualValues(t, 1, h.Count())
	assert.Zero(t, h.Max())
}
