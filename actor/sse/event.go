package sse

import "time"

// Event is what a publisher said, checked and ready to be encoded.
type Event struct {
	Name     Name
	ID       ID            // zero: the hub assigns one
	Data     string        // valid UTF-8; CR, LF and CRLF end its lines
	Retry    time.Duration // zero: no retry field; else rounded to milliseconds
	Priority Priority
	// Persistent events are also kept for receivers that are away; see package journal.
	Persistent bool
	// TTL bounds for how long a receiver that was away gets the event, to the second. Zero:
	// as long as it is kept.
	TTL time.Duration
}

// MaxRetry bounds a retry field. More would keep a page away for good.
const MaxRetry = 24 * time.Hour
