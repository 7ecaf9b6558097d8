package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Tickets lets in callers that can't send a header, such as a browser's EventSource: a
// ticket stands in the query, so it is good once and not for long. Its log line, its
// referrer or its place in a history is of no use to anybody. Safe for concurrent use.
type Tickets struct {
	life time.Duration
	most int
	now  func() time.Time

	mu      sync.Mutex
	rotated time.Time
	newest  map[ticketHash]ticket // made since rotated
	older   map[ticketHash]ticket // made in the life before that
}

type (
	ticketHash [sha256.Size]byte
	ticket     struct {
		identity Identity
		expires  time.Time
	}
)

// ErrTooManyTickets: as many as may be are open.
var ErrTooManyTickets = errors.New("auth: too many tickets are open")

// NewTickets makes tickets that live so long, of which at most so many are kept for each
// life.
func NewTickets(life time.Duration, most int) *Tickets {
	return &Tickets{life: life, most: most, now: time.Now, newest: map[ticketHash]ticket{}}
}

// Issue makes a ticket for somebody. What it is good for ends at the latest when the
// identity does.
func (t *Tickets) Issue(id Identity) (text string, expires time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.rotate()
	if len(t.newest) >= t.most {
		return "", time.Time{}, ErrTooManyTickets
	}
	var b [32]byte
	rand.Read(b[:]) // never fails: the program ends if the system has no randomness
	text = base64.RawURLEncoding.EncodeToString(b[:])
	expires = now.Add(t.life)
	t.newest[sha256.Sum256([]byte(text))] = ticket{id, expires}
	return text, expires, nil
}

// Redeem says whose ticket it is, once. The error is ErrRejected; a ticket that was used
// or has expired is like one that never was.
func (t *Tickets) Redeem(text string) (Identity, error) {
	hash := ticketHash(sha256.Sum256([]byte(text)))
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.rotate()
	for _, open := range []map[ticketHash]ticket{t.newest, t.older} {
		if found, ok := open[hash]; ok {
			delete(open, hash)
			if now.Before(found.expires) {
				return found.identity, nil
			}
		}
	}
	return Identity{}, ErrRejected
}

// rotate forgets what has expired, all at once, and gives the time.
func (t *Tickets) rotate() time.Time {
	now := t.now()
	if age := now.Sub(t.rotated); age >= t.life {
		t.older = t.newest
		if age >= 2*t.life {
			t.older = nil
		}
		t.newest, t.rotated = map[ticketHash]ticket{}, now
	}
	return now
}

// Format implements fmt.Formatter.
func (t *Tickets) Format(f fmt.State, _ rune) { fmt.Fprint(f, "tickets") }
