package journal

import (
	"context"
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
	err = c.keepAndSend(batch, id, now)
	for _, p := range batch {
		p.done <- err
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

// keepAndSend writes a batch and sends it, with the ids from the given one on. An error
// means that nothing of it was kept or sent.
func (c *Committer) keepAndSend(batch []*part, id sse.Sequence, now time.Time) error {
	var records []Record
	var committed []actor.Committed
	for _, p := range batch {
		p.first = id
		records = p.appendRecords(records, id, now, c.maxAge)
		for i := range p.events {
			committed = append(committed, actor.Committed{Frame: p.frames[i], Target: p.events[i].Target, Reply: p.replies[i]})
		}
		id = following(id, len(p.events))
	}
	if len(records) > 0 {
		if err := c.append(records, now); err != nil {
			_ = c.hub.Commit(nil) // a hub that has stopped has no reservation to give back
			return err
		}
	}
	// A hub that has stopped sends nothing, but what is in the journal is there to stay:
	// its publishers are told so.
	_ = c.hub.Commit(committed)
	return nil
}

// append writes records. A fault is noted, and is the answer to who comes until the store
// can be written again.
func (c *Committer) append(records []Record, began time.Time) error {
	// Not with the life of the committer: what is begun is finished.
	err := c.store.Append(context.Background(), records)
	if c.took != nil {
		c.took(time.Since(began))
	}
	if err != nil {
		return c.failed(err)
	}
	c.counts.commit(records)
	return nil
}
