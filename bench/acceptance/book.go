//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// fate is what a publisher knows of its event.
type fate uint8

const (
	refused fate = iota // never sent, or the server said no: nobody may get it
	unknown             // sent, and no answer came: it may or may not be there
	sent                // answered 200
	kept                // answered 200 with persisted: it outlives the server
)

// entry is an event in a book.
type entry struct {
	event loadgen.Event // without its data
	fate  fate
	id    loadgen.Sequence // that the server answered
	at    int64            // when it was posted
}

// errBookFull is the error of a book whose run has no tags left.
var errBookFull = errors.New("the run has no tags left")

// book is what publishers write down: each event, under its tag, and what became of it.
// Lanes may write at the same time; it is read when they have ended.
type book struct {
	entries []entry
	next    atomic.Int64
}

func newBook(tags int) *book { return &book{entries: make([]entry, tags)} }

// written are the entries so far.
func (b *book) written() []entry {
	return b.entries[:min(int(b.next.Load()), len(b.entries))]
}

// post sends events in one request, and writes down what came of them. The error is
// the server's, or that of the way to it; the book knows it as well.
func (b *book) post(ctx context.Context, s *server, lane int, events ...loadgen.Event) error {
	end := int(b.next.Add(int64(len(events))))
	first := end - len(events)
	if end > len(b.entries) {
		return errBookFull
	}
	bodies := make([]loadgen.Event, len(events))
	for i, e := range events {
		now := loadgen.Now()
		b.entries[first+i] = entry{event: e, fate: unknown, at: now}
		tag := loadgen.Tag{N: first + i, Lane: lane, At: now}
		bodies[i] = e
		bodies[i].Data = tag.Text(60+13*(tag.N%60), tag.N%7 == 0)
	}
	answers, err := b.send(ctx, s, bodies)
	for i := range events {
		b.entries[first+i].settle(answers, i, err)
	}
	return err
}

func (b *book) send(ctx context.Context, s *server, events []loadgen.Event) ([]loadgen.Answer, error) {
	if len(events) > 1 {
		return s.PublishBatch(ctx, events)
	}
	answer, err := s.Publish(ctx, events[0])
	if err != nil {
		return nil, err
	}
	return []loadgen.Answer{answer}, nil
}

// settle notes what the answer means for an event.
func (e *entry) settle(answers []loadgen.Answer, i int, err error) {
	var status *loadgen.StatusError
	switch {
	case err == nil:
		e.fate = sent
		if answers[i].Persisted {
			e.fate = kept
		}
		e.id, _ = loadgen.ParseSequence([]byte(answers[i].Event.ID))
	case errors.As(err, &status) && status.Code() != "PARTLY_SENT", errors.Is(err, syscall.ECONNREFUSED):
		e.fate = refused
	}
}

// tally counts entries by their fate.
func (b *book) tally() (n [kept + 1]int) {
	for _, e := range b.written() {
		n[e.fate]++
	}
	return n
}

// due says of each member which events it must have and which it may have. must says
// which events those are that whoever they are for must have; nil: all that were
// answered 200.
func (b *book) due(members []member, must func(n int, e *entry) bool) (musts, mays []loadgen.Set) {
	musts, mays = make([]loadgen.Set, len(members)), make([]loadgen.Set, len(members))
	for i := range members {
		musts[i], mays[i] = loadgen.NewSet(len(b.entries)), loadgen.NewSet(len(b.entries))
	}
	who := newDirectory(members)
	for n := range b.written() {
		e := &b.entries[n]
		if e.fate == refused {
			continue
		}
		sure := e.fate >= sent
		if must != nil {
			sure = must(n, e)
		}
		who.receivers(e.event, func(i int) {
			mays[i].Add(n)
			if sure {
				musts[i].Add(n)
			}
		})
	}
	return musts, mays
}

// differences is how what streams have got differs from what they were due.
type differences struct {
	missing int
	foreign int
	worst   string // where most is missing
}

// compare holds streams against what they were due, each at the place of its member.
func compare(c *loadgen.Client, streams []*loadgen.Stream, musts, mays []loadgen.Set) (d differences) {
	at := make(map[*loadgen.Stream]int, len(streams))
	for i, s := range streams {
		at[s] = i
	}
	most := 0
	c.Each(streams, func(s *loadgen.Stream) {
		missing, _ := s.Against(musts[at[s]])
		_, foreign := s.Against(mays[at[s]])
		d.missing += missing
		d.foreign += foreign
		if missing > most {
			most = missing
			d.worst = fmt.Sprintf("%d at %s, which has %d, the last of them %s", missing, s.Session, s.Count(), s.LastID())
		}
	})
	return d
}

// otherIDs counts the events that came with another id than the publisher was told.
func (b *book) otherIDs(arrivals []loadgen.Arrival) (n int) {
	for i, e := range b.written() {
		if e.fate >= sent && arrivals[i].Count > 0 && e.id != arrivals[i].ID {
			n++
		}
	}
	return n
}

// total is the number of events in sets.
func total(sets []loadgen.Set) (n int) {
	for _, s := range sets {
		n += s.Len()
	}
	return n
}
