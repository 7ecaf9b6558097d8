package sse

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxFieldLength bounds an event's name and id, in characters.
const MaxFieldLength = 128

// Name is an event's type, checked. The zero Name is the default event, which
// EventSource dispatches as "message".
type Name struct{ s string }

// The names that the server itself gives to events. A publisher may not use
// them: a page must be able to trust what a connection or an error event says,
// and neither may carry an id.
const (
	NameConnection = "connection"
	NameHeartbeat  = "heartbeat"
	NameError      = "error"
)

// ParseName checks the name of a publisher's event: at most MaxFieldLength
// characters of valid UTF-8 without CR, LF or NUL, and not one of the server's
// own or EventSource's. "message" is the default event's name and yields the zero Name.
func ParseName(s string) (Name, error) {
	switch s {
	case "":
		return Name{}, errors.New("empty; leave the field out for the default event")
	case "message":
		return Name{}, nil
	case NameConnection, NameHeartbeat, NameError:
		return Name{}, fmt.Errorf("%q is the server's own event; choose another name", s)
	case "open":
		// A browser hands it to onopen, as if the stream had just been opened.
		return Name{}, errors.New(`"open" is EventSource's own event; choose another name`)
	}
	if err := checkField(s); err != nil {
		return Name{}, err
	}
	return Name{s}, nil
}

// String gives the name as EventSource would: "message" for the default event.
func (n Name) String() string {
	if n.s == "" {
		return "message"
	}
	return n.s
}

// ID is what a client sends back as Last-Event-ID, checked. The zero ID means
// that the hub assigns one.
type ID struct{ s string }

// ParseID checks an id given by a publisher: 1 to MaxFieldLength printable
// ASCII characters, of which the first and the last are no spaces. Others would
// never match: several clients send them back as Latin-1, and HTTP drops spaces
// around a header's value (RFC 9110 section 5.5).
func ParseID(s string) (ID, error) {
	if s == "" {
		return ID{}, errors.New("empty; leave the field out to have one assigned")
	}
	if err := checkField(s); err != nil {
		return ID{}, err
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return ID{}, fmt.Errorf("byte %d is %#02x; only printable ASCII comes back unchanged from every client", i, s[i])
		}
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return ID{}, errors.New("a space at its begin or end; HTTP would not send it back")
	}
	return ID{s}, nil
}

// String gives the id; empty for the zero ID.
func (id ID) String() string { return id.s }

// IsZero reports whether the hub is to assign the id.
func (id ID) IsZero() bool { return id.s == "" }

// checkField refuses what would end a field early or make a client ignore it.
func checkField(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > MaxFieldLength {
		return fmt.Errorf("%d characters; at most %d", n, MaxFieldLength)
	}
	if i := strings.IndexAny(s, "\r\n\x00"); i >= 0 {
		return fmt.Errorf("%q at byte %d; CR, LF and NUL are not allowed", s[i], i)
	}
	return nil
}

// Priority decides what happens to an event when a receiver's outbox is full.
type Priority uint8

// Low is dropped first, from half full on; Normal is dropped when full; High
// is never dropped, the stream is ended instead so that the client resumes.
const (
	Normal Priority = iota
	Low
	High
)

// ParsePriority reads "low", "normal" or "high".
func ParsePriority(s string) (Priority, error) {
	switch s {
	case "low":
		return Low, nil
	case "normal":
		return Normal, nil
	case "high":
		return High, nil
	}
	return Normal, fmt.Errorf("%.40q; allowed: low, normal, high", s)
}

// String is ParsePriority's inverse.
func (p Priority) String() string {
	switch p {
	case Low:
		return "low"
	case High:
		return "high"
	}
	return "normal"
}
