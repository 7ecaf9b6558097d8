package journal

import (
	"fmt"

	"github.com/sseactor/sseactor/actor/sse"
)

// CheckRecords says what is wrong with the first record that Append can't take: ids do
// not increase, the first not above newest (ErrNotAbove), or there are no boxes, one
// twice, or one that is none.
func CheckRecords(records []Record, newest sse.Sequence) error {
	for i, r := range records {
		if !newest.Less(r.ID) {
			return fmt.Errorf("record %d: %w: %v is not above %v", i, ErrNotAbove, r.ID, newest)
		}
		newest = r.ID
		if len(r.Boxes) == 0 {
			return fmt.Errorf("journal: record %d is for no box", i)
		}
		for j, box := range r.Boxes {
			if err := box.Check(); err != nil {
				return fmt.Errorf("journal: record %d: %w", i, err)
			}
			for _, other := range r.Boxes[:j] {
				if other == box {
					return fmt.Errorf("journal: record %d is twice for the %v box %q", i, box.Kind, box.Name)
				}
			}
		}
	}
	return nil
}

// CheckPositions says what is wrong with the first position that Advance can't take.
func CheckPositions(positions []Position) error {
	for i, p := range positions {
		if err := p.Box.Check(); err != nil {
			return fmt.Errorf("journal: position %d: %w", i, err)
		}
		if !p.Box.Acknowledged() {
			return fmt.Errorf("journal: position %d: the box of a %v has no devices", i, p.Box.Kind)
		}
		if len(p.Device) > MaxName {
			return fmt.Errorf("journal: position %d: the device's name has %d bytes; at most %d", i, len(p.Device), MaxName)
		}
	}
	return nil
}
