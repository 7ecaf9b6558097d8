package journal

import (
	"context"
	"fmt"
	"math"

	"github.com/sseactor/sseactor/actor/sse"
)

// State is what became of a record in one box.
type State string

// The states.
const (
	Kept         State = "kept"         // for a device that has not acknowledged it, or until it expires
	Acknowledged State = "acknowledged" // by every device that is known
	PushedOut    State = "pushedOut"    // the box was full; who had not had it is told that something is missing
	Expired      State = "expired"      // its ttl, or what is kept at most, has passed
)

// Status is what became of a record in one box.
type Status struct {
	Box   Box
	State State
	// Devices says of each that is known whether it has acknowledged the record. A box of a
	// topic, or of everybody, has none.
	Devices map[string]bool
}

// Track tells what became of a record in a box that it was put into.
func Track(ctx context.Context, store Store, box Box, id sse.Sequence) (Status, error) {
	status := Status{Box: box, State: Expired}
	page, err := store.ReadAfter(ctx, box, Before(id), id, Limit{Records: 1, Bytes: 1})
	if err != nil {
		return status, fmt.Errorf("journal: look for a record: %w", err)
	}
	cursors, err := store.Cursors(ctx, box)
	if err != nil {
		return status, fmt.Errorf("journal: look for who has read it: %w", err)
	}
	all := len(cursors.Devices) > 0
	if all {
		status.Devices = make(map[string]bool, len(cursors.Devices))
	}
	for device, at := range cursors.Devices {
		has := !at.Less(id)
		status.Devices[device] = has
		all = all && has
	}
	switch {
	case len(page.Records) > 0:
		status.State = Kept
		if all {
			status.State = Acknowledged // and is yet to be tidied away
		}
	case all:
		status.State = Acknowledged
	case !cursors.Lost.Less(id):
		status.State = PushedOut
	}
	return status, nil
}

// Before is the highest id below one.
func Before(id sse.Sequence) sse.Sequence {
	if id.N > 0 {
		return sse.Sequence{Milliseconds: id.Milliseconds, N: id.N - 1}
	}
	if id.Milliseconds == 0 {
		return sse.Sequence{}
	}
	return sse.Sequence{Milliseconds: id.Milliseconds - 1, N: math.MaxUint64}
}
