package actor

import (
	"context"
	"sync/atomic"

	"github.com/sseactor/sseactor/actor/sse"
)

// Publisher sends events, one after the other, and uses again what each send needs.
// Not safe for concurrent use: one goroutine has it at a time.
type Publisher struct {
	hub  *Hub
	call *call // nil while the hub may still hold the last one
}

// call is what a publisher and the hub share while an event is under way.
type call struct {
	claim atomic.Bool // set by the hub when it takes the event, or by a publisher who gives up
	reply chan Receipt
}

// Publisher makes a publisher. Any goroutine.
func (h *Hub) Publisher() *Publisher { return &Publisher{hub: h} }

// Send publishes one event; see Publisher.Send. Any goroutine.
func (h *Hub) Send(ctx context.Context, frame *sse.Frame, target Target) (Receipt, error) {
	return h.Publisher().Send(ctx, frame, target)
}

// Send publishes an event. The frame must be new: the hub seals it, and it may be
// read, but not changed, after Send has returned without an error.
//
// While the hub or the writers are behind, Send waits, as long as ctx allows. With
// an error the event was not sent to anybody: either the hub takes it, and then
// Send waits for the receipt, or the publisher takes it back. Only a hub that is
// stopped in the middle of a send may have sent it to some.
func (p *Publisher) Send(ctx context.Context, frame *sse.Frame, target Target) (Receipt, error) {
	h, c := p.hub, p.call
	p.call = nil
	if c == nil {
		reply := make(chan Receipt, 1)
		c = &call{reply: reply}
	}
	m := publication{frame, target, c}
	select {
	case h.sends <- m:
	default: // the slower way, now that it has to wait
		select {
		case h.sends <- m:
		case <-ctx.Done():
			return Receipt{}, context.Cause(ctx)
		case <-h.done:
			return Receipt{}, ErrStopped
		}
	}
	select {
	case r := <-c.reply:
		return p.finish(c, r)
	case <-ctx.Done():
		if c.claim.CompareAndSwap(false, true) {
			return Receipt{}, context.Cause(ctx)
		}
	case <-h.done:
	}
	select {
	case r := <-c.reply:
		return p.finish(c, r)
	case <-h.done:
	}
	select {
	case r := <-c.reply: // the hub's last answer
		return p.finish(c, r)
	default:
		return Receipt{}, ErrStopped
	}
}

// finish takes the answer, behind which the hub has no more to do with the call.
func (p *Publisher) finish(c *call, r Receipt) (Receipt, error) {
	c.claim.Store(false)
	p.call = c
	if r.draining {
		return Receipt{}, ErrDraining
	}
	return r, nil
}
