package actor

import (
	"context"
	"errors"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// The messages. The hub answers each on its reply channel, which has room for
// the one answer (see ask), so the hub never waits for the asker.
type (
	registration struct {
		client *Client
		resume *Resume // nil: it begins with what is sent from now on
		reply  chan<- Welcome
	}
	publication struct {
		frame  *sse.Frame
		target Target
		*call
	}
	question struct {
		reply chan<- Stats
	}
	listing struct {
		filter        Filter
		cursor, limit int
		reply         chan<- Page
	}
	disconnection struct {
		filter Filter
		reply  chan<- int
	}
	draining struct {
		window time.Duration
		reply  chan<- struct{}
	}
	resetting struct {
		reply chan<- struct{}
	}
)

// message is one of the rarer ones, which share a channel: each case of the hub's select
// costs every message some time.
type message interface{ do(s *state) }

func (m listing) do(s *state)   { m.reply <- s.list(m.filter, m.cursor, m.limit) }
func (m draining) do(s *state)  { s.drain(m.window, m.reply) }
func (m resetting) do(s *state) { s.reset(m.reply) }

// Admission is the hub's answer to a new stream. The zero Admission is none.
type Admission uint8

// The admissions.
const (
	_         Admission = iota
	Admitted            // it is a stream
	Full                // MaxClients streams are open
	Draining            // the hub is shutting down
	Duplicate           // a client with this id is registered
	TooMany             // of one user, session or address; Welcome.Limit says which
	Stale               // the journal was read too long ago; see Hub.Rejoin
)

// Welcome is the answer to Register.
type Welcome struct {
	Admission Admission
	LastID    sse.Sequence // the newest event before this stream's first
	Limit     string       // of TooMany: "user", "session" or "address"
	Replay    Replay       // of what the stream has missed, of Rejoin
}

// ErrStopped is the answer of a hub that has been stopped.
var ErrStopped = errors.New("actor: the hub has stopped")

// ErrDraining is the answer to a send while the hub drains.
var ErrDraining = errors.New("actor: the hub is draining")

// Register asks for a new stream to be let in. If it is admitted, the caller
// writes the response head as its first Flush, and the client's connection must
// be unregistered once it is closed; if not, the hub does not know the client.
func (h *Hub) Register(c *Client) (Welcome, error) {
	return ask(context.Background(), h, h.registers, func(reply chan<- Welcome) registration {
		return registration{client: c, reply: reply}
	})
}

// Unregister tells the hub that an admitted client's connection is closed, after
// the Flush that said so. It waits for room in the hub's inbox.
func (h *Hub) Unregister(c *Client) {
	select {
	case h.unregisters <- c:
	case <-h.done:
	}
}

// Metrics asks for the hub's account of itself.
func (h *Hub) Metrics(ctx context.Context) (Stats, error) {
	return ask(ctx, h, h.metrics, func(reply chan<- Stats) question { return question{reply} })
}

// List asks for a page of the clients that filter chooses, newest first. The
// first page's cursor is zero, each later one's the page before's Next; limit is
// cut to 1–1,000.
func (h *Hub) List(ctx context.Context, filter Filter, cursor, limit int) (Page, error) {
	return ask(ctx, h, h.others, func(reply chan<- Page) message {
		return listing{filter, cursor, limit, reply}
	})
}

// Disconnect ends the streams that filter chooses with DISCONNECTED_BY_ADMIN and
// says how many they were. The zero Filter chooses none here. Many are ended in
// slices, and go on being so if ctx ends first.
func (h *Hub) Disconnect(ctx context.Context, filter Filter) (int, error) {
	return ask(ctx, h, h.disconnects, func(reply chan<- int) disconnection {
		return disconnection{filter, reply}
	})
}

// Drain refuses new streams and sends from now on, ends all streams over the
// window, each with SERVER_SHUTDOWN and its own random retry, and returns when
// all their connections are closed.
func (h *Hub) Drain(ctx context.Context, window time.Duration) error {
	_, err := ask(ctx, h, h.others, func(reply chan<- struct{}) message {
		return draining{window, reply}
	})
	return err
}

// Reset ends all streams, forgets the history and zeroes the counters.
func (h *Hub) Reset(ctx context.Context) error {
	_, err := ask(ctx, h, h.others, func(reply chan<- struct{}) message {
		return resetting{reply}
	})
	return err
}

// tell is ask for a message that must not be given up once the hub has it.
func tell[R any](h *Hub, m func(chan<- R) message) (R, error) {
	return ask(context.Background(), h, h.others, m)
}

// ask sends a message that carries a new reply channel, and waits for the answer.
func ask[M, R any](ctx context.Context, h *Hub, inbox chan<- M, message func(chan<- R) M) (R, error) {
	reply := make(chan R, 1)
	var none R
	select {
	case inbox <- message(reply):
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case <-h.done:
		return none, ErrStopped
	}
	select {
	case r := <-reply:
		return r, nil
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case <-h.done:
	}
	select {
	case r := <-reply: // the answer was its last
		return r, nil
	default:
		return none, ErrStopped
	}
}
