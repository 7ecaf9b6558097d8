package transport

import (
	"context"
	"encoding/json"
	"errors"

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

// batchResult is the answer to a batch: the events' results in their order.
type batchResult struct {
	Success    bool     `json:"success"`
	EventsSent int      `json:"eventsSent"`
	Results    []result `json:"results"`
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
	var fault *wire.Fault
	if errors.As(err, &fault) {
		p := problem{Status: 400, Code: "INVALID_EVENT", Field: fault.Field, Detail: fault.Error()}
		if fault.TooLarge {
			p.Status, p.Code = 413, "EVENT_TOO_LARGE"
		}
		reply(ctx, p)
		return
	}
	deadline, cancel := context.WithTimeout(context.Background(), s.opts.PublishTimeout)
	defer cancel()
	if key == "" {
		s.sendAll(deadline, items, batch, caller).write(ctx)
		return
	}
	a, state := s.answers.once(deadline, key, ctx.PostBody(), func() answer {
		return s.sendAll(deadline, items, batch, caller)
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
		a.write(ctx)
	}
}

// answer is a whole answer to a publisher, which may be given again.
type answer struct {
	problem *problem
	body    []byte
	sent    bool // something was sent
}

func (a answer) write(ctx *fasthttp.RequestCtx) {
	if a.problem != nil {
		reply(ctx, *a.problem)
		return
	}
	ctx.SetContentType("application/json")
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.SetBody(a.body)
}

// sendAll sends checked events in their order. The first that can't be sent ends
// a batch, and the answer says what became of each.
func (s *Server) sendAll(ctx context.Context, items []wire.Item, batch bool, caller auth.Identity) answer {
	all := batchResult{Success: true, Results: make([]result, 0, len(items))}
	for i := range items {
		item := &items[i]
		frame := sse.NewFrame(item.Event)
		receipt, err := s.hub.Send(ctx, frame, item.Target)
		if err != nil {
			p := overloaded
			if errors.Is(err, actor.ErrDraining) || errors.Is(err, actor.ErrStopped) {
				p = shuttingDown
			}
			s.log.sendFailed(caller, item, err)
			s.meter.unsent.Add(len(items) - i)
			if batch {
				for range items[i:] {
					all.Results = append(all.Results, result{Code: p.Code})
				}
				p.Results = all.Results
			}
			return answer{problem: &p, sent: i > 0}
		}
		s.log.sent(caller, item, receipt)
		all.EventsSent += receipt.Queued
		all.Results = append(all.Results, result{
			Success:    true,
			EventsSent: receipt.Queued,
			Event:      &event{Type: item.Event.Name.String(), Data: item.Data, ID: receipt.ID},
		})
	}
	var body []byte
	var err error
	if batch {
		body, err = json.Marshal(all)
	} else {
		body, err = json.Marshal(all.Results[0])
	}
	if err != nil {
		panic("transport: " + err.Error()) // the data was valid JSON when it came
	}
	return answer{body: body, sent: true}
}
