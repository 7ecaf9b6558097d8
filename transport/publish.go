package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// result is what became of one event.
type result struct {
	Success    bool   `json:"success"`
	EventsSent int    `json:"eventsSent"`
	Event      *event `json:"event,omitempty"`
	Code       string `json:"code,omitempty"` // why it was not sent
}

type event struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
	ID   string          `json:"id"`
}

// publish answers POST /api/sse.
func (s *Server) publish(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	defer s.meter.publish.UpdateDuration(ctx.Time())
	key, refused := idempotencyKey(ctx, caller)
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	items, batch, err := wire.Decode(ctx.PostBody(), s.opts.Events)
	switch {
	case err != nil:
		reply(ctx, faultyEvent(err))
		return
	}
	if refused := s.mayPublish(caller, items, batch); refused != nil {
		reply(ctx, *refused)
		return
	}
	if key != "" {
		s.publishOnce(ctx, caller, key, items, batch)
		return
	}
	s.sendAll(s.deadlines.next(), items, caller).answer(ctx, items, batch)
}

// mayPublish checks every event before any is sent: whether its publisher may send it.
func (s *Server) mayPublish(caller auth.Identity, items []wire.Item, batch bool) *problem {
	for i := range items {
		to := items[i].Target
		err := s.opts.Policy.MaySend(caller, items[i].Event.Name.String(), auth.Addressees{ClientIDs: to.ClientIDs, UserID: to.UserID, SessionID: to.SessionID, Topics: to.Topics})
		var denied *auth.Denied
		if errors.As(err, &denied) {
			return notYours(denied.Field, i, batch)
		}
	}
	return nil
}

// notYours is the answer to an event that its publisher may not send.
func notYours(field string, event int, batch bool) *problem {
	p := problem{Status: 403, Code: "PUBLISH_NOT_ALLOWED", Field: field, Detail: "the caller may not send to everybody; name a receiver"}
	if field != "" {
		p.Detail = field + ": the caller may not send this"
	}
	if batch {
		p.Field = strings.TrimSuffix("["+strconv.Itoa(event)+"]."+field, ".")
		p.Detail = p.Field + ": " + p.Detail
	}
	return &p
}

// faultyEvent is the answer to a body with a fault.
func faultyEvent(err error) problem {
	var fault *wire.Fault
	if !errors.As(err, &fault) {
		return mistake
	}
	p := problem{Status: 400, Code: "INVALID_EVENT", Field: fault.Field, Detail: fault.Error()}
	switch {
	case fault.TooLarge && fault.Field == "":
		p.Status, p.Code = 413, "BATCH_TOO_LARGE"
	case fault.TooLarge:
		p.Status, p.Code = 413, "EVENT_TOO_LARGE"
	}
	return p
}

// publishOnce is publish for a request with an Idempotency-Key.
func (s *Server) publishOnce(ctx *fasthttp.RequestCtx, caller auth.Identity, key string, items []wire.Item, batch bool) {
	deadline := s.deadlines.next()
	o, state := s.answers.once(deadline, key, ctx.PostBody(), func() outcome {
		return s.sendAll(deadline, items, caller)
	})
	switch state {
	case idempotencyMismatch:
		reply(ctx, problem{Status: 422, Code: "IDEMPOTENCY_KEY_REUSED", Field: "Idempotency-Key", Detail: "this key was used with another body"})
	case idempotencyPending:
		reply(ctx, problem{Status: 409, Code: "IDEMPOTENCY_KEY_IN_USE", Field: "Idempotency-Key", Detail: "the first request with this key is still under way", retryAfter: 1})
	case idempotencyReplayed:
		ctx.Response.Header.Set("Idempotency-Replayed", "true")
		fallthrough
	default:
		o.answer(ctx, items, batch)
	}
}

// outcome is what became of a request's events: of the first ones, in their order,
// the receipts, and of the others, why they were not sent. With the request it makes
// the answer, now or again.
type outcome struct {
	receipts []actor.Receipt
	stopped  *problem // nil: all were sent
}

