// Package wire reads the JSON of POST /api/sse and checks it: what leaves here can
// be sent as it is. It reads no more than it is given and keeps nothing.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// Limits bound what a publisher may send.
type Limits struct {
	EventBytes int // name and data, as they will be sent
	Events     int // in a batch
	Topics     int // of an event
	ClientIDs  int // of an event
}

// Item is one checked event.
type Item struct {
	Event  sse.Event
	Target actor.Target
	// Data is the publisher's, for the answer: compact JSON.
	Data json.RawMessage
	// Persistent and TTL, in seconds, are for the mailbox of an absent receiver.
	Persistent bool
	TTL        int64
}

// Fault says what is wrong with a body.
type Fault struct {
	Field    string // as "data" or "[3].topics[2]"; empty: the body as a whole
	Message  string // what is wrong, and what is allowed
	TooLarge bool   // a size limit, where more would have been fine
}

func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

func fault(field, format string, args ...any) *Fault {
	return &Fault{Field: field, Message: fmt.Sprintf(format, args...)}
}

// Decode reads an event, or an array of them, which is a batch even if it holds
// one. The error is a *Fault and names the first fault; nothing of a faulty batch
// is returned.
func Decode(body []byte, limits Limits) (items []Item, batch bool, err error) {
	if !utf8.Valid(body) {
		return nil, false, fault("", "the body is not valid UTF-8")
	}
	d := decoder{json.NewDecoder(bytes.NewReader(body)), limits}
	d.UseNumber() // a number's digits would be in the error if they were too many for a float
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil, false, fault("", "the body is empty; send an event or an array of events as JSON")
	}
	if err != nil {
		return nil, false, syntax("", err)
	}
	switch token {
	case json.Delim('{'):
		item, err := d.event("")
		if err != nil {
			return nil, false, err
		}
		items = append(items, item)
	case json.Delim('['):
		batch = true
		for d.More() {
			if len(items) == limits.Events {
				return nil, true, &Fault{Message: fmt.Sprintf("more than %d events in a batch", limits.Events), TooLarge: true}
			}
			field := fmt.Sprintf("[%d]", len(items))
			token, err := d.Token()
			if err != nil {
				return nil, true, syntax(field, err)
			}
			if token != json.Delim('{') {
				return nil, true, fault(field, "not an event; a batch is an array of objects")
			}
			item, err := d.event(field + ".")
			if err != nil {
				return nil, true, err
			}
			items = append(items, item)
		}
		if _, err := d.Token(); err != nil {
			return nil, true, syntax("", err)
		}
		if len(items) == 0 {
			return nil, true, fault("", "the batch is empty; send at least one event")
		}
	default:
		return nil, false, fault("", "the body is a JSON %s; send an event as an object, or an array of them", kind(token))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, batch, fault("", "there is more behind the JSON value")
	}
	return items, batch, nil
}

func kind(token json.Token) string {
	switch token.(type) {
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}

func syntax(field string, err error) *Fault {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault(field, "the JSON ends too early")
	}
	var at *json.SyntaxError
	if errors.As(err, &at) {
		return fault(field, "not valid JSON at byte %d: %v", at.Offset, at)
	}
	return fault(field, "not valid JSON: %v", err)
}
