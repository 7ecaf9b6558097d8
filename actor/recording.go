package actor

import (
	"slices"

	"github.com/sseactor/sseactor/actor/internal/history"
	"github.com/sseactor/sseactor/actor/sse"
)

// historyLimits are the history's. It holds at least what an outbox does, or streams
// that replay could not keep up with what is sent meanwhile.
func historyLimits(o Options) history.Limits {
	return history.Limits{
		Events: max(o.HistoryEvents, o.OutboxFrames),
		Bytes:  max(o.HistoryBytes, o.OutboxBytes),
		Ticks:  uint32(o.HistoryAge / TickInterval),
	}
}

// recording reports whether an event is kept: without a history, only those that
// somebody still needs who is about to be subscribed, or who is replaying.
func (s *state) recording(f *sse.Frame, to history.Target) bool {
	return s.opts.HistoryEvents > 0 || f.Persistent() || s.replays.want(to)
}

// maxAsked is how many replaying streams are asked whether they want an event.
const maxAsked = 64

// want reports whether an event is for a stream that replays; of many, whether it may be.
func (r *replays) want(to history.Target) bool {
	if len(r.active) > maxAsked {
		return true
	}
	for c, p := range r.active {
		if p.reader.Wants(to) || slices.Contains(to.Clients, c.id()) {
			return true
		}
	}
	return false
}

// historyTarget is who an event is for, in the words of the history.
func historyTarget(to Target) history.Target {
	if len(to.ClientIDs) > 0 {
		return history.Target{Clients: to.ClientIDs}
	}
	return history.Target{Everybody: to.everybody(), User: to.UserID, Session: to.SessionID, Topics: to.Topics}
}

// record keeps an event.
func (s *state) record(id sse.Sequence, f *sse.Frame, to Target) {
	if f.Persistent() {
		s.persistent = id
	}
	if to := historyTarget(to); s.recording(f, to) {
		s.history.Append(id, f, to, s.tick, until(f, s.tick))
	}
}

// until is the tick from which on an event is not replayed; zero: it always is.
func until(f *sse.Frame, tick uint32) uint32 {
	if f.TTL() == 0 {
		return 0
	}
	at := tick + uint32(f.TTL()/TickInterval)
	if at == 0 {
		at-- // zero has a meaning of its own
	}
	return at
}

// recordFor keeps an event to streams by their ids, for those of them that replay, and
// for who asks what became of it. A stream that comes back has another id.
func (s *state) recordFor(id sse.Sequence, f *sse.Frame, clients []string) {
	to := history.Target{Clients: clients}
	if !s.recording(f, to) {
		return
	}
	s.history.Append(id, f, to, s.tick, until(f, s.tick))
	if len(s.replays.active) == 0 {
		return
	}
	for _, client := range clients {
		if c := s.index.byID.get(client); c != nil && c.replaying {
			s.replays.active[c].reader.Own.Add(s.history)
		}
	}
}
