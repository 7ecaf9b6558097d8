package actor

import (
	"errors"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// An event that is to survive a crash is written to a journal before anybody gets it,
// and it is written with its id. So its id is reserved first; what is sent while the
// journal writes gets ids below it, of which there are always enough, and for every
// client ids increase. Between Reserve and Commit the hub goes on as ever.

// maxReserved is how many events one reservation may be for.
const maxReserved = 1 << 16

// Committed is an event that a journal holds, to be sent.
type Committed struct {
	Frame  *sse.Frame // new, as for Send; sealed with the reserved id
	Target Target
	Reply  chan<- Receipt // gets the answer; must have room for it, or Commit refuses all
}

// The answers to a Reserve while a reservation is open, to a Reserve of too many or too
// few, and to a Commit of more than was reserved, or without room for the answers.
var (
	ErrReserved    = errors.New("actor: ids are reserved already")
	ErrNotReserved = errors.New("actor: more events than ids are reserved for, or no room for their answers")
)

// Reserve reserves the ids of n events, 1 to 65,536: the first is returned, the others
// count up its N. One reservation may be open at a time, until Commit. now is the time
// by the caller's clock: ids tell it to the millisecond. Each reservation takes a
// millisecond of its own, so with more than one in each, ids run ahead of the clock; and
// the hub after this one must begin above them (Options.LastID). With an error
// (ErrDraining, ErrStopped, ErrReserved, ErrNotReserved) nothing is reserved. One goroutine
// at a time.
func (h *Hub) Reserve(n int, now time.Time) (sse.Sequence, error) {
	if n < 1 || n > maxReserved {
		return sse.Sequence{}, ErrNotReserved
	}
	r, err := tell(h, func(reply chan<- reserved) message {
		return &reserving{n: n, milliseconds: uint64(max(now.UnixMilli(), 0)), reply: reply}
	})
	if err != nil {
		return sse.Sequence{}, err
	}
	return r.first, r.err
}

// Commit sends the events for which ids were reserved, the first with the first id, and
// closes the reservation; none but closes it. It returns when the hub has taken them,
// and each is answered on its Reply, while draining too. With ErrNotReserved none is
// sent, and the reservation stays as it is; with ErrStopped none may be answered. The
// goroutine that called Reserve.
func (h *Hub) Commit(events []Committed) error {
	for _, e := range events {
		if len(e.Reply) == cap(e.Reply) { // the hub would wait
			return ErrNotReserved
		}
	}
	taken, err := tell(h, func(reply chan<- bool) message { return &committing{events, reply} })
	if err == nil && !taken {
		err = ErrNotReserved
	}
	return err
}

type (
	reserving struct {
		n            int
		milliseconds uint64
		reply        chan<- reserved
	}
	reserved struct {
		first sse.Sequence
		err   error
	}
	committing struct {
		events []Committed
		reply  chan<- bool
	}
)

func (m *reserving) do(s *state)  { s.reservation.open(s, m) }
func (m *committing) do(s *state) { s.reservation.commit(m) }

// reservation is the ids that a journal is writing with, and the events that have been
// written and are yet to be sent.
//
// Not safe for concurrent use; the hub goroutine owns it.
type reservation struct {
	next    sse.Sequence // of the ids that are reserved; zero: none are
	left    int          // how many
	written []Committed
	waiting *reserving // until those are sent
}

func (r *reservation) isOpen() bool { return !r.next.IsZero() }

func (r *reservation) open(s *state, m *reserving) {
	switch {
	case s.draining:
		m.reply <- reserved{err: ErrDraining}
	case len(r.written) > 0 && r.waiting == nil:
		r.waiting = m
	case r.isOpen():
		m.reply <- reserved{err: ErrReserved}
	default:
		// A millisecond that no event has had yet: below it there are ids without end.
		r.next = sse.Sequence{Milliseconds: max(m.milliseconds, s.lastID.Milliseconds+1)}
		r.left = m.n
		m.reply <- reserved{first: r.next}
	}
}

func (r *reservation) commit(m *committing) {
	if len(m.events) > 0 && (!r.isOpen() || len(r.written) > 0 || len(m.events) > r.left) {
		m.reply <- false
		return
	}
	if len(r.written) == 0 { // else a Commit of none has come too late
		r.written = m.events
		if len(r.written) == 0 {
			r.next = sse.Sequence{}
		}
	}
	m.reply <- true
}

// committing reports whether events that are written are being sent. No others are
// meanwhile: there is no id between theirs.
func (s *state) committing() bool { return len(s.reservation.written) > 0 }

// maxCommitted is how many events are sent in a slice, though they have few receivers.
const maxCommitted = 64

// committable reports whether some can be sent now.
func (s *state) committable() bool {
	return s.committing() && s.accepting() && !s.writers.congested()
}

// commitSlice sends some of them: as many as make no more deliveries than a sweep's slice.
func (s *state) commitSlice() {
	r := &s.reservation
	before := s.stats.Deliveries
	for range maxCommitted {
		if !s.accepting() || s.writers.congested() || s.stats.Deliveries-before >= sliceSize {
			return
		}
		e := r.written[0]
		r.written[0] = Committed{} // or the batch would be kept until its last
		r.written = r.written[1:]
		id := r.next
		r.next.N++
		s.lastID = id
		s.publish(id, e.Frame, e.Target, e.Reply)
		if len(r.written) == 0 {
			r.close(s)
			return
		}
	}
}

func (r *reservation) close(s *state) {
	waiting := r.waiting
	*r = reservation{}
	if waiting != nil {
		r.open(s, waiting)
	}
}

// nextID is the id of the next event that no journal writes.
func (s *state) nextID() sse.Sequence {
	ms := s.milliseconds
	if s.reservation.isOpen() {
		ms = min(ms, s.reservation.next.Milliseconds-1)
	}
	return s.lastID.Next(ms)
}
