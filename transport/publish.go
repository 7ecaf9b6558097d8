package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/wire"
)

// result is what became of one event.
type result struct {
	Success    bool   `json:"success"`
	EventsSent int    `json:"eventsSent"`
	Event      *event `json:"event,omitempty"`
	Persisted  bool   `json:"persisted,omitempty"` // it survives the end of the process
	Code       string `json:"code,omitempty"`      // why it was not sent
}

type event struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
	ID   string          `json:"id"`
}

// publish answers POST /api/sse.
func (s *Server) publish(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	defer s.published(ctx.Time())
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

// published measures a request from its being read to its answer.
func (s *Server) published(read time.Time) {
	took := time.Since(read)
	s.meter.publish.Update(took.Seconds())
	if s.lookout.watched.Load() {
		s.lookout.latency.Add(took)
	}
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
	durable  bool     // the persistent ones are on disk
	stopped  *problem // nil: all were sent
}

// sendAll sends checked events in their order. The first that can't be sent ends
// a batch.
func (s *Server) sendAll(ctx context.Context, items []wire.Item, caller auth.Identity) outcome {
	// Here: an event that is not sent, since it was before, takes nothing.
	if refused := s.pace.takeEvents(caller, len(items)); refused != nil {
		return outcome{stopped: refused}
	}
	if s.committer != nil && somePersistent(items) {
		return s.keepAndSendAll(ctx, items, caller)
	}
	o := outcome{receipts: make([]actor.Receipt, 0, len(items))}
	publisher := s.publishers.Get().(*actor.Publisher)
	defer s.publishers.Put(publisher)
	for i := range items {
		item := &items[i]
		receipt, err := publisher.Send(ctx, sse.NewFrame(item.Event), item.Target)
		if err != nil {
			s.cutShort(&o, items, caller, err)
			break
		}
		s.eventSent(caller, item, receipt)
		o.receipts = append(o.receipts, receipt)
	}
	return o
}

func somePersistent(items []wire.Item) bool {
	for i := range items {
		if items[i].Event.Persistent {
			return true
		}
	}
	return false
}

// keepAndSendAll is sendAll for events of which some are to be kept. They take the same
// way all, so that their order holds.
func (s *Server) keepAndSendAll(ctx context.Context, items []wire.Item, caller auth.Identity) outcome {
	events := make([]journal.Publication, len(items))
	for i := range items {
		events[i] = journal.Publication{Event: items[i].Event, Target: items[i].Target}
	}
	receipts, err := s.committer.Publish(ctx, events)
	for i, receipt := range receipts {
		s.eventSent(caller, &items[i], receipt)
	}
	o := outcome{receipts: receipts, durable: s.opts.Journal.Durable()}
	if err != nil {
		s.cutShort(&o, items, caller, err)
	}
	return o
}

// cutShort notes why the events that have no receipt yet are not sent.
func (s *Server) cutShort(o *outcome, items []wire.Item, caller auth.Identity, err error) {
	s.meter.unsent.Add(len(items) - len(o.receipts))
	first := &items[len(o.receipts)]
	switch {
	case errors.Is(err, journal.ErrFull), errors.Is(err, journal.ErrFailed):
		o.stopped = journalProblem(err) // the log is told once that it fails, not of each event
	case errors.Is(err, actor.ErrDraining), errors.Is(err, actor.ErrStopped):
		o.stopped = &shuttingDown
		s.log.sendFailed(caller, first, err)
	default:
		o.stopped = &overloaded
		s.log.sendFailed(caller, first, err)
	}
	s.eventUnsent(caller, first, o.stopped)
}

// journalProblem is what publishers are told of a journal that can't be written. Its error
// is for the log: it may name files.
func journalProblem(err error) *problem {
	if errors.Is(err, journal.ErrFull) {
		return &journalFull
	}
	return &journalFails
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
		b = o.appendResult(b, 0, &items[0])
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
				Persisted:  o.persisted(&items[i]),
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
	for i := range o.receipts {
		if i > 0 {
			b = append(b, ',')
		}
		b = o.appendResult(b, i, &items[i])
	}
	return append(b, "]}"...)
}

// appendResult writes what became of one event that was sent, as result says it. It
// is written by hand because it is the answer to every event, and the event's data is
// JSON already.
func (o outcome) appendResult(b []byte, i int, item *wire.Item) []byte {
	b = append(b, `{"success":true,"eventsSent":`...)
	b = strconv.AppendInt(b, int64(o.receipts[i].Queued), 10)
	b = append(b, `,"event":{"type":`...)
	b = wire.AppendText(b, item.Event.Name.String())
	b = append(b, `,"data":`...)
	b = append(b, item.Data...)
	b = append(b, `,"id":`...)
	b = wire.AppendText(b, o.receipts[i].ID)
	b = append(b, '}')
	if o.persisted(item) {
		b = append(b, `,"persisted":true`...)
	}
	return append(b, '}')
}

// persisted reports whether an event that was sent survives the end of the process.
func (o outcome) persisted(item *wire.Item) bool { return o.durable && item.Event.Persistent }

// partlySent is no fault to try again after: what was sent would be sent twice.
func partlySent(sent, of int) problem {
	return problem{Status: 503, Code: "PARTLY_SENT", Detail: fmt.Sprintf(
		"the first %d of %d events were sent, the others were not (see results); send those in a request of their own, with another Idempotency-Key", sent, of)}
}
