package journal

import (
	"context"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// boxReader is how far a Reader is in one box.
type boxReader struct {
	box   Box
	after sse.Sequence // what the pages before have brought
	read  sse.Sequence // the newest record read for this one
	held  []Record     // those that are not in it yet
	more  bool         // there may be more behind them
	chunk int          // how many to read next
}

// minChunk is how many records are read at first of a box that is one of many: most
// boxes are empty, and a page's worth of each would be read for nothing.
const minChunk = 2

// rewind begins a page: behind the one before, or at the same place if that failed.
func (r *Reader) rewind() {
	for i := range r.boxes {
		b := &r.boxes[i]
		b.more = b.more || b.read != b.after
		b.read, b.held = b.after, nil
		b.chunk = max(minChunk, PageRecords/len(r.boxes))
	}
}

// keepPlace ends a page. What was read beyond it will be read again, since a slow client
// may want it much later; boxes that have no more are done with.
func (r *Reader) keepPlace(page []actor.Kept) {
	left := r.boxes[:0]
	for _, b := range r.boxes {
		if n := len(page); n > 0 && b.after.Less(page[n-1].ID) {
			b.after = page[n-1].ID
		}
		if b.more || len(b.held) > 0 {
			b.more, b.read, b.held = true, b.after, nil
			left = append(left, b)
		}
	}
	clear(r.boxes[len(left):])
	r.boxes = left
}

// fill reads on in a box of which nothing is at hand.
func (r *Reader) fill(ctx context.Context, b *boxReader) error {
	if len(b.held) > 0 || !b.more {
		return nil
	}
	limit := Limit{Records: b.chunk, Bytes: b.chunk * (PageBytes / PageRecords)}
	page, err := r.store.ReadAfter(ctx, b.box, b.read, r.through, limit)
	if err != nil {
		return err
	}
	r.gone = r.gone || page.Damaged
	b.held, b.more = page.Records, page.More
	if n := len(b.held); n > 0 {
		b.read = b.held[n-1].ID
		b.chunk = min(2*b.chunk, PageRecords)
	}
	return nil
}

// lookAtFloors finds out whether boxes have pushed out what this page should have had.
// Behind the reading: meanwhile they may have. At first it is asked of those only that
// hold something newer, since the oldest go first, and when all has expired nothing is
// missing.
func (r *Reader) lookAtFloors(ctx context.Context) error {
	for i := range r.boxes {
		b := &r.boxes[i]
		if !r.begun && b.read == b.after {
			continue
		}
		cursors, err := r.store.Cursors(ctx, b.box)
		if err != nil {
			return err
		}
		r.gone = r.gone || b.after.Less(cursors.Lost)
	}
	return nil
}
