package journal

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// Ids tell the time to the millisecond, and each commit has one of its own: more than one
// a millisecond would let them run ahead of the clock. For a moment they may, by so much:
// who waits for each millisecond to pass waits longer than that.
const (
	perCommit = time.Millisecond
	maxAhead  = 20 * perCommit
)

// pace is how far the ids have come.
type pace struct{ next time.Time }

// wait is the time until there may be a commit.
func (p *pace) wait(now time.Time) time.Duration { return p.next.Add(-maxAhead).Sub(now) }

// taken says that there is one.
func (p *pace) taken(now time.Time) {
	if p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(perCommit)
}

// run commits until Stop.
func (c *Committer) run() {
	defer close(c.ended)
	c.firstTry()
	var pace pace
	for {
		select {
		case p := <-c.queue:
			for p != nil && c.turn(p, &pace) {
				now := time.Now()
				pace.taken(now)
				p = c.commit(p, now)
			}
		case <-c.health.retry.C:
			c.retry()
		case <-c.health.calm.C:
			c.calm()
		case <-c.life.Done():
			return
		}
	}
}

// turn waits until a commit may begin, and reports whether one is to.
func (c *Committer) turn(p *part, pace *pace) bool {
	if err := c.Fault(); err != nil { // since p was queued
		p.refuse(err)
		return false
	}
	if wait := pace.wait(time.Now()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-c.life.Done():
		}
	}
	return c.life.Err() == nil
}

// commit commits what waits: a part, and those behind it that fit. It returns the one
// that did not.
func (c *Committer) commit(p *part, now time.Time) (rest *part) {
	waiting, events, rest := c.gather(p)
	// A hub that is behind lets this wait; publishers can give up until it has an answer.
	id, err := c.hub.Reserve(events, now)
	if err != nil {
		for _, p := range waiting {
			p.refuse(err)
		}
		return rest
	}
	batch := slices.DeleteFunc(waiting, func(p *part) bool { return !p.claim() })
	kept, _ := c.keep(batch, id, now)
	c.send(kept)
	for _, p := range kept {
		p.done <- nil
	}
	return rest
}

// gather takes parts as long as they fit, and says how many events they have.
func (c *Committer) gather(p *part) (waiting []*part, events int, rest *part) {
	bytes := 0
	for {
		if len(waiting) > 0 && !p.fits(events, bytes) {
			return waiting, events, p
		}
		waiting = append(waiting, p)
		events += len(p.events)
		bytes += p.bytes
		select {
		case p = <-c.queue:
		default:
			return waiting, events, nil
		}
	}
}

// keep writes parts, with the ids from the given one on, and gives those that are kept,
// and the id behind them. The others are told why not.
//
// If there is no room for all in one go, the halves are tried: what is too large is to be
// refused alone. That asks a store at most twice as often as there are parts, and only
// what is kept is synced.
func (c *Committer) keep(batch []*part, first sse.Sequence, now time.Time) (kept []*part, next sse.Sequence) {
	var records []Record
	next = first
	for _, p := range batch {
		p.first = next
		records = p.appendRecords(records, next, now, c.maxAge)
		next = following(next, len(p.events))
	}
	err := c.append(records)
	switch {
	case err == nil:
		return batch, next
	case errors.Is(err, ErrTooLarge) && len(batch) > 1:
		half := len(batch) / 2
		kept, next = c.keep(batch[:half], first, now)
		more, next := c.keep(batch[half:], next, now)
		return slices.Concat(kept, more), next
	}
	for _, p := range batch {
		p.done <- err
	}
	return nil, first
}

// send sends what is kept, or gives the ids back. A hub that has stopped sends nothing, but
// what is in the journal is there to stay: its publishers are told so.
func (c *Committer) send(kept []*part) {
	var committed []actor.Committed
	for _, p := range kept {
		for i := range p.events {
			committed = append(committed, actor.Committed{Frame: p.frames[i], Target: p.events[i].Target, Reply: p.replies[i]})
		}
	}
	_ = c.hub.Commit(committed)
}

// append writes records. A fault is noted, and is the answer to who comes until the store
// can be written again.
func (c *Committer) append(records []Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := c.Fault(); err != nil { // of the half before
		return err
	}
	began := time.Now()
	// Not with the life of the committer: what is begun is finished.
	err := c.store.Append(context.Background(), records)
	if c.took != nil {
		c.took(time.Since(began))
	}
	switch {
	case err == nil:
		c.counts.commit(records)
		return nil
	case errors.Is(err, ErrTooLarge):
		c.tight(err)
		return err
	}
	return c.failed(err)
}
