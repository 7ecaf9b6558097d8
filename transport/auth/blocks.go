package auth

import (
	"errors"
	"sync"
	"time"
)

// Blocks is who must not come back for a while: users that were banned, sessions that
// were ended. Safe for concurrent use.
type Blocks struct {
	most int

	mu    sync.RWMutex
	until map[Blocked]time.Time
}

// Blocked is a user or a session; one of the two.
type Blocked struct{ UserID, SessionID string }

// ErrTooManyBlocks: as many as may be are kept.
var ErrTooManyBlocks = errors.New("auth: too many are blocked")

// NewBlocks keeps at most so many.
func NewBlocks(most int) *Blocks { return &Blocks{most: most, until: map[Blocked]time.Time{}} }

// Block keeps somebody out until then, in the place of what was said before.
func (b *Blocks) Block(who Blocked, until, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.until[who]; !known && len(b.until) >= b.most {
		if b.expire(now); len(b.until) >= b.most {
			return ErrTooManyBlocks
		}
	}
	b.until[who] = until
	return nil
}

// Lift lets somebody in again; false: who was not blocked.
func (b *Blocks) Lift(who Blocked, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	until, known := b.until[who]
	delete(b.until, who)
	return known && now.Before(until)
}

// Bars reports whether a stream of this user and this session must not be opened.
func (b *Blocks) Bars(user, session string, now time.Time) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if len(b.until) == 0 {
		return false
	}
	return user != "" && now.Before(b.until[Blocked{UserID: user}]) ||
		session != "" && now.Before(b.until[Blocked{SessionID: session}])
}

// All lists who is blocked, and until when.
func (b *Blocks) All(now time.Time) map[Blocked]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	all := make(map[Blocked]time.Time, len(b.until))
	for who, until := range b.until {
		all[who] = until
	}
	return all
}

func (b *Blocks) expire(now time.Time) {
	for who, until := range b.until {
		if !now.Before(until) {
			delete(b.until, who)
		}
	}
}
