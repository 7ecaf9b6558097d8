package loadgen

import "math/bits"

// Faults are what a stream must never show, counted exactly.
type Faults struct {
	Duplicates int // a tag that came before
	Swapped    int // a tag older than one of the same publisher that came before
	Disorder   int // an id not greater than the one before it
	Renumbered int // an event whose id is another on another stream
	Damaged    int // data that is not of the size its tag says
	Untagged   int // an application event with no tag of this run
	NoID       int // an application event without an id of the server's form
	ControlID  int // a connection, heartbeat or error event with an id
	Miscounted int // a replay that was not as long as the server said
}

// Add sums up.
func (f *Faults) Add(g Faults) {
	f.Duplicates += g.Duplicates
	f.Swapped += g.Swapped
	f.Disorder += g.Disorder
	f.Renumbered += g.Renumbered
	f.Damaged += g.Damaged
	f.Untagged += g.Untagged
	f.NoID += g.NoID
	f.ControlID += g.ControlID
	f.Miscounted += g.Miscounted
}

// Total is the number of faults.
func (f Faults) Total() int {
	return f.Duplicates + f.Swapped + f.Disorder + f.Renumbered + f.Damaged + f.Untagged + f.NoID + f.ControlID + f.Miscounted
}

// Ledger says what one stream has received. A bit for each tag of the run makes
// the count exact whatever the order of publishers was: what came twice shows
// at once, what never came in Against.
type Ledger struct {
	got    []uint64
	last   Sequence
	newest [Lanes]int32 // the highest tag of each lane, plus one
	count  int32
}

// NewLedger is for a run of so many tags.
func NewLedger(tags int) Ledger {
	return Ledger{got: make([]uint64, (tags+63)/64)}
}

// Got reports whether the tag n has come.
func (l *Ledger) Got(n int) bool {
	return n >= 0 && n/64 < len(l.got) && l.got[n/64]&(1<<(n%64)) != 0
}

// Count is how many different tags have come.
func (l *Ledger) Count() int { return int(l.count) }

// Last is the id of the last event.
func (l *Ledger) Last() Sequence { return l.last }

// receive enters an application event and counts what is wrong with it. seq is zero if
// the id is not of the server's form; ok: it is, and the event is new and of this run.
func (l *Ledger) receive(id, data []byte, f *Faults) (tag Tag, seq Sequence, ok bool) {
	seq, numbered := ParseSequence(id)
	switch {
	case !numbered:
		seq = Sequence{}
		f.NoID++
	case seq.Compare(l.last) <= 0:
		f.Disorder++
	default:
		l.last = seq
	}
	tag, ok = FindTag(data)
	if !ok || tag.N >= 64*len(l.got) || tag.Lane >= Lanes {
		f.Untagged++
		return tag, seq, false
	}
	if tag.Size != len(data) {
		f.Damaged++
	}
	word, bit := &l.got[tag.N/64], uint64(1)<<(tag.N%64)
	if *word&bit != 0 {
		f.Duplicates++
		return tag, seq, false
	}
	*word |= bit
	l.count++
	if n := int32(tag.N) + 1; n < l.newest[tag.Lane] {
		f.Swapped++
	} else {
		l.newest[tag.Lane] = n
	}
	return tag, seq, numbered
}

// Against compares what came with what was addressed to the stream, as a set
// made with NewSet: missing is what did not come, foreign what was for others.
func (l *Ledger) Against(addressed Set) (missing, foreign int) {
	for i, got := range l.got {
		missing += bits.OnesCount64(addressed[i] &^ got)
		foreign += bits.OnesCount64(got &^ addressed[i])
	}
	return missing, foreign
}

// Set is a set of tags.
type Set []uint64

// NewSet is for a run of so many tags.
func NewSet(tags int) Set { return make(Set, (tags+63)/64) }

// Add puts the tag n into the set.
func (s Set) Add(n int) { s[n/64] |= 1 << (n % 64) }

// Has reports whether the tag n is in the set.
func (s Set) Has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

// Len is the size of the set.
func (s Set) Len() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}
