package loadgen

import "cmp"

// Sequence is an id as the server assigns them, "<milliseconds>-<number>".
type Sequence struct{ Milliseconds, N uint64 }

// Compare orders sequences as the server assigned them.
func (s Sequence) Compare(t Sequence) int {
	return cmp.Or(cmp.Compare(s.Milliseconds, t.Milliseconds), cmp.Compare(s.N, t.N))
}

// ParseSequence reads an id; ok is false for one of another form, such as one
// that a publisher chose.
func ParseSequence(id []byte) (s Sequence, ok bool) {
	part, some := &s.Milliseconds, false
	for _, c := range id {
		switch {
		case c >= '0' && c <= '9' && *part < 1<<60:
			*part, some = *part*10+uint64(c-'0'), true
		case c == '-' && part == &s.Milliseconds && some:
			part, some = &s.N, false
		default:
			return Sequence{}, false
		}
	}
	return s, some && part == &s.N
}
