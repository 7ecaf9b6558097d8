package journal

import (
	"errors"
	"fmt"
	"time"
)

// Bounds are what a store keeps at most. A box may exceed its own by what came last.
type Bounds struct {
	Records int           // in a box
	Bytes   int           // in a box, by Record.Size
	Age     time.Duration // no record expires later; devices that were not seen for that long are forgotten
	Devices int           // of a box
	Total   uint64        // bytes in all: on disk, or in memory
}

// DefaultBounds are those of the settings. A store in memory has a lower Total.
func DefaultBounds() Bounds {
	return Bounds{Records: 1_000, Bytes: 1 << 20, Age: 7 * 24 * time.Hour, Devices: 16, Total: 1 << 30}
}

// Check says all that is wrong with the bounds.
func (b Bounds) Check() error {
	var faults []error
	for _, c := range []struct {
		ok    bool
		fault string
	}{
		{b.Records >= 1, fmt.Sprintf("records of a box: %d; at least 1", b.Records)},
		{b.Bytes >= 1, fmt.Sprintf("bytes of a box: %d; at least 1", b.Bytes)},
		{b.Age >= time.Second, fmt.Sprintf("age: %v; at least 1s", b.Age)},
		{b.Devices >= 1, fmt.Sprintf("devices of a box: %d; at least 1", b.Devices)},
		{b.Total >= 1, "bytes in all: 0; at least 1"},
	} {
		if !c.ok {
			faults = append(faults, errors.New(c.fault))
		}
	}
	return errors.Join(faults...)
}

// scant is how little room, in bytes, is none: a store that refused all but the smallest
// events, each for itself, would never be said to be full.
const scant = 4 << 10

// Room says whether a store that has so many bytes may take more of them: ErrTooLarge if
// not so many, ErrFull if hardly any.
func (b Bounds) Room(used, more uint64) error {
	switch least := max(1, min(scant, b.Total/16)); {
	case used+least > b.Total:
		return fmt.Errorf("%w: the journal has %d bytes, and may have %d", ErrFull, used, b.Total)
	case used+more > b.Total:
		return fmt.Errorf("%w: these are %d bytes; the journal has %d, and may have %d", ErrTooLarge, more, used, b.Total)
	}
	return nil
}
