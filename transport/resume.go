package transport

import (
	"context"
	"errors"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/stream"
)

// resumption is where one stream goes on: its stream.Source.
type resumption struct {
	server *Server
	r      *streamRequest
	who    journal.Receiver
	reader *journal.Reader // of the newest Begin
}

// source is where a stream goes on; nil: with what is sent from now on.
func (s *Server) source(r *streamRequest) stream.Source {
	if s.opts.Journal == nil && r.last == "" {
		return nil
	}
	return &resumption{server: s, r: r, who: journal.Receiver{
		User: r.info.UserID, Session: r.info.SessionID, Topics: r.info.Topics, Device: r.device,
	}}
}

// Begin implements stream.Source. A journal that can't be read refuses the stream: the id
// of an event that came live would acknowledge the mail that could not be read.
func (m *resumption) Begin() (actor.Resume, error) {
	resume := actor.Resume{LastEventID: m.r.last}
	if m.server.opts.Journal == nil {
		return resume, nil
	}
	last, err := m.place(&resume)
	if err != nil {
		return resume, err // the hub's, which refuses for itself
	}
	if err := m.guard(func() error { return m.read(&resume, last) }); err != nil {
		m.r.unread = true
		m.server.unread(m.r.info, err)
		return resume, err
	}
	return resume, nil
}

// place finds up to where the journal is to be read, and the Last-Event-ID if it is one of
// the server's.
func (m *resumption) place(resume *actor.Resume) (last sse.Sequence, err error) {
	s := m.server
	// Zero would be for the hub that there is no journal.
	resume.Through = later(s.opts.Journal.Newest(), sse.Sequence{N: 1})
	if last = sequence(m.r.last); !resume.Through.Less(last) {
		return last, nil
	}
	newest, err := s.newestFor(s.deadlines.next(), last)
	if err != nil {
		return last, err
	}
	resume.Through = later(resume.Through, newest)
	if newest.Less(last) {
		last = sse.Sequence{} // another server's: to take it would acknowledge what is to come
	}
	return last, nil
}

// read reads the first page.
func (m *resumption) read(resume *actor.Resume, last sse.Sequence) error {
	s, store := m.server, m.server.opts.Journal
	ctx := s.deadlines.next()
	// Behind the newest id: what is kept from now on comes live. Nobody has mail where no
	// event is persistent, and a fault of the journal costs nothing there.
	empty := store.Usage().Records == 0
	place := journal.Place{ID: last}
	switch {
	case empty && last.IsZero() && m.who.User == "":
		return nil // nothing to read, and nothing to note
	case !empty && m.r.last != "" && sequence(m.r.last).IsZero():
		var err error
		if place, err = m.who.Find(ctx, store, m.r.last); err != nil {
			return err
		}
	}
	m.reader = journal.NewReader(store, m.who, resume.Through).Sharing(s.frames)
	err := m.reader.BeginAt(ctx, place, time.Now())
	if err != nil && (empty || errors.Is(err, journal.ErrUnnoted)) {
		s.unread(m.r.info, err)
		err = nil
	}
	if err == nil && !empty {
		resume.Kept, resume.More, err = m.reader.Next(ctx)
	}
	if last.IsZero() {
		resume.At = place.ID // of a publisher's own id
		if place.Shared && len(resume.Kept) > 0 && !place.ID.Less(resume.Kept[0].ID) {
			resume.At = journal.Before(resume.Kept[0].ID) // its own mailbox says that it stands there
		}
	}
	// Of an id that was given several times the oldest may be gone.
	resume.Lost = m.reader.Lost() || place.Several
	return err
}

func later(a, b sse.Sequence) sse.Sequence {
	if a.Less(b) {
		return b
	}
	return a
}

// Next implements stream.Source.
func (m *resumption) Next() (page []actor.Kept, more bool, err error) {
	err = m.guard(func() (err error) {
		page, more, err = m.reader.Next(m.server.deadlines.next())
		return err
	})
	if err != nil {
		m.server.unread(m.r.info, err)
	}
	return page, more, err
}

// guard keeps a store's panic from being more than a fault: the connection would be
// nobody's, and behind the first page it would be the process's end.
func (m *resumption) guard(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			m.server.panicked("/api/sse", p)
			err = errPanicked
		}
	}()
	return read()
}

var errPanicked = errors.New("a panic, which the log has")

// newestFor gives an id that was sent already, the newest unless it is known to be above
// id: of those that come back at once few have to ask the hub.
func (s *Server) newestFor(ctx context.Context, id sse.Sequence) (sse.Sequence, error) {
	if known := s.known.Load(); known != nil && !known.Less(id) {
		return *known, nil
	}
	stats, err := s.hub.Metrics(ctx)
	if err == nil {
		s.sent(stats.LastID)
	}
	return stats.LastID, err
}

// sent notes an id that an event was sent with.
func (s *Server) sent(id sse.Sequence) {
	for {
		known := s.known.Load()
		if known != nil && !known.Less(id) || s.known.CompareAndSwap(known, &id) {
			return
		}
	}
}

// unread notes that a mailbox could not be read, or noted in.
func (s *Server) unread(i actor.Info, err error) {
	s.meter.unread.Inc()
	s.log.unread(i, err)
}

// firstAssigned is the earliest time that is in an id of the server's, in milliseconds:
// September 2001. What looks like an earlier one is a publisher's own.
const firstAssigned = 1_000_000_000_000

// sequence reads an id as one of the server's; zero: it is not.
func sequence(id string) sse.Sequence {
	at, err := sse.ParseSequence(id)
	if err != nil || at.Milliseconds < firstAssigned {
		return sse.Sequence{}
	}
	return at
}
