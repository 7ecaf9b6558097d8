package actor

import (
	"iter"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Past is what a hub knows of the events before: its history, for the next one. A server
// that is started anew with it goes on as if it had not been away.
type Past struct {
	Floor  sse.Sequence // the newest event that is not in Events any more
	LastID sse.Sequence // the newest event
	Events iter.Seq[PastEvent]
}

// PastEvent is an event of a history.
type PastEvent struct {
	ID     sse.Sequence
	Frame  *sse.Frame // sealed
	Target Target
	At     time.Time // when it was sent, to a tick
}

// Handover gives the history of a hub that has stopped: Events may be walked from then on.
// It gives the zero Past for a hub without a history.
func (h *Hub) Handover() Past {
	<-h.done
	s := h.state
	if s.opts.HistoryEvents == 0 {
		return Past{}
	}
	return Past{Floor: s.history.Floor(), LastID: s.lastID, Events: func(yield func(PastEvent) bool) {
		for e := range s.history.All() {
			to := e.Target()
			past := PastEvent{
				ID:     e.ID,
				Frame:  e.Frame,
				Target: Target{ClientIDs: to.Clients, UserID: to.User, SessionID: to.Session, Topics: to.Topics},
				At:     s.opts.Start.Add(time.Duration(int32(e.Tick())) * TickInterval),
			}
			if !yield(past) {
				return
			}
		}
	}}
}

// remembering takes over what a hub before has kept. It takes it out: whoever holds the
// options would keep events long after they are too old.
func (s *state) remembering(p *Past) {
	if p == nil || p.Events == nil || s.opts.HistoryEvents == 0 {
		return
	}
	if s.lastID.Less(p.LastID) {
		s.lastID = p.LastID
	}
	s.history.Clear(p.Floor, sse.Sequence{})
	for e := range p.Events {
		// Ticks before the start wrap around, as those of a hub that runs for years do.
		tick := uint32(int32(e.At.Sub(s.opts.Start) / TickInterval))
		s.order++
		e.Frame.Rank(uint32(s.order))
		s.history.Append(e.ID, e.Frame, historyTarget(e.Target), tick, until(e.Frame, tick))
	}
	p.Events = nil
}
