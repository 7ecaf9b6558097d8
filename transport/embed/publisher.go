package embed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/sseutils"
	"github.com/sseactor/sseactor/transport/wire"
)

// publisher hands events to the hub. It reads the same JSON as POST /api/sse, so that the
// same is allowed.
type publisher struct {
	hub     *actor.Hub
	limits  wire.Limits
	timeout time.Duration
}

var (
	errShutdown   = &sseutils.Error{Code: sseutils.ErrShutdown.Code, Detail: "the server is shutting down"}
	errOverloaded = &sseutils.Error{Code: sseutils.ErrOverloaded.Code, Detail: "the hub is behind with its work; this was not sent"}
)

// Publish implements sseutils.Publisher.
func (p *publisher) Publish(ctx context.Context, r sseutils.Request) ([]sseutils.Result, error) {
	if r.IdempotencyKey != "" {
		return nil, invalid("Idempotency-Key", "a hub in the same process remembers none: a call that was answered need not be repeated")
	}
	items, _, err := wire.Decode(r.Body, p.limits)
	if err != nil {
		return nil, faulty(err)
	}
	for i := range items {
		if items[i].Event.Persistent {
			return nil, invalid("persistent", "there are no mailboxes here; see package transport for a server that has them")
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, errOverloaded)
	defer cancel()
	results := make([]sseutils.Result, 0, len(items))
	sender := p.hub.Publisher()
	for i := range items {
		receipt, err := sender.Send(ctx, sse.NewFrame(items[i].Event), items[i].Target)
		if err != nil {
			return results, unsent(err, len(results), len(items))
		}
		results = append(results, sseutils.Result{EventsSent: receipt.Queued, ID: receipt.ID})
	}
	return results, nil
}

func invalid(field, detail string) *sseutils.Error {
	return &sseutils.Error{Code: sseutils.ErrInvalidEvent.Code, Field: field, Detail: field + ": " + detail}
}

// faulty is what wire says of an event, as the server would.
func faulty(err error) error {
	var fault *wire.Fault
	if !errors.As(err, &fault) {
		return err
	}
	e := &sseutils.Error{Code: sseutils.ErrInvalidEvent.Code, Field: fault.Field, Detail: fault.Error()}
	switch {
	case fault.TooLarge && fault.Field == "":
		e.Code = "BATCH_TOO_LARGE"
	case fault.TooLarge:
		e.Code = "EVENT_TOO_LARGE"
	}
	return e
}

// unsent says why the events behind the first ones were not sent.
func unsent(err error, sent, of int) error {
	if errors.Is(err, actor.ErrDraining) || errors.Is(err, actor.ErrStopped) {
		err = errShutdown
	}
	if sent > 0 {
		partly := &sseutils.Error{Code: sseutils.ErrPartlySent.Code, Detail: fmt.Sprintf("the first %d of %d events were sent, the others were not", sent, of)}
		return fmt.Errorf("%w: %w", partly, err)
	}
	return err
}

// filterOf says in the hub's words whose streams are meant.
func filterOf(whose []sseutils.Target) (actor.Filter, error) {
	to, err := sseutils.Resolve(whose...)
	if err != nil {
		return actor.Filter{}, err
	}
	filter := actor.Filter{UserID: to.UserID, SessionID: to.SessionID}
	switch {
	case len(to.Topics) > 1:
		return filter, invalid("topics", "one at a time")
	case len(to.ClientIDs) > 1:
		return filter, invalid("clientIds", "one at a time")
	}
	for _, topic := range to.Topics {
		filter.Topic = topic
	}
	for _, id := range to.ClientIDs {
		filter.ClientID = id
	}
	if filter == (actor.Filter{}) {
		return filter, &sseutils.Error{Code: sseutils.ErrInvalidEvent.Code, Detail: "say whose streams are to end: a user's, a session's, a topic's, or which one"}
	}
	return filter, nil
}
