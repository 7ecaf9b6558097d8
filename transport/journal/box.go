package journal

import (
	"errors"
	"fmt"
)

// Check refuses what names no box: the name is what a kind needs, and at most
// MaxName bytes long.
func (b Box) Check() error {
	switch {
	case b.Kind < User || b.Kind > Everybody:
		return fmt.Errorf("kind %d is none of a box", b.Kind)
	case b.Kind == Everybody && b.Name != "":
		return errors.New("the box of everybody has no name")
	case b.Kind != Everybody && b.Name == "":
		return fmt.Errorf("the box of a %v has no name", b.Kind)
	case len(b.Name) > MaxName:
		return fmt.Errorf("the name of a box has %d bytes; at most %d", len(b.Name), MaxName)
	}
	return nil
}

// MaxName bounds the names of boxes and devices, in bytes. Names that publishers and
// clients give are shorter.
const MaxName = 1024

// Acknowledged reports whether what is in the box is acknowledged by devices.
func (b Box) Acknowledged() bool { return b.Kind == User || b.Kind == Session }

var kinds = [...]string{User: "user", Session: "session", Topic: "topic", Everybody: "everybody"}

// String gives the kind's name.
func (k Kind) String() string {
	if k < User || k > Everybody {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kinds[k]
}
