package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Receiver is whom a stream belongs to, and so which boxes it reads.
type Receiver struct {
	User, Session string // empty: none
	Topics        []string
	// Device tells the devices of a user, or of a session, apart: each has a cursor of its
	// own. Empty: the one without a name.
	Device string
}

// own are the boxes that the receiver acknowledges in.
func (r Receiver) own() []Box {
	boxes := make([]Box, 0, 2)
	if r.User != "" {
		boxes = append(boxes, Box{User, r.User})
	}
	if r.Session != "" {
		boxes = append(boxes, Box{Session, r.Session})
	}
	return boxes
}

// shared are the boxes that it reads with others.
func (r Receiver) shared() []Box {
	boxes := make([]Box, 0, len(r.Topics)+1)
	for _, topic := range r.Topics {
		boxes = append(boxes, Box{Topic, topic})
	}
	return append(boxes, Box{Kind: Everybody})
}

// Place is where a client stands that says which event it has received last.
type Place struct {
	ID      sse.Sequence // zero: nowhere
	Several bool         // or behind that: a publisher has given its own id to several events
	// Shared: only a box that the receiver shares with others says so. Who writes there may
	// have used an id that was another event's in the receiver's own box.
	Shared bool
}

// Acknowledges reports whether the client can only mean this place, and has all before it.
func (p Place) Acknowledges() bool { return !p.ID.IsZero() && !p.Several && !p.Shared }

// Find gives the place of a publisher's own id in the receiver's boxes: that of the oldest
// event which has it, so that nothing is passed over.
func (r Receiver) Find(ctx context.Context, store Store, id string) (place Place, err error) {
	own := r.own()
	for n, box := range append(own, r.shared()...) {
		match, err := store.Find(ctx, box, id)
		if err != nil {
			return Place{}, fmt.Errorf("journal: look for an id: %w", err)
		}
		place.add(match, n >= len(own))
	}
	return place, nil
}

// add takes in what a box says; those that are shared come last.
func (p *Place) add(match Match, shared bool) {
	if match.Oldest.IsZero() {
		return
	}
	p.Several = p.Several || match.Several || !p.ID.IsZero() && p.ID != match.Oldest
	if p.ID.IsZero() || match.Oldest.Less(p.ID) {
		p.ID, p.Shared = match.Oldest, shared
	}
}

// Acknowledge notes that the receiver's device has everything up to an id, which must be
// one that was given already: what is yet to come would count as read. Of a session that
// was given nothing it notes nothing.
func (r Receiver) Acknowledge(ctx context.Context, store Store, id sse.Sequence, now time.Time) error {
	var positions []Position
	for _, box := range r.own() {
		if box.Kind == Session {
			cursors, err := store.Cursors(ctx, box)
			if err != nil {
				return fmt.Errorf("journal: read the cursors: %w", err)
			}
			used, err := inUse(ctx, store, box, cursors)
			if err != nil {
				return err
			}
			if !used {
				continue
			}
		}
		positions = append(positions, Position{box, r.Device, id})
	}
	if len(positions) == 0 {
		return nil
	}
	if err := store.Advance(ctx, positions, now); err != nil {
		return fmt.Errorf("journal: acknowledge: %w", err)
	}
	return nil
}

// inUse reports whether a box has cursors, or records. Sessions come and go, and a visitor
// can make them up: those that were given nothing leave nothing here.
func inUse(ctx context.Context, store Store, box Box, cursors Cursors) (bool, error) {
	if len(cursors.Devices) > 0 || !cursors.Lost.IsZero() {
		return true, nil
	}
	page, err := store.ReadAfter(ctx, box, sse.Sequence{}, store.Newest(), Limit{Records: 1, Bytes: 1})
	if err != nil {
		return false, fmt.Errorf("journal: look into a mailbox: %w", err)
	}
	return len(page.Records) > 0 || page.Damaged, nil
}
