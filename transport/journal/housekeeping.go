package journal

import (
	"context"
	"errors"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

const (
	reachInterval = time.Second
	trimInterval  = time.Minute
)

// keepHouse tidies the store until Stop: what has expired or is acknowledged goes, and it
// learns how far the ids have come that events got which it does not keep.
func (c *Committer) keepHouse() {
	ticker := time.NewTicker(reachInterval)
	defer ticker.Stop()
	h := house{c: c, reaching: chore{what: "reach"}, syncing: chore{what: "sync"}, trimming: chore{what: "trim"}}
	for {
		select {
		case now := <-ticker.C:
			h.reach()
			h.syncing.done(c, c.store.Sync())
			// A store without room is tidied each time: perhaps there is some now.
			if c.Fault() != nil || now.Sub(h.trimmed) >= trimInterval {
				h.trim(now)
			}
		case <-c.life.Done():
			h.reach()
			h.syncing.done(c, c.store.Sync())
			return
		}
	}
}

// house is what its keeper remembers.
type house struct {
	c       *Committer
	reached sse.Sequence
	trimmed time.Time

	reaching, syncing, trimming chore
}

// reach tells the store the newest id, if it does not know it.
func (h *house) reach() {
	c := h.c
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.life), reachInterval)
	defer cancel()
	stats, err := c.hub.Metrics(ctx)
	if err != nil { // it is busy or has stopped; the next time will do
		return
	}
	id := stats.LastID
	if !h.reached.Less(id) || !c.store.Newest().Less(id) {
		return
	}
	if err = c.store.Reach(id); err == nil {
		h.reached = id
	}
	h.reaching.done(c, err)
}

// trim removes all that can go, a bounded part at a time.
func (h *house) trim(now time.Time) {
	c := h.c
	h.trimmed = now
	for more := true; more; {
		removed, err := c.store.Trim(c.life, now)
		c.counts.trim(removed)
		if c.life.Err() != nil {
			return
		}
		h.trimming.done(c, err)
		more = removed.More && err == nil
	}
}

// chore is a part of the work, of which the log is told when it begins to fail.
type chore struct {
	what   string
	failed bool
	late   int // how often in a row its turn did not come in time
}

// maxLate is how often in a row that is only a sign of much work: the next time will do.
const maxLate = 10

func (w *chore) done(c *Committer, err error) {
	switch {
	case err == nil:
		w.failed, w.late = false, 0
	case errors.Is(err, context.DeadlineExceeded) && w.late < maxLate:
		w.late++
	case !w.failed && c.Fault() == nil: // else all of it is told already
		w.failed = true
		c.log.Error("the journal can't be tidied; it is tried again", "chore", w.what, "error", err)
	}
}
