package journal

import (
	"context"
	"errors"
	"sync/atomic"
)

// CommitterStats is a Committer's account of itself. Counters count since the start or
// the last Reset.
type CommitterStats struct {
	Waiting int // parts of requests in the queue
	Fault   error
	Usage   Usage

	Commits       uint64 // writes to the store, of one event or many
	Events        uint64 // events written
	Bytes         uint64 // of their data, once for each box
	RefusedFull   uint64 // events refused because there was no room
	RefusedFailed uint64 // events refused because the store could not be written
	Expired       uint64 // records that went because of their age
	Acknowledged  uint64 // records that went because all devices had them
	Pushed        uint64 // records that went, unacknowledged, because their box was full
	Devices       uint64 // devices forgotten
}

// Stats is how the committer and its store fare.
func (c *Committer) Stats() CommitterStats {
	n := &c.counts
	return CommitterStats{
		Waiting:       len(c.queue),
		Fault:         c.Fault(),
		Usage:         c.store.Usage(),
		Commits:       n.commits.Load(),
		Events:        n.events.Load(),
		Bytes:         n.bytes.Load(),
		RefusedFull:   n.full.Load(),
		RefusedFailed: n.failed.Load(),
		Expired:       n.expired.Load(),
		Acknowledged:  n.acknowledged.Load(),
		Pushed:        n.pushed.Load(),
		Devices:       n.devices.Load(),
	}
}

// Reset clears the store and zeroes the counters.
func (c *Committer) Reset(ctx context.Context) error {
	if err := c.store.Clear(ctx); err != nil {
		return err
	}
	c.counts.reset()
	return nil
}

// counts is shared by publishers and both goroutines.
type counts struct {
	commits, events, bytes                 atomic.Uint64
	full, failed                           atomic.Uint64
	expired, acknowledged, pushed, devices atomic.Uint64
}

func (n *counts) commit(records []Record) {
	n.commits.Add(1)
	n.events.Add(uint64(len(records)))
	bytes := 0
	for i := range records {
		bytes += len(records[i].Event.Data) * len(records[i].Boxes)
	}
	n.bytes.Add(uint64(bytes))
}

// refuse counts events that the store did not take; other errors are not its.
func (n *counts) refuse(err error, events int) {
	switch {
	case errors.Is(err, ErrFull):
		n.full.Add(uint64(events))
	case errors.Is(err, ErrFailed):
		n.failed.Add(uint64(events))
	}
}

func (n *counts) trim(t Trimmed) {
	n.expired.Add(t.Expired)
	n.acknowledged.Add(t.Acknowledged)
	n.pushed.Add(t.Pushed)
	n.devices.Add(t.Devices)
}

func (n *counts) reset() {
	for _, c := range []*atomic.Uint64{&n.commits, &n.events, &n.bytes, &n.full, &n.failed, &n.expired, &n.acknowledged, &n.pushed, &n.devices} {
		c.Store(0)
	}
}
