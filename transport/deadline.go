package transport

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
)

// deadlines are contexts that end after a time, each shared by all requests that
// begin within one tick: a context with a timer for each would be a good part of what
// a publish costs.
//
// Safe for concurrent use.
type deadlines struct {
	after  time.Duration
	latest atomic.Pointer[deadline]
}

type deadline struct{ context.Context }

func newDeadlines(after time.Duration) *deadlines {
	d := &deadlines{after: after}
	d.tick()
	return d
}

// next is a context that ends when the time has passed, give or take a tick or two.
func (d *deadlines) next() context.Context { return d.latest.Load() }

// tick is called at each tick. What was given out before still ends in its time.
func (d *deadlines) tick() {
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(d.after+actor.TickInterval, func() { cancel(context.DeadlineExceeded) })
	d.latest.Store(&deadline{ctx})
}
