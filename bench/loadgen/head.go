package loadgen

import (
	"bytes"
	"errors"
	"fmt"
)

// Framing says how a response's body ends.
type Framing uint8

// The framings.
const (
	UntilClose Framing = iota
	Chunked
	Length
)

// Head is what the client needs of a response's head.
type Head struct {
	Status     int
	Framing    Framing
	Length     int  // of the body, with Framing Length
	RetryAfter int  // seconds; -1: no such header
	EventsType bool // Content-Type is text/event-stream
}

// maxHead bounds a response's head.
const maxHead = 16 << 10

// ParseHead reads the response head at the start of b. n is its length, 0 if it
// is not complete.
func ParseHead(b []byte) (h Head, n int, err error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > maxHead {
			return h, 0, fmt.Errorf("response head of more than %d bytes", maxHead)
		}
		return h, 0, nil
	}
	h.RetryAfter = -1
	first, rest, _ := bytes.Cut(b[:end], []byte("\r\n"))
	if len(first) < 12 || !bytes.HasPrefix(first, []byte("HTTP/1.")) {
		return h, 0, fmt.Errorf("not a response: %.40q", first)
	}
	status, ok := digits(first[9:12])
	if !ok || status < 100 {
		return h, 0, fmt.Errorf("no status in %.40q", first)
	}
	h.Status = status
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if err := h.header(line); err != nil {
			return h, 0, err
		}
	}
	if h.Status == 204 || h.Status == 304 {
		h.Framing, h.Length = Length, 0
	}
	return h, end + 4, nil
}

func (h *Head) header(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return errors.New("header without a colon")
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if bytes.EqualFold(value, []byte("chunked")) {
			h.Framing = Chunked
		}
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, ok := digits(value)
		if !ok {
			return fmt.Errorf("Content-Length: %.40q", value)
		}
		if h.Framing != Chunked {
			h.Framing, h.Length = Length, n
		}
	case bytes.EqualFold(name, []byte("Retry-After")):
		if n, ok := digits(value); ok {
			h.RetryAfter = n
		}
	case bytes.EqualFold(name, []byte("Content-Type")):
		kind, _, _ := bytes.Cut(value, []byte{';'})
		h.EventsType = bytes.EqualFold(bytes.TrimSpace(kind), []byte("text/event-stream"))
	}
	return nil
}
