package sseutils

import (
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Option is what may be said of an event besides its type and its data: a Target, a
// Priority, Persistent, and what the functions below make.
type Option interface{ apply(*Event) }

type option func(*Event)

func (o option) apply(e *Event) { o(e) }

func (t Target) apply(e *Event) { e.target.add(t) }

// Priority is what happens to an event when a receiver is too slow. It is an Option.
type Priority string

// The priorities: events of low priority are dropped first; for one of high priority the
// stream is ended instead, so that its client comes back and gets it.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
)

func (p Priority) apply(e *Event) {
	if _, err := sse.ParsePriority(string(p)); err != nil {
		e.fault("priority", err.Error())
	}
	e.priority = p
}

// Persistent keeps an event for receivers that are away. Not together with Clients, whose
// streams are gone when they are.
const Persistent persistence = true

type persistence bool

func (p persistence) apply(e *Event) { e.persistent = bool(p) }

// TTL is for how long somebody who was away still gets the event, in whole seconds; a part
// of one counts as one. Without it, it is kept as long as the server keeps any.
func TTL(d time.Duration) Option {
	return option(func(e *Event) {
		if e.ttl = int64((d + time.Second - 1) / time.Second); e.ttl < 1 {
			e.fault("ttl", "not positive; leave it out to keep the event as long as any")
		}
	})
}

// ID gives an event an id of one's own. Without it the server assigns one.
func ID(id string) Option {
	return option(func(e *Event) {
		if _, err := sse.ParseID(id); err != nil {
			e.fault("id", err.Error())
		}
		e.id = id
	})
}

// Reconnect tells those who get the event to wait so long before they reconnect.
func Reconnect(after time.Duration) Option {
	return option(func(e *Event) {
		if e.retry = after.Milliseconds(); e.retry < 1 || after > sse.MaxRetry {
			e.fault("retry", "not 1ms to "+sse.MaxRetry.String())
		}
	})
}

// At is what an event's timestamp says; without it, the time of the call. A job that
// repeats a call under its own IdempotencyKey needs it: the same key with another body is
// an error.
func At(t time.Time) Option { return option(func(e *Event) { e.at = t }) }

// IdempotencyKey makes a call under which the server has been sent the same event before
// send nothing again, and give the first one's answer. Without it each call has a random
// one, for its own attempts. A batch has one key.
func IdempotencyKey(key string) Option {
	return option(func(e *Event) {
		ok := len(key) >= 1 && len(key) <= 255
		for i := range len(key) {
			ok = ok && key[i] >= 0x20 && key[i] <= 0x7e
		}
		if !ok {
			e.fault("Idempotency-Key", "not 1 to 255 printable ASCII characters")
		}
		e.key = key
	})
}
