package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// What a key begins with. They are part of the format: see formatVersion.
const (
	recordKey = 'r' // box, id: an event
	ownKey    = 'o' // box, own id, id: nothing; for Find
	expiryKey = 'e' // expires, box, id: nothing; the zero id is the box's lost floor
	cursorKey = 'c' // box, device: up to where, and when seen
	seenKey   = 's' // when seen, box, device: nothing
	lostKey   = 'l' // box: Cursors.Lost, and until when that matters
	ackedKey  = 'a' // box: nothing; it may hold what all of its devices have acknowledged
	metaKey   = 'm'
)

var (
	countsKey = []byte{metaKey, 'c'} // the newest record, and what there is in all
	reachKey  = []byte{metaKey, 'r'}
)

const idLength = 16

func appendID(k []byte, id sse.Sequence) []byte {
	k = binary.BigEndian.AppendUint64(k, id.Milliseconds)
	return binary.BigEndian.AppendUint64(k, id.N)
}

func appendTime(k []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(k, uint64(max(0, t.UnixMilli())))
}

// appendText writes a text of at most 65,535 bytes behind its length: so no name is the
// beginning of another one's keys.
func appendText(k []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(k, uint16(len(text))), text...)
}

// boxKey begins the keys of a box.
func boxKey(prefix byte, box journal.Box) []byte {
	k := make([]byte, 0, 1+1+2+len(box.Name)+idLength)
	return appendBox(append(k, prefix), box)
}

func appendBox(k []byte, box journal.Box) []byte {
	return appendText(append(k, byte(box.Kind)), box.Name)
}

func recordOf(box journal.Box, id sse.Sequence) []byte { return appendID(boxKey(recordKey, box), id) }

func ownOf(box journal.Box, own string, id sse.Sequence) []byte {
	return appendID(appendText(boxKey(ownKey, box), own), id)
}

func expiryOf(expires time.Time, box journal.Box, id sse.Sequence) []byte {
	return appendID(appendBox(appendTime([]byte{expiryKey}, expires), box), id)
}

func cursorOf(box journal.Box, device string) []byte {
	return appendText(boxKey(cursorKey, box), device)
}

func seenOf(seen time.Time, box journal.Box, device string) []byte {
	return appendText(appendBox(appendTime([]byte{seenKey}, seen), box), device)
}

// after is the end of the keys that begin with k: those of a box, or of all boxes.
func after(k []byte) []byte {
	end := append([]byte(nil), k...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// parts reads keys and values from their begin; after the first fault it gives zeros.
type parts struct {
	left []byte
	err  error
}

var errShort = errors.New("it is too short, or too long")

func (p *parts) take(n int) []byte {
	if p.err != nil || len(p.left) < n {
		p.err, p.left = errShort, nil
		return make([]byte, n)
	}
	b := p.left[:n]
	p.left = p.left[n:]
	return b
}

func (p *parts) number() uint64   { return binary.BigEndian.Uint64(p.take(8)) }
func (p *parts) id() sse.Sequence { return sse.Sequence{Milliseconds: p.number(), N: p.number()} }
func (p *parts) time() time.Time  { return time.UnixMilli(int64(p.number())).UTC() }
func (p *parts) text() string     { return string(p.take(int(binary.BigEndian.Uint16(p.take(2))))) }
func (p *parts) box() journal.Box {
	return journal.Box{Kind: journal.Kind(p.take(1)[0]), Name: p.text()}
}

// end is the first fault, or that something is left.
func (p *parts) end() error {
	if p.err == nil && len(p.left) > 0 {
		return errShort
	}
	return p.err
}

// parseRecordKey reads a key that begins with recordKey.
func parseRecordKey(key []byte) (journal.Box, sse.Sequence, error) {
	p := parts{left: key[1:]}
	box, id := p.box(), p.id()
	if err := p.end(); err != nil {
		return box, id, fmt.Errorf("the key of a record: %w", err)
	}
	return box, id, box.Check()
}
