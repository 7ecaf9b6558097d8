package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// The bounds of a page that a Reader gives.
const (
	PageRecords = 64
	PageBytes   = 64 << 10 // of the events' data; one record may have more
)

// Reader reads what a receiver has not had, out of all its boxes: oldest first, each
// event once though it may be in several of them. It holds no records between two pages,
// so a slow client costs no memory here.
//
// Not safe for concurrent use.
type Reader struct {
	store   Store
	who     Receiver
	through sse.Sequence
	frames  *Frames // nil: it makes its own
	begun   bool    // there was a page
	lost    bool
	gone    bool        // something is, as this page shows
	boxes   []boxReader // that may hold more
}

// NewReader makes a reader of the records up to an id. These must have been sent to the
// streams that were open: of later ones this stream will get its own copy.
func NewReader(store Store, who Receiver, through sse.Sequence) *Reader {
	return &Reader{store: store, who: who, through: through}
}

// Sharing makes the reader take its frames from those that others replay too. It returns
// the reader.
func (r *Reader) Sharing(frames *Frames) *Reader {
	r.frames = frames
	return r
}

// Begin finds where the receiver stands, and notes it: at last, the newest id that its
// client says it has, which acknowledges all before it; without one (zero) where its
// device's cursor is. A user's device that was never seen begins at the highest cursor
// of the others, with what nobody has acknowledged.
//
// What is kept for topics and for everybody is read from there too, by those who stand
// somewhere: a receiver that has never acknowledged anything gets none of it.
//
// An ErrUnnoted leaves a reader that can be used all the same.
func (r *Reader) Begin(ctx context.Context, last sse.Sequence, now time.Time) error {
	return r.BeginAt(ctx, Place{ID: last}, now)
}

// BeginAt is Begin for a client that says where it stands by a publisher's own id: that may
// be another event's too, and then it acknowledges nothing. What it has had may come again.
func (r *Reader) BeginAt(ctx context.Context, last Place, now time.Time) error {
	var seen []Position
	shared := last.ID
	for _, box := range r.who.own() {
		cursors, err := r.store.Cursors(ctx, box)
		if err != nil {
			return fmt.Errorf("journal: read the cursors: %w", err)
		}
		at, noted := last.ID, last.ID
		if !last.Acknowledges() {
			noted = cursors.standing(r.who.Device)
		}
		if at.IsZero() || last.Shared && noted.Less(at) {
			at = noted
		}
		if shared.IsZero() {
			shared = at
		}
		r.lost = r.lost || at.Less(cursors.Lost)
		r.boxes = append(r.boxes, boxReader{box: box, after: at, read: at, more: true})
		note := box.Kind == User
		if !note && !last.ID.IsZero() {
			if note, err = inUse(ctx, r.store, box, cursors); err != nil {
				return err
			}
		}
		if note {
			seen = append(seen, Position{box, r.who.Device, noted})
		}
	}
	// Before anything is read, or what another device acknowledges meanwhile could be
	// deleted before this one has had it.
	var unnoted error
	if len(seen) > 0 {
		// One that finds no room has an empty box, in which nothing can be deleted.
		if err := r.store.Advance(ctx, seen, now); err != nil && !errors.Is(err, ErrFull) {
			unnoted = fmt.Errorf("%w: %w", ErrUnnoted, err)
		}
	}
	if shared.IsZero() {
		return unnoted
	}
	shelf := r.who.shared()
	r.boxes = slices.Grow(r.boxes, len(shelf))
	for _, box := range shelf {
		r.boxes = append(r.boxes, boxReader{box: box, after: shared, read: shared, more: true})
	}
	return unnoted
}

// ErrUnnoted is the error of a Begin that found where the receiver stands and could not
// note it: it is noted when the receiver comes back.
var ErrUnnoted = errors.New("journal: note a device")

// standing is the cursor of a device; of one that is not known, the highest of all.
func (c Cursors) standing(device string) (at sse.Sequence) {
	at, known := c.Devices[device]
	if known {
		return at
	}
	for _, other := range c.Devices {
		if at.Less(other) {
			at = other
		}
	}
	return at
}

// Lost reports whether something that the receiver has not had is gone: pushed out of a
// full box, or damaged. It is known after the first page.
func (r *Reader) Lost() bool { return r.lost }

// ErrGone is the error of a page behind the first, when something that the receiver has
// not had is gone since it was told that there is nothing missing. A new Reader finds out
// how much is left.
var ErrGone = errors.New("journal: what was to be read next is gone")

// Next reads the next page; more: there may be another one. After an error the same page
// can be asked for again.
func (r *Reader) Next(ctx context.Context) (page []actor.Kept, more bool, err error) {
	r.rewind()
	page, err = r.page(ctx)
	if err == nil {
		err = r.lookAtFloors(ctx)
	}
	switch {
	case err != nil:
		return nil, true, fmt.Errorf("journal: read a mailbox: %w", err)
	case r.gone && r.begun:
		return nil, true, ErrGone
	}
	r.lost, r.gone, r.begun = r.lost || r.gone, false, true
	r.keepPlace(page)
	return page, len(r.boxes) > 0, nil
}

// page reads as much as a page may have.
func (r *Reader) page(ctx context.Context) (page []actor.Kept, err error) {
	for size := 0; len(page) < PageRecords && size < PageBytes; {
		record, err := r.take(ctx)
		if err != nil || record == nil {
			return page, err
		}
		size += len(record.Event.Data)
		page = append(page, actor.Kept{ID: record.ID, Frame: r.frames.of(record)})
	}
	return page, nil
}

// take gives the oldest record of all boxes; nil: there is none left.
func (r *Reader) take(ctx context.Context) (*Record, error) {
	var oldest *Record
	for i := range r.boxes {
		b := &r.boxes[i]
		if err := r.fill(ctx, b); err != nil {
			return nil, err
		}
		if len(b.held) > 0 && (oldest == nil || b.held[0].ID.Less(oldest.ID)) {
			oldest = &b.held[0]
		}
	}
	for i := range r.boxes {
		if b := &r.boxes[i]; len(b.held) > 0 && b.held[0].ID == oldest.ID { // in several of them
			b.held = b.held[1:]
		}
	}
	return oldest, nil
}
