// Package wire reads the JSON of POST /api/sse and checks it: what leaves here can
// be sent as it is. It reads no more than it is given and keeps nothing. It also has
// what each GET /api/sse begins with.
package wire

import (
	"encoding/json"
	"fmt"
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
	Data string
}

// Decode reads an event, or an array of them, which is a batch even if it holds
// one. The error is a *Fault and names the first fault, of the JSON before that of
// an event; nothing of a faulty batch is returned.
//
// The standard library says whether it is JSON at all. What then remains is to find
// the fields, which takes a fraction of what decoding by token or into structs does:
// this is on the path of every event.
func Decode(body []byte, limits Limits) (items []Item, batch bool, err error) {
	if !utf8.Valid(body) {
		return nil, false, fault("", "the body is not valid UTF-8")
	}
	if !json.Valid(body) {
		return nil, false, notJSON(body)
	}
	switch body = skipSpace(body); body[0] {
	case '{':
		items = make([]Item, 1)
		if err := readEvent(&items[0], body, place{event: -1}, limits); err != nil {
			return nil, false, err
		}
		return items, false, nil
	case '[':
		items, err = readBatch(body, limits)
		return items, true, err
	}
	return nil, false, fault("", "the body is a JSON %s; send an event as an object, or an array of them", kindOf(body))
}

func readBatch(body []byte, limits Limits) (items []Item, err error) {
	for element := range elements(body) {
		if len(items) == limits.Events {
			return nil, &Fault{Message: fmt.Sprintf("more than %d events in a batch", limits.Events), TooLarge: true}
		}
		at := place{event: len(items)}
		if element[0] != '{' {
			return nil, fault(at.String(), "not an event; a batch is an array of objects")
		}
		items = append(items, Item{})
		if err := readEvent(&items[at.event], element, at, limits); err != nil {
			return nil, err
		}
	}
	if len(items) == 0 {
		return nil, fault("", "the batch is empty; send at least one event")
	}
	return items, nil
}
