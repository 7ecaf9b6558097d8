package journal

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// ErrNoBox is the error of a Publish of a persistent event for single streams: there is
// no box of a stream.
var ErrNoBox = errors.New("journal: a persistent event for clientIds, which name streams and have no box")

// part is what one commit takes of a request: all of it is kept and sent, or nothing.
type part struct {
	events []Publication
	frames []*sse.Frame
	boxes  [][]Box // of the persistent events, nil for the others
	bytes  int     // of what is to be written

	claimed atomic.Bool // by the committer, who begins it, or by a publisher who gives up
	// done gets why nothing was kept and sent; nil: all was, and the receipts come.
	done    chan error
	replies []chan actor.Receipt // for an event each: a broadcast is answered later than what follows it
	first   sse.Sequence         // the first event's id, once it is committed
}

// claim reports whether the caller is the one who says what becomes of the part.
func (p *part) claim() bool { return p.claimed.CompareAndSwap(false, true) }

// refuse tells a publisher who still waits that nothing was kept or sent.
func (p *part) refuse(err error) {
	if p.claim() {
		p.done <- err
	}
}

// cut makes parts of a request's events that are as large as a commit may be.
func cut(events []Publication) ([]*part, error) {
	var parts []*part
	for at := range events {
		e := &events[at]
		var boxes []Box
		if e.Event.Persistent {
			if len(e.Target.ClientIDs) > 0 {
				return nil, ErrNoBox
			}
			boxes = Boxes(e.Target)
		}
		size := len(e.Event.Data) * len(boxes)
		if parts == nil || !parts[len(parts)-1].fits(1, size) {
			parts = append(parts, newPart(min(len(events)-at, maxBatchEvents)))
		}
		p := parts[len(parts)-1]
		p.events = append(p.events, *e)
		p.boxes = append(p.boxes, boxes)
		p.frames = append(p.frames, sse.NewFrame(e.Event))
		p.replies = append(p.replies, make(chan actor.Receipt, 1))
		p.bytes += size
	}
	return parts, nil
}

func newPart(most int) *part {
	return &part{
		events:  make([]Publication, 0, most),
		frames:  make([]*sse.Frame, 0, most),
		boxes:   make([][]Box, 0, most),
		replies: make([]chan actor.Receipt, 0, most),
		done:    make(chan error, 1),
	}
}

// fits reports whether a commit of p and so much more is not too large.
func (p *part) fits(events, bytes int) bool {
	return len(p.events)+events <= maxBatchEvents && p.bytes+bytes <= maxBatchBytes
}

// Boxes is where an event for a target is kept: in each box once.
func Boxes(to actor.Target) []Box {
	if to.UserID == "" && to.SessionID == "" && len(to.Topics) == 0 {
		return []Box{{Kind: Everybody}}
	}
	boxes := make([]Box, 0, 2+len(to.Topics))
	if to.UserID != "" {
		boxes = append(boxes, Box{User, to.UserID})
	}
	if to.SessionID != "" {
		boxes = append(boxes, Box{Session, to.SessionID})
	}
	topics := slices.Clone(to.Topics)
	slices.Sort(topics)
	for _, topic := range slices.Compact(topics) {
		boxes = append(boxes, Box{Topic, topic})
	}
	return boxes
}

// appendRecords adds what is to be written, if p's first event has this id.
func (p *part) appendRecords(records []Record, first sse.Sequence, now time.Time, maxAge time.Duration) []Record {
	for i, boxes := range p.boxes {
		if boxes == nil {
			continue
		}
		event := p.events[i].Event
		life := maxAge
		if event.TTL > 0 {
			life = min(life, event.TTL)
		}
		records = append(records, Record{
			ID:      following(first, i),
			Event:   event,
			Boxes:   boxes,
			Expires: time.UnixMilli(now.UnixMilli() + life.Milliseconds()),
		})
	}
	return records
}

// following is the nth id behind one that was reserved.
func following(first sse.Sequence, n int) sse.Sequence {
	return sse.Sequence{Milliseconds: first.Milliseconds, N: first.N + uint64(n)}
}

// collect waits for the receipts of a part that is committed. From a hub that has stopped
// none may come; what is in the journal will be there for whoever comes next.
func (p *part) collect(receipts []actor.Receipt, stopped <-chan struct{}) []actor.Receipt {
	for i, reply := range p.replies {
		select {
		case r := <-reply:
			receipts = append(receipts, r)
			continue
		case <-stopped:
		}
		select {
		case r := <-reply: // the hub's last answer
			receipts = append(receipts, r)
		default:
			id := p.events[i].Event.ID.String()
			if id == "" {
				id = following(p.first, i).String()
			}
			receipts = append(receipts, actor.Receipt{ID: id})
		}
	}
	return receipts
}
