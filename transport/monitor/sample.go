package monitor

import (
	"math"
	"slices"
	"time"
)

// Reading is what is read of the server at one moment. Counters count since its start, or
// since it was reset.
type Reading struct {
	At time.Time

	Streams, Users, Queue int

	Events, Deliveries, Connects, Disconnects, Dropped, Bytes uint64

	Latency Counts // of publishing
	Process Process
}

// Sample is how the server fared for about a second.
type Sample struct {
	Time        int64    `json:"t"` // milliseconds since 1970
	Streams     int      `json:"streams"`
	Users       int      `json:"users"`
	Events      float64  `json:"events"` // a second, as the next five
	Deliveries  float64  `json:"deliveries"`
	Connects    float64  `json:"connects"`
	Disconnects float64  `json:"disconnects"`
	Dropped     float64  `json:"dropped"`
	Bytes       float64  `json:"bytes"`
	P50         *float64 `json:"p50"` // milliseconds; nil: nothing was published
	P99         *float64 `json:"p99"`
	Memory      uint64   `json:"memory"` // resident, or where that is not known in the heap
	Queue       int      `json:"queue"`  // events that wait for the hub
	CPU         *float64 `json:"cpu"`    // of one processor; nil: it is not known here
}

// Between is the sample of the time between two readings.
func Between(before, after *Reading) Sample {
	seconds := max(after.At.Sub(before.At).Seconds(), 1e-3)
	rate := func(before, after uint64) float64 {
		if after < before { // it was reset
			before = 0
		}
		return round(float64(after-before)/seconds, 10)
	}
	s := Sample{
		Time:        after.At.UnixMilli(),
		Streams:     after.Streams,
		Users:       after.Users,
		Queue:       after.Queue,
		Events:      rate(before.Events, after.Events),
		Deliveries:  rate(before.Deliveries, after.Deliveries),
		Connects:    rate(before.Connects, after.Connects),
		Disconnects: rate(before.Disconnects, after.Disconnects),
		Dropped:     rate(before.Dropped, after.Dropped),
		Bytes:       rate(before.Bytes, after.Bytes),
		Memory:      after.Process.Resident,
	}
	if s.Memory == 0 {
		s.Memory = after.Process.Heap
	}
	if after.Process.CPU > 0 {
		share := round((after.Process.CPU-before.Process.CPU).Seconds()/seconds, 1000)
		s.CPU = &share
	}
	latency := after.Latency.since(&before.Latency)
	s.P50, s.P99 = milliseconds(&latency, 0.5), milliseconds(&latency, 0.99)
	return s
}

// milliseconds is a quantile as a sample has it.
func milliseconds(c *Counts, q float64) *float64 {
	d, any := c.Quantile(q)
	if !any {
		return nil
	}
	ms := round(float64(d)/float64(time.Millisecond), 1000)
	return &ms
}

func round(v, parts float64) float64 { return math.Round(v*parts) / parts }

// What is kept of the past: charts show as much.
const (
	MaxAge     = 15 * time.Minute
	MaxSamples = 900
)

// Samples are the newest MaxSamples.
//
// Not safe for concurrent use.
type Samples struct {
	ring []Sample
	next int // where the next goes, once they are MaxSamples
}

// Add adds the newest.
func (s *Samples) Add(one Sample) {
	if len(s.ring) < MaxSamples {
		s.ring = append(s.ring, one)
		return
	}
	s.ring[s.next] = one
	s.next = (s.next + 1) % MaxSamples
}

// Recent gives those of the last MaxAge, oldest first, and forgets the others.
func (s *Samples) Recent(now time.Time) []Sample {
	all := slices.Concat(s.ring[s.next:], s.ring[:s.next])
	oldest := now.Add(-MaxAge).UnixMilli()
	from := slices.IndexFunc(all, func(one Sample) bool { return one.Time >= oldest })
	if from < 0 {
		from = len(all)
	}
	if from > 0 {
		s.ring, s.next = slices.Clone(all[from:]), 0
	}
	return all[from:]
}
