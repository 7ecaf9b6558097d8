package actor

import (
	"sync/atomic"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// Sink is where a client's frames are written; see outbox.Sink.
type Sink = outbox.Sink

// Written counts what Flush wrote; see outbox.Written.
type Written = outbox.Written

// Outcome says how a Flush ended.
type Outcome = outbox.Outcome

// The outcomes of Client.Flush; see package outbox.
const (
	Idle   = outbox.Idle
	Parked = outbox.Parked
	More   = outbox.More
	Closed = outbox.Closed
)

// Client is the hub's record of one stream. A stream writer uses its exported
// methods; all other fields belong to the hub's goroutine.
//
// There are a million of them: what few clients need is behind a pointer, and a test
// says how large it is.
type Client struct {
	out    outbox.Outbox
	cursor uint64 // order of the last send considered for this client

	accepted  uint64    // publishers' events taken by the outbox
	allowance allowance // of events it may be sent, if Options.EventRate limits them

	lastOffer  uint32 // tick of the last frame offered
	oldAt      uint32 // tick at which MaxAge is reached; 0: never
	slot       uint32 // of the wheel
	atSlot     uint32 // its position there
	atAll      uint32 // its position among everybody
	atDeadline uint32 // its position among the deadlines, if its session ends
	joined     uint32 // events behind this one in the order of all are for it
	reason     atomic.Uint32
	era        uint16 // state.era when it was let in
	phase      phase
	odd        bool // which of an interval's two visits is the main one
	beaten     bool // the last main visit was one for a heartbeat
	doomed     bool // a high-priority event found it full: it gets nothing more
	awaitsGap  bool // it is in gaps.waiting
	replaying  bool // it is in replays, and gets new events from the history, behind what it has missed

	lost   *losses      // nil: it got everything
	shared *sharing     // nil unless others have its user or its session
	extra  *extra       // nil: it needs none
	topics []membership // from then on; not changed any more but for the positions
	packed
}

// phase is what the hub knows of a client.
type phase uint8

const (
	phaseNew    phase = iota // not registered, or refused
	phaseOpen                // in the index
	phaseEnding              // no longer in the index, its connection not yet closed
	phaseGone                // unregistered
)

// NewClient makes the record of a new stream, owned by the caller until its
// first Flush: frames that arrive meanwhile wait. tick is Hub.Now.
func NewClient(info Info, sink Sink, tick uint32) *Client {
	c := &Client{packed: pack(info), extra: extraOf(info)}
	if len(info.Topics) > 0 {
		c.topics = make([]membership, 0, len(info.Topics)) // here, not in the hub, which has more to do
	}
	c.out.Init(sink, tick)
	return c
}

// ID is Info.ID. Any goroutine.
func (c *Client) ID() string { return c.id() }

// Info gives what NewClient was given. Any goroutine, but not while the client is
// being registered.
func (c *Client) Info() Info {
	i := c.unpack()
	if c.extra != nil {
		i.Network, i.Expires = c.extra.network, c.extra.expiry()
		if c.extra.wants != nil {
			i.Topics = c.extra.wants
			return i
		}
	}
	for at := range c.topics { // not the whole membership: the hub may be writing its position
		i.Topics = append(i.Topics, c.topics[at].topic.key)
	}
	return i
}

// Flush writes first, if it is not nil, and then what waits; see
// outbox.Outbox.Flush. Owner only: the goroutine that made the client, a writer
// that received it in a Batch, or a poller that Writable or Hangup made owner.
func (c *Client) Flush(first *sse.Frame, scratch []byte, tick uint32, rounds int, w *Written) Outcome {
	return c.out.Flush(first, scratch, tick, rounds, w)
}

// Blocks reports whether Flush may wait for the peer, and so must be called in a
// goroutine of its own. Any goroutine.
func (c *Client) Blocks() bool { return c.out.Blocks() }

// Aside says that the owner has waited for the peer for long, in a Write of a Sink
// that blocks; see outbox.Outbox.Aside. Any goroutine.
func (c *Client) Aside() { c.out.Aside() }

// Interrupt makes the owner's Write, if it waits, fail; see outbox.Sink. For an
// Entry that asks for it.
func (c *Client) Interrupt() { c.out.Interrupt() }

// Writable says that a parked client's connection takes bytes again. If it
// reports true, the caller is the owner and must see to a Flush. Poller only.
func (c *Client) Writable() (owner bool) { return c.out.Writable() }

// Hangup says that the peer has gone. If it reports true, the caller is the
// owner and must call Flush, which closes. Poller only.
func (c *Client) Hangup() (owner bool) { return c.out.Hangup() }

// EndedBy sets why the stream ends unless that is said already, and gives the
// reason that holds. Any goroutine.
func (c *Client) EndedBy(why Reason) Reason {
	c.reason.CompareAndSwap(0, uint32(why))
	return Reason(c.reason.Load())
}

// Reason is why a stream ended.
type Reason uint32

// The reasons.
const (
	_                  Reason = iota
	ReasonClientClosed        // the peer closed, half-closed or reset the connection
	ReasonWriteFailed         // the connection failed while something was written
	ReasonTimeout             // nothing could be written for ClientTimeout
	ReasonSlowConsumer        // a high-priority event found the outbox full
	ReasonMaxAge              // Options.MaxAge
	ReasonExpired             // Info.Expires
	ReasonShutdown            // the hub drains
	ReasonAdmin               // disconnected by an administrator
	ReasonReset               // the hub was reset
	ReasonStopped             // the hub stopped
	ReasonJournal             // what was kept for it can't be read
	reasons                   // how many there are
)

var reasonNames = [reasons]string{"", "client closed", "write failed", "client timeout", "slow consumer",
	"max age", "session expired", "shutdown", "disconnected by admin", "reset", "stopped", "journal failed"}

// String gives the reason in words.
func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Reasons lists all reasons.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := Reason(1); r < reasons; r++ {
		all = append(all, r)
	}
	return all
}
