// Package ratelimit bounds how often each of many callers may do something.
package ratelimit

import (
	"time"

	"github.com/puzpuzpuz/xsync/v3"
)

// Limiter lets each caller do so many things a second, and as many at once as its burst
// is after a while of doing nothing. It is a leaky bucket without a clock of its own
// (the "generic cell rate algorithm", ITU-T I.371): of each caller it keeps the time at
// which its bucket will be empty again. Safe for concurrent use.
type Limiter struct {
	each    int64 // nanoseconds that one thing takes
	burst   int64 // nanoseconds that may be owed
	most    int   // callers
	callers *xsync.MapOf[string, int64]
}

// New makes a limiter of perSecond things for each caller, with a burst of as many as
// are named; both are at least 1. It knows at most so many callers at a time: beyond
// them the others share one allowance.
func New(perSecond, burst, most int) *Limiter {
	each := int64(time.Second) / int64(max(perSecond, 1))
	return &Limiter{each: each, burst: each * int64(max(burst, 1)), most: most, callers: xsync.NewMapOf[string, int64]()}
}

// Take does n things in the name of a caller. If even one is too much now, nothing is
// taken, and wait says how long that will be so. More than one may be owed for: the next
// come later by as much.
func (l *Limiter) Take(caller string, n int, now time.Time) (wait time.Duration, ok bool) {
	if l.callers.Size() >= l.most {
		if _, known := l.callers.Load(caller); !known {
			caller = ""
		}
	}
	at := now.UnixNano()
	l.callers.Compute(caller, func(empty int64, _ bool) (int64, bool) {
		empty = max(empty, at)
		if over := empty + l.each - at - l.burst; over > 0 {
			wait = time.Duration(over)
			return empty, false
		}
		ok = true
		return empty + int64(n)*l.each, false
	})
	return wait, ok
}

// Forget forgets those who have been quiet for long enough to have their whole burst
// again. Call it now and then.
func (l *Limiter) Forget(now time.Time) {
	at := now.UnixNano()
	l.callers.Range(func(caller string, _ int64) bool {
		l.callers.Compute(caller, func(empty int64, _ bool) (int64, bool) { return empty, empty <= at })
		return true
	})
}

// Len is how many callers are known.
func (l *Limiter) Len() int { return l.callers.Size() }
