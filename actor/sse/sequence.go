package sse

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Sequence is an id that the hub assigns: "<milliseconds>-<n>", the shape of a
// Redis Stream id, which is what a cluster will assign. Sequences are ordered
// by Less, and unique and increasing across restarts as long as the clock is
// not set back by more than the time the server was down.
type Sequence struct {
	Milliseconds uint64 // since the Unix epoch
	N            uint64 // within the millisecond
}

// Next is the id after s at a given time. A clock that stands still or goes
// back only counts up N: an id never repeats and never decreases.
func (s Sequence) Next(milliseconds uint64) Sequence {
	if milliseconds > s.Milliseconds {
		return Sequence{Milliseconds: milliseconds}
	}
	if s.N == math.MaxUint64 {
		return Sequence{Milliseconds: s.Milliseconds + 1}
	}
	return Sequence{Milliseconds: s.Milliseconds, N: s.N + 1}
}

// Less reports whether s was assigned before t.
func (s Sequence) Less(t Sequence) bool {
	if s.Milliseconds != t.Milliseconds {
		return s.Milliseconds < t.Milliseconds
	}
	return s.N < t.N
}

// IsZero reports whether s is no id at all.
func (s Sequence) IsZero() bool { return s == Sequence{} }

// String gives the id as it stands on the wire.
func (s Sequence) String() string {
	b := make([]byte, 0, 24)
	b = strconv.AppendUint(b, s.Milliseconds, 10)
	b = append(b, '-')
	return string(strconv.AppendUint(b, s.N, 10))
}

// ParseSequence reads what String wrote, and nothing else: no signs, spaces or
// leading zeros, so that each id has one spelling.
func ParseSequence(text string) (Sequence, error) {
	left, right, found := strings.Cut(text, "-")
	if found {
		ms, errMs := strconv.ParseUint(left, 10, 64)
		n, errN := strconv.ParseUint(right, 10, 64)
		if s := (Sequence{ms, n}); errMs == nil && errN == nil && s.String() == text {
			return s, nil
		}
	}
	return Sequence{}, fmt.Errorf("%.40q is not an id of the form <milliseconds>-<number>", text)
}
