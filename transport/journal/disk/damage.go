package disk

import (
	"bytes"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// damage counts what could not be read, and reports each place once.
type damage struct {
	report func(where string, err error)
	times  atomic.Uint64

	mu    sync.Mutex
	known map[string]bool
}

// maxKnown bounds the places that are remembered; what comes then is only counted.
const maxKnown = 1_000

func (d *damage) found(where string, err error) {
	d.times.Add(1)
	d.mu.Lock()
	isNew := !d.known[where] && len(d.known) < maxKnown
	if d.known == nil {
		d.known = map[string]bool{}
	}
	if isNew {
		d.known[where] = true
	}
	d.mu.Unlock()
	if isNew {
		d.report(where, err)
	}
}

// maxSkips bounds the damaged places in one scan.
const maxSkips = 100

// scan visits the keys from lower up to, but without, upper, until visit says to stop.
// Where a table is damaged it goes on behind the damage.
func (s *Store) scan(db pebble.Reader, lower, upper []byte, visit func(key, value []byte) (more bool, err error)) error {
	for skips := 0; ; skips++ {
		last, err := scanWhole(db, lower, upper, visit)
		if !pebble.IsCorruptionError(err) || skips == maxSkips {
			return err
		}
		// An iterator that has met damage may find more of it than there is: each look is
		// with a new one.
		lower = behind(func(key []byte) error {
			_, err := scanWhole(db, key, upper, func([]byte, []byte) (bool, error) { return false, nil })
			return err
		}, last, upper)
		s.damage.found(fmt.Sprintf("%s to %s", describe(last), describe(lower)), err)
		if bytes.Compare(lower, upper) >= 0 {
			return nil
		}
	}
}

// scanWhole visits keys until it meets damage, and says which was the last.
func scanWhole(db pebble.Reader, lower, upper []byte, visit func(key, value []byte) (more bool, err error)) (last []byte, err error) {
	last = lower
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return last, err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return last, err
		}
		last = bytes.Clone(it.Key())
		if more, err := visit(last, value); err != nil || !more {
			return last, err
		}
	}
	return last, it.Error()
}

// behind finds where a table can be read again: the damage is between two keys, and
// halving finds its end.
func behind(seek func(key []byte) error, low, high []byte) []byte {
	length := max(len(low), len(high)) + 1
	pad := func(key []byte) *big.Int {
		return new(big.Int).SetBytes(append(bytes.Clone(key), make([]byte, length-len(key))...))
	}
	bad, good := pad(low), pad(high)
	for {
		middle := new(big.Int).Add(bad, good)
		middle.Rsh(middle, 1)
		if middle.Cmp(bad) == 0 {
			return good.FillBytes(make([]byte, length))
		}
		if seek(middle.FillBytes(make([]byte, length))) != nil {
			bad = middle
		} else {
			good = middle
		}
	}
}

// describe says what a key is for. The names of sessions and devices open streams, so
// they are not in it.
func describe(key []byte) string {
	if len(key) == 0 {
		return "the begin"
	}
	p := parts{left: bytes.TrimRight(key[1:], "\x00")}
	switch key[0] {
	case recordKey:
		p.left = append(bytes.Clone(key[1:]), make([]byte, idLength)...)
		box := p.box()
		return fmt.Sprintf("record %v of %s", p.id(), nameOf(box.Kind.String(), box.Kind.String() == "session", box.Name))
	case ownKey:
		return "an own id"
	case expiryKey, seenKey:
		p.left = append(bytes.Clone(key[1:]), make([]byte, 8)...)
		return fmt.Sprintf("the times from %v", p.time())
	case cursorKey:
		return "a device"
	case lostKey, ackedKey:
		return "the state of a box"
	case metaKey:
		return "the counts"
	}
	return "the end"
}

func nameOf(kind string, secret bool, name string) string {
	switch {
	case secret:
		return "a session"
	case name == "":
		return kind
	}
	return fmt.Sprintf("%s %q", kind, name)
}
