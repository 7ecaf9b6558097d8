package monitor

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.UnixMilli(1_800_000_000_000)

func TestASampleIsWhatHappenedBetweenTwoReadings(t *testing.T) {
	var latency Latency
	before := Reading{At: noon, Events: 100, Bytes: 5000, Latency: latency.Counts(), Process: Process{CPU: time.Second}}
	for range 99 {
		latency.Add(100 * time.Microsecond)
	}
	latency.Add(50 * time.Millisecond)
	after := Reading{At: noon.Add(2 * time.Second), Streams: 7, Users: 3, Queue: 1, Events: 103, Deliveries: 10, Connects: 4, Disconnects: 2, Dropped: 1,
		Bytes: 6000, Latency: latency.Counts(), Process: Process{Resident: 1 << 20, Heap: 5, CPU: 1100 * time.Millisecond}}
	text, err := json.Marshal(Between(&before, &after))
	require.NoError(t, err)
	assert.JSONEq(t, `{"t":1800000002000,"streams":7,"users":3,"events":1.5,"deliveries":5,"connects":2,"disconnects":1,"dropped":0.5,"bytes":500,
		"p50":0.1,"p99":51.2,"memory":1048576,"queue":1,"cpu":0.05}`, string(text))
}

func TestASampleOfAQuietSecondHasNoLatency(t *testing.T) {
	s := Between(&Reading{At: noon}, &Reading{At: noon.Add(time.Second), Process: Process{Heap: 5}})
	assert.Nil(t, s.P50)
	assert.Nil(t, s.P99)
	assert.Nil(t, s.CPU, "it is not known here")
	assert.EqualValues(t, 5, s.Memory, "of the heap, where no more is known")
}

func TestAfterAResetCountersBeginAtZero(t *testing.T) {
	s := Between(&Reading{At: noon, Events: 1000}, &Reading{At: noon.Add(time.Second), Events: 3})
	assert.Equal(t, 3.0, s.Events)
}

func TestSamplesAreTheNewestOfAQuarterOfAnHour(t *testing.T) {
	var s Samples
	assert.Empty(t, s.Recent(noon))
	at := func(i int) time.Time { return noon.Add(time.Duration(i) * time.Second) }
	for i := range 2000 {
		s.Add(Sample{Time: at(i).UnixMilli()})
	}
	all := s.Recent(at(1999))
	require.Len(t, all, MaxSamples)
	assert.Equal(t, at(1100).UnixMilli(), all[0].Time)
	assert.Equal(t, at(1999).UnixMilli(), all[MaxSamples-1].Time)

	// Nobody has looked for ten minutes.
	recent := s.Recent(at(2600))
	assert.Equal(t, at(1700).UnixMilli(), recent[0].Time)
	assert.Len(t, recent, 300)
	for i := 2600; i < 3600; i++ {
		s.Add(Sample{Time: at(i).UnixMilli()})
	}
	all = s.Recent(at(3599))
	assert.Len(t, all, MaxSamples)
	assert.True(t, slices.IsSortedFunc(all, func(a, b Sample) int { return int(a.Time - b.Time) }))
	assert.Empty(t, s.Recent(at(100_000)))
	assert.Empty(t, s.ring, "what is too old is let go")
}

// "what is read from it is wrong by a sixteenth at most"
func TestQuantiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var l Latency
		var all []time.Duration
		scale := time.Microsecond << random.IntN(26)
		for range 1 + random.IntN(500) {
			d := time.Duration(random.Int64N(int64(scale) + 1))
			l.Add(d)
			all = append(all, d)
		}
		slices.Sort(all)
		counts := l.Counts()
		for _, q := range []float64{0, 0.5, 0.99} {
			got, any := counts.Quantile(q)
			require.True(t, any)
			want := all[min(int(q*float64(len(all))), len(all)-1)]
			require.InDelta(t, float64(want), float64(got), float64(want)/16+float64(time.Microsecond), "%v of %d up to %v", q, len(all), scale)
		}
	}
}

func TestDurationsOfAnyLengthAreCounted(t *testing.T) {
	var l Latency
	for _, d := range []time.Duration{-time.Hour, 0, 1, time.Hour, 1<<63 - 1} {
		l.Add(d)
	}
	counts := l.Counts()
	got, _ := counts.Quantile(0.99)
	assert.Greater(t, got, 2*time.Minute)
	got, _ = counts.Quantile(0)
	assert.Less(t, got, time.Microsecond)
	var none Counts
	_, any := none.Quantile(0.5)
	assert.False(t, any)
}

func TestWhatAProcessTakes(t *testing.T) {
	before := ReadProcess()
	held := make([]byte, 64<<20)
	for i := range held {
		held[i] = 1
	}
	after := ReadProcess()
	runtime.KeepAlive(held)
	assert.GreaterOrEqual(t, after.Heap, before.Heap+60<<20)
	assert.Positive(t, after.Goroutines)
	if runtime.GOOS == "linux" {
		assert.GreaterOrEqual(t, after.Resident, before.Resident+32<<20)
		assert.Greater(t, after.CPU, before.CPU)
	}
}
