package journal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrFailed is the error of a Publish when the store could not be written, for another
// reason than that it is full.
var ErrFailed = errors.New("journal: it can't be written")

// A store that failed is tried again after a while, which grows from the first to the
// last of these. Meanwhile publishers are refused at once: there may be many, and the disk
// is not helped by their waiting.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
)

// calmAfter is how long a store must have done well to be called well again: one that is
// nearly full takes small events and no large ones, and that is one fault, not many.
const calmAfter = 5 * time.Second

// health is how the store fares. But for the fault, the goroutine that commits owns it.
type health struct {
	fault atomic.Pointer[error] // nil: the store could be written when last tried
	wait  time.Duration         // before the next try
	retry *time.Timer           // runs while there is a fault
	calm  *time.Timer           // runs when a fault has gone
	since time.Time             // of the fault that the log has been told; zero: of none
	tight time.Time             // when the log was told that there is little room
}

func (h *health) init() {
	h.wait = firstRetry
	h.retry, h.calm = time.NewTimer(lastRetry), time.NewTimer(calmAfter)
	h.retry.Stop()
	h.calm.Stop()
}

// Fault is why the store can't be written now, an ErrFull or an ErrFailed; nil: it can,
// as far as is known.
func (c *Committer) Fault() error {
	if err := c.health.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// failed notes that the store could not be written, and returns the error for publishers.
func (c *Committer) failed(err error) error {
	if !errors.Is(err, ErrFull) {
		err = fmt.Errorf("%w: %w", ErrFailed, err)
	}
	h := &c.health
	if h.since.IsZero() {
		h.since = time.Now()
		c.log.Error("the journal can't be written; persistent events are refused until it can", "error", err)
	}
	h.fault.Store(&err)
	h.calm.Stop()
	h.retry.Reset(h.wait)
	h.wait = min(2*h.wait, lastRetry)
	return err
}

// tightAgain is how often the log is told that there is little room: every large request
// may find it out.
const tightAgain = time.Minute

// tight notes that what was to be written is too large for the room that is left. That is
// its publisher's trouble and nobody else's: the others go on.
func (c *Committer) tight(err error) {
	if now := time.Now(); now.Sub(c.health.tight) >= tightAgain {
		c.health.tight = now
		c.log.Warn("the journal has little room left; what is too large for it is refused", "error", err)
	}
}

// firstTry finds out whether the store can be written, before somebody relies on it.
func (c *Committer) firstTry() {
	if err := c.store.Append(context.Background(), nil); err != nil {
		_ = c.failed(err)
	}
}

// retry finds out whether the store can be written again.
func (c *Committer) retry() {
	if err := c.store.Append(context.Background(), nil); err != nil {
		_ = c.failed(err)
		return
	}
	c.health.fault.Store(nil)
	c.health.calm.Reset(calmAfter)
}

// calm says that the store is well again.
func (c *Committer) calm() {
	h := &c.health
	c.log.Info("the journal can be written again", "after", (time.Since(h.since) - calmAfter).Round(time.Millisecond).String())
	h.since, h.wait = time.Time{}, firstRetry
}
