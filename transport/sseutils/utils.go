package sseutils

import (
	"context"
	"fmt"
)

// Publisher sends events: a Client over HTTP, package embed to a hub in the same process.
type Publisher interface {
	// Publish sends a request's events, in their order, and says what became of each.
	// With an error the results are those of the first events, which were sent; the
	// others were not, or it is not known whether they were.
	Publish(ctx context.Context, r Request) ([]Result, error)
}

// Request is events whose arguments have been checked.
type Request struct {
	// Body is JSON as POST /api/sse takes it: an event, or an array of several.
	Body []byte
	// Events is how many there are.
	Events int
	// IdempotencyKey is the caller's; empty: there is none.
	IdempotencyKey string
}

// Result is what became of one event.
type Result struct {
	EventsSent int    // the streams that it was queued for; 0 is no fault
	ID         string // its id
	Persisted  bool   // it is on disk, and survives the end of the server
}

// Utils is the calls, over any Publisher. Safe for concurrent use.
type Utils struct {
	publisher Publisher
	onError   func(error)
}

// NewUtils makes the calls for a Publisher of one's own. onError, which may be nil, is
// told each error as well: of a call that nobody checks it is the only trace.
func NewUtils(p Publisher, onError func(error)) *Utils {
	if onError == nil {
		onError = func(error) {}
	}
	return &Utils{p, onError}
}

// SendNotification sends the event "notification": something a person wants to know.
func (u *Utils) SendNotification(ctx context.Context, message string, level Level, options ...Option) (Result, error) {
	return u.send(ctx, NewNotification(message, level, options...))
}

// SendAlert sends the event "alert", whose priority is high unless an option says
// otherwise.
func (u *Utils) SendAlert(ctx context.Context, title, message string, options ...Option) (Result, error) {
	return u.send(ctx, NewAlert(title, message, options...))
}

// SendUpdate sends the event "update": a resource, such as "orders", has changed. Data is
// anything that encoding/json can encode.
func (u *Utils) SendUpdate(ctx context.Context, resource string, action Action, data any, options ...Option) (Result, error) {
	return u.send(ctx, NewUpdate(resource, action, data, options...))
}

// SendSystemMessage sends the event "system": something about the app itself.
func (u *Utils) SendSystemMessage(ctx context.Context, message string, level Level, options ...Option) (Result, error) {
	return u.send(ctx, NewSystemMessage(message, level, options...))
}

// SendCustomEvent sends an event of any type. A string is sent as its text, anything else
// as JSON.
func (u *Utils) SendCustomEvent(ctx context.Context, eventType string, data any, options ...Option) (Result, error) {
	return u.send(ctx, NewEvent(eventType, data, options...))
}

// Broadcast sends an event of any type to everybody.
func (u *Utils) Broadcast(ctx context.Context, eventType string, data any) (Result, error) {
	return u.send(ctx, NewEvent(eventType, data))
}

func (u *Utils) send(ctx context.Context, e Event) (Result, error) {
	results, err := u.Send(ctx, e)
	if err != nil || len(results) == 0 {
		return Result{}, err
	}
	return results[0], nil
}

// Send sends a batch in its order, and gives a result for each event. With an error the
// results are those of the first events, which were sent: after ErrPartlySent send the
// others, events[len(results):], in a call of their own.
func (u *Utils) Send(ctx context.Context, events ...Event) ([]Result, error) {
	request, err := newRequest(events)
	var results []Result
	if err == nil {
		results, err = u.publisher.Publish(ctx, request)
	}
	if err != nil {
		u.onError(err)
	}
	return results, err
}

// newRequest checks events and encodes them.
func newRequest(events []Event) (Request, error) {
	r := Request{Events: len(events)}
	if len(events) == 0 {
		return r, invalid("", "the batch is empty; send at least one event")
	}
	for i, e := range events {
		at := func(err *Error) error {
			if len(events) == 1 {
				return err
			}
			return err.in(i)
		}
		if e.key != "" {
			if r.IdempotencyKey != "" && r.IdempotencyKey != e.key {
				return r, at(invalid("Idempotency-Key", "another one than that of an event before; a batch has one"))
			}
			r.IdempotencyKey = e.key
		}
		body, err := e.MarshalJSON() // not json.Marshal, which would escape < and > again
		if err != nil {
			return r, at(err.(*Error))
		}
		switch {
		case len(events) == 1:
		case i == 0:
			r.Body = append(r.Body, '[')
		default:
			r.Body = append(r.Body, ',')
		}
		r.Body = append(r.Body, body...)
	}
	if len(events) > 1 {
		r.Body = append(r.Body, ']')
	}
	return r, nil
}

// in says in which event of a batch the fault is.
func (e *Error) in(event int) *Error {
	moved := *e
	moved.Field = fmt.Sprintf("[%d].%s", event, e.Field)
	moved.Detail = fmt.Sprintf("[%d].%s", event, e.Detail)
	return &moved
}
