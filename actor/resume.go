package actor

import (
	"context"

	"github.com/sseactor/sseactor/actor/internal/history"
	"github.com/sseactor/sseactor/actor/sse"
)

// Resume says where a stream goes on that an earlier one has left, and what a journal
// has kept for it.
//
// The caller reads the journal first: Kept is the first page of what it has for the
// stream, and Through the newest id it had when it was asked. What came later is in
// the hub's history, whatever is in the journal too; both are merged by their ids.
type Resume struct {
	// LastEventID is what the client gave; empty: it gave none, and only what the journal
	// has kept is replayed.
	LastEventID string
	// At is the place of LastEventID in the order of all events, if the caller knows it:
	// a journal finds those of publishers' own ids. Zero: the hub finds out. Of it and what
	// the hub finds the older one counts.
	At sse.Sequence
	// Kept is persistent events for this stream, oldest first; their frames are sealed.
	Kept []Kept
	// Through: up to here the journal has nothing but Kept for the stream; with More,
	// nothing but Kept and what Feed brings. Zero: there is no journal.
	Through sse.Sequence
	More    bool
	// Lost: the journal has thrown away events that were not acknowledged.
	Lost bool
}

// Kept is an event that a journal has kept.
type Kept struct {
	ID    sse.Sequence
	Frame *sse.Frame
}

// Verdict says how much of what a client has missed it gets.
type Verdict uint8

// The verdicts. Their names are in API.md.
const (
	NotAsked Verdict = iota // it gave no Last-Event-ID, and nothing was kept for it
	Resumed                 // all of it
	Partial                 // what is still kept; something may be missing
	Unknown                 // its Last-Event-ID is not known here
	verdicts                // how many there are
)

var verdictNames = [verdicts]string{"", "resumed", "partial", "reset"}

// String gives the verdict as clients are told.
func (v Verdict) String() string {
	if v < verdicts {
		return verdictNames[v]
	}
	return "unknown"
}

// Verdicts lists the verdicts that a client can be told.
func Verdicts() []Verdict { return []Verdict{Resumed, Partial, Unknown} }

// Replay is the hub's answer to Rejoin.
type Replay struct {
	Verdict Verdict
	// Queued is how many events are queued for the stream already, all from before it.
	Queued int
	// Whole: there are no more. Else they follow as the client reads, and behind them an
	// event that says how many they were in all.
	Whole bool
}

// Rejoin is Register for a stream that goes on. If the answer is Stale, the journal was
// read so long ago that the hub can't tell what came since: read again, and ask again
// with the same client, which the hub does not know yet.
func (h *Hub) Rejoin(c *Client, r Resume) (Welcome, error) {
	return ask(context.Background(), h, h.registers, func(reply chan<- Welcome) registration {
		return registration{c, &r, reply}
	})
}

// Feed brings the next page of what a journal has kept for a stream whose Resume said
// More, and waits until it is begun, so that a slow client's pages stay in the journal.
// more: it is not the last one. It reports false if the stream has ended, or ctx: then
// no more are wanted. One goroutine for each stream.
func (h *Hub) Feed(ctx context.Context, c *Client, page []Kept, more bool) (wanted bool) {
	wanted, err := ask(ctx, h, h.others, func(reply chan<- bool) message { return &feeding{c, page, more, reply} })
	return err == nil && wanted
}

// Abandon ends a stream whose next page can't be read: what is sent from now on would
// move its client's Last-Event-ID past what it has not had.
func (h *Hub) Abandon(c *Client) {
	_, _ = tell(h, func(reply chan<- struct{}) message { return abandoning{c, reply} }) // a hub that has stopped ends it anyhow
}

type abandoning struct {
	client *Client
	reply  chan<- struct{}
}

func (m abandoning) do(s *state) {
	s.end(m.client, &ending{reason: ReasonJournal, code: CodeJournalFailed,
		message: "the rest of what was kept can't be read now; reconnect to resume"})
	m.reply <- struct{}{}
}

type feeding struct {
	client *Client
	page   []Kept
	more   bool
	reply  chan<- bool
}

func (m *feeding) do(s *state) {
	r := s.replays.active[m.client]
	if r == nil {
		m.reply <- false
		return
	}
	r.fed = m
	s.goOnReplaying(r)
}

// stale reports whether the history no longer has all persistent events that came since
// the journal was read.
func (s *state) stale(r *Resume) bool {
	return !r.Through.IsZero() && r.Through.Less(s.history.Gone())
}

// resume lets a stream that was just subscribed go on where r says.
func (s *state) resume(c *Client, r *Resume) Replay {
	// Persistent events may have come since the journal was read, if there is one.
	since := !r.Through.IsZero() && r.Through.Less(s.persistent)
	if r.LastEventID == "" && len(r.Kept) == 0 && !r.More && !r.Lost && !since {
		return Replay{Whole: true} // as nearly always
	}
	p := &replay{
		client:  c,
		reader:  history.Reader{User: c.user(), Session: c.session(), Topics: c.Info().Topics},
		live:    s.history.Next(),
		through: r.Through,
		kept:    r.Kept,
		more:    r.More,
		to:      s.lastID,
	}
	answer := Replay{Verdict: s.judge(p, r)}
	if e := s.history.Event(s.history.After(p.after)); p.missed && e != nil {
		c.joined = e.Frame.Order() - 1
	}
	switch {
	case p.missed:
		p.number = s.history.After(p.after)
	case since:
		p.number = s.history.After(r.Through)
	default:
		p.number = p.live
	}
	if answer.Whole = s.fill(p); !answer.Whole {
		s.startReplaying(p)
	}
	answer.Queued = p.queued
	if answer.Verdict == NotAsked && (p.queued > 0 || !answer.Whole) {
		answer.Verdict = Resumed
	}
	if answer.Verdict != NotAsked {
		s.stats.Resumes[answer.Verdict]++
	}
	return answer
}

// judge finds the place of the Last-Event-ID, and says what can be done.
func (s *state) judge(p *replay, r *Resume) Verdict {
	verdict := NotAsked
	if r.LastEventID != "" {
		ambiguous := false
		p.after, ambiguous, p.missed = s.place(p, r)
		switch {
		case !p.missed:
			verdict = Unknown
		case ambiguous, p.after.Less(s.floor()):
			verdict = Partial
		default:
			verdict = Resumed
		}
	}
	if r.Lost && verdict != Unknown {
		verdict = Partial
	}
	return verdict
}

// place is where in the order of all events a Last-Event-ID stands; ambiguous: or before
// that, since a publisher has given it several times.
func (s *state) place(p *replay, r *Resume) (at sse.Sequence, ambiguous, known bool) {
	at, ambiguous = s.history.Find(r.LastEventID, &p.reader)
	if !r.At.IsZero() && (at.IsZero() || r.At.Less(at)) {
		at = r.At // the history has a later one with the same id
	}
	if known = !at.IsZero(); !known {
		var err error
		at, err = sse.ParseSequence(r.LastEventID)
		known = err == nil
	}
	return at, ambiguous, known && !s.lastID.Less(at) // an id that is yet to come is another server's
}

// floor is the newest event that a stream which resumes may have missed for good.
func (s *state) floor() sse.Sequence {
	if s.opts.HistoryEvents == 0 {
		return s.lastID
	}
	return s.history.Floor()
}