// sendAll sends checked events in their order. The first that can't be sent ends
// a batch.
func (s *Server) sendAll(ctx context.Context, items []wire.Item, caller auth.Identity) outcome {
	// Here: an event that is not sent, since it was before, takes nothing.
	if refused := s.pace.takeEvents(caller, len(items)); refused != nil {
		return outcome{stopped: refused}
	}
	o := outcome{receipts: make([]actor.Receipt, 0, len(items))}
	publisher := s.publishers.Get().(*actor.Publisher)
	defer s.publishers.Put(publisher)
	for i := range items {
		item := &items[i]
		receipt, err := publisher.Send(ctx, sse.NewFrame(item.Event), item.Target)
		if err != nil {
			o.stopped = &overloaded
			if errors.Is(err, actor.ErrDraining) || errors.Is(err, actor.ErrStopped) {
				o.stopped = &shuttingDown
			}
			s.log.sendFailed(caller, item, err)
			s.meter.unsent.Add(len(items) - i)
			break
		}
		s.log.sent(caller, item, receipt)
		o.receipts = append(o.receipts, receipt)
	}
	return o
}

// answer tells the publisher.
func (o outcome) answer(ctx *fasthttp.RequestCtx, items []wire.Item, batch bool) {
	if o.stopped != nil {
		reply(ctx, o.problem(items, batch))
		return
	}
	var room [512]byte // most answers fit, and cost no memory
	b := room[:0]
	if batch {
		b = o.appendBatch(b, items)
	} else {
		b = appendResult(b, o.receipts[0], &items[0])
	}
	replyBytes(ctx, b)
}

// problem is the answer to a request that was not carried out to its end.
func (o outcome) problem(items []wire.Item, batch bool) problem {
	p := *o.stopped
	if batch {
		for i, r := range o.receipts {
			p.Results = append(p.Results, result{
				Success:    true,
				EventsSent: r.Queued,
				Event:      &event{Type: items[i].Event.Name.String(), Data: json.RawMessage(items[i].Data), ID: r.ID},
			})
		}
		for range items[len(o.receipts):] {
			p.Results = append(p.Results, result{Code: p.Code})
		}
	}
	if len(o.receipts) > 0 {
		part := partlySent(len(o.receipts), len(items))
		part.Results = p.Results
		return part
	}
	return p
}

// appendBatch writes the answer to a batch: the events' results in their order.
func (o outcome) appendBatch(b []byte, items []wire.Item) []byte {
	sum := 0
	for _, r := range o.receipts {
		sum += r.Queued
	}
	b = append(b, `{"success":true,"eventsSent":`...)
	b = strconv.AppendInt(b, int64(sum), 10)
	b = append(b, `,"results":[`...)
	for i, r := range o.receipts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendResult(b, r, &items[i])
	}
	return append(b, "]}"...)
}

// appendResult writes what became of one event that was sent, as result says it. It
// is written by hand because it is the answer to every event, and the event's data is
// JSON already.
func appendResult(b []byte, r actor.Receipt, item *wire.Item) []byte {
	b = append(b, `{"success":true,"eventsSent":`...)
	b = strconv.AppendInt(b, int64(r.Queued), 10)
	b = append(b, `,"event":{"type":`...)
	b = appendText(b, item.Event.Name.String())
	b = append(b, `,"data":`...)
	b = append(b, item.Data...)
	b = append(b, `,"id":`...)
	b = appendText(b, r.ID)
	return append(b, "}}"...)
}

// partlySent is no fault to try again after: what was sent would be sent twice.
func partlySent(sent, of int) problem {
	return problem{Status: 503, Code: "PARTLY_SENT", Detail: fmt.Sprintf(
		"the first %d of %d events were sent, the others were not (see results); send those in a request of their own, with another Idempotency-Key", sent, of)}
}
