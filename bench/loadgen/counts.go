package loadgen

import (
	"fmt"
	"strings"
	"sync"
)

// Groups is how many groups of streams a run may have.
const Groups = 4

// Counts sums up the streams of one group.
type Counts struct {
	Waiting    int // for their turn or for their time to connect
	Connecting int // until the connection event
	Open       int
	Ended      [endings]int // since the start, by Ending
	Opened     int          // connection events that opened a stream, since the start

	Events     int // application events, each tag of a stream once
	Heartbeats int
	Errors     int
	Notices    int           // connection events after a stream's first
	Told       int           // events that notices said were missed
	Verdicts   [verdicts]int // of the connection events that opened a stream
	Replayed   int           // events that were from before the connect
	Replays    int           // words of the server that a long replay is over
	Comments   int
	Bytes      int64 // of responses
	Odd        [oddities]int
	Faults     Faults
}

// Add sums up.
func (c *Counts) Add(d *Counts) {
	c.Waiting += d.Waiting
	c.Connecting += d.Connecting
	c.Open += d.Open
	c.Opened += d.Opened
	for i, n := range d.Ended {
		c.Ended[i] += n
	}
	c.Events += d.Events
	c.Heartbeats += d.Heartbeats
	c.Errors += d.Errors
	c.Notices += d.Notices
	c.Told += d.Told
	for i, n := range d.Verdicts {
		c.Verdicts[i] += n
	}
	c.Replayed += d.Replayed
	c.Replays += d.Replays
	c.Comments += d.Comments
	c.Bytes += d.Bytes
	for i, n := range d.Odd {
		c.Odd[i] += n
	}
	c.Faults.Add(d.Faults)
}

// AllEnded is the number of endings of any kind.
func (c *Counts) AllEnded() (n int) {
	for _, m := range c.Ended {
		n += m
	}
	return n
}

// Endings says in words which endings there were.
func (c *Counts) Endings() string {
	var parts []string
	for e, n := range c.Ended {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, Ending(e)))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// Resumes says in words what was said of the ids that streams asked to go on after.
func (c *Counts) Resumes() string {
	var parts []string
	for v, n := range c.Verdicts {
		if n > 0 && Verdict(v) != Unasked {
			parts = append(parts, fmt.Sprintf("%d %v", n, Verdict(v)))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// Oddities says in words which oddities there were; empty: none.
func (c *Counts) Oddities() string {
	var parts []string
	for i, n := range c.Odd {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, oddityNames[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// board is where the workers put up their counts for others to read and to wait
// for. Safe for concurrent use.
type board struct {
	mu      sync.Mutex
	posted  [][Groups]Counts // by worker
	waiters chan struct{}    // closed at the next change; nil: nobody waits
}

// post puts up a worker's counts.
func (b *board) post(worker int, counts *[Groups]Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posted[worker] = *counts
	if b.waiters != nil {
		close(b.waiters)
		b.waiters = nil
	}
}

// changed gives a channel that is closed when counts change. To miss nothing,
// ask for it before looking at the counts.
func (b *board) changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiters == nil {
		b.waiters = make(chan struct{})
	}
	return b.waiters
}

func (b *board) sum(group int) (c Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.posted {
		c.Add(&b.posted[i][group])
	}
	return c
}
