package memory

import (
	"container/heap"
	"context"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// trimAtOnce bounds what one Trim looks at: everybody else waits for it.
const trimAtOnce = 1_000

// Trim implements journal.Store.
func (s *Store) Trim(ctx context.Context, now time.Time) (journal.Trimmed, error) {
	if err := ctx.Err(); err != nil {
		return journal.Trimmed{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return journal.Trimmed{}, errClosed
	}
	left := trimAtOnce
	s.trimDevices(now, &left)
	s.trimAcknowledged(now, &left)
	s.trimExpired(now, &left)
	sum := s.trimmed
	s.trimmed = journal.Trimmed{}
	sum.More = left <= 0
	return sum, nil
}

func (s *Store) trimAcknowledged(now time.Time, left *int) {
	for name := range s.acked {
		if *left--; *left < 0 {
			return
		}
		b := s.boxes[name]
		if b == nil {
			delete(s.acked, name)
			continue
		}
		for read := b.acknowledged(); len(b.records) > 0 && !read.Less(b.records[0].ID); {
			if *left--; *left < 0 {
				return
			}
			if now.Before(b.records[0].Expires) {
				s.trimmed.Acknowledged++
			} else {
				s.trimmed.Expired++
			}
			s.remove(b, 0)
		}
		delete(s.acked, name)
		s.drop(name)
	}
}

func (s *Store) trimExpired(now time.Time, left *int) {
	for len(s.expiry) > 0 && !now.Before(s.expiry[0].at) {
		if *left--; *left < 0 {
			return
		}
		d := heap.Pop(&s.expiry).(deadline)
		b := s.boxes[d.box]
		if b == nil {
			continue
		}
		if !now.Before(b.until) {
			b.lost, b.until = sse.Sequence{}, time.Time{}
		}
		if i := b.from(d.id) - 1; i >= 0 && b.records[i].ID == d.id {
			s.remove(b, i)
			s.trimmed.Expired++
		}
		s.drop(d.box)
	}
}

// trimDevices forgets those that were not seen for as long as records are kept.
func (s *Store) trimDevices(now time.Time, left *int) {
	for len(s.unseen) > 0 && !now.Before(s.unseen[0].at.Add(s.bounds.Age)) {
		if *left--; *left < 0 {
			return
		}
		s.forgetUnseen(now)
	}
}

// forgetUnseen forgets the device that is first in the heap, unless it was seen since.
func (s *Store) forgetUnseen(now time.Time) {
	d := heap.Pop(&s.unseen).(deadline)
	b := s.boxes[d.box]
	if b == nil {
		return
	}
	known, ok := b.devices[d.device]
	switch {
	case !ok || known.entry != d.entry: // it was forgotten before
	case d.at.Before(known.seen):
		d.at = known.seen
		s.unseen.add(d)
	default:
		gone := s.forget(d.box, b, d.device)
		s.loseTo(d.box, b, gone.id, now)
		s.acked[d.box] = true
	}
}

// forget takes a device from a box.
func (s *Store) forget(name journal.Box, b *box, text string) device {
	gone := b.devices[text]
	if delete(b.devices, text); len(b.devices) == 0 {
		b.devices = nil
	}
	s.devices--
	s.deviceBytes -= deviceSize(name, text)
	s.trimmed.Devices++
	return gone
}

// drop forgets a box of which nothing is left to know.
func (s *Store) drop(name journal.Box) {
	if b := s.boxes[name]; len(b.records) == 0 && len(b.devices) == 0 && b.lost.IsZero() {
		delete(s.boxes, name)
	}
}

// deadline is when a record expires; with the zero id, what its box has lost. Or it is
// when a device was seen, at the latest when it was noted here.
type deadline struct {
	at     time.Time
	box    journal.Box
	id     sse.Sequence
	device string
	entry  uint64 // of the device
}

// expiry is a heap: the first to expire is the first.
type expiry []deadline

func (e expiry) Len() int           { return len(e) }
func (e expiry) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e expiry) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface; see add.
func (e *expiry) Push(d any) { *e = append(*e, d.(deadline)) }

// Pop implements heap.Interface.
func (e *expiry) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

func (e *expiry) add(d deadline) { heap.Push(e, d) }

// tidy drops the deadlines of what was removed before, when they are most of them.
func (s *Store) tidy() {
	const few = 1_000
	if len(s.expiry) > few+2*s.records {
		s.expiry = s.expiry[:0]
		for name, b := range s.boxes {
			for _, r := range b.records {
				s.expiry = append(s.expiry, deadline{at: r.Expires, box: name, id: r.ID})
			}
			if !b.lost.IsZero() {
				s.expiry = append(s.expiry, deadline{at: b.until, box: name})
			}
		}
		heap.Init(&s.expiry)
	}
	if len(s.unseen) > few+2*s.devices {
		s.unseen = s.unseen[:0]
		for name, b := range s.boxes {
			for text, d := range b.devices {
				s.unseen = append(s.unseen, deadline{at: d.seen, box: name, device: text, entry: d.entry})
			}
		}
		heap.Init(&s.unseen)
	}
}
