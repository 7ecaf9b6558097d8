package journal

import (
	"errors"
	"fmt"
	"time"
)

// Bounds are what a store keeps at most.
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
