package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
	"unicode/utf8"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Pebble has checksums on what it stores; this one is from end to end: it finds what
// was wrong before it was stored, and a value that is under another one's key.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// encodeRecord gives the value of a record under its key in one of its boxes.
func encodeRecord(key []byte, e sse.Event, expires time.Time) []byte {
	v := make([]byte, 4, 4+3*binary.MaxVarintLen64+1+4+len(e.Name.String())+len(e.ID.String())+len(e.Data))
	v = binary.AppendUvarint(v, uint64(max(0, expires.UnixMilli())))
	v = binary.AppendUvarint(v, uint64(max(0, e.Retry)))
	v = binary.AppendUvarint(v, uint64(max(0, e.TTL)))
	v = append(v, byte(e.Priority))
	name := ""
	if e.Name != (sse.Name{}) {
		name = e.Name.String()
	}
	v = appendText(v, name)
	v = appendText(v, e.ID.String())
	v = append(v, e.Data...)
	binary.BigEndian.PutUint32(v, checksum(key, v[4:]))
	return v
}

// decodeRecord reads what encodeRecord wrote, and nothing else. The record is without
// its boxes.
func decodeRecord(key, value []byte) (journal.Record, error) {
	_, id, err := parseRecordKey(key)
	if err != nil {
		return journal.Record{}, err
	}
	r := journal.Record{ID: id, Event: sse.Event{Persistent: true}}
	p := parts{left: value}
	sum := binary.BigEndian.Uint32(p.take(4))
	if p.err == nil && sum != checksum(key, p.left) {
		return journal.Record{}, errors.New("the checksum is another one")
	}
	r.Expires = time.UnixMilli(int64(p.uvarint())).UTC()
	r.Event.Retry, r.Event.TTL = time.Duration(p.uvarint()), time.Duration(p.uvarint())
	r.Event.Priority = sse.Priority(p.take(1)[0])
	name, own := p.text(), p.text()
	r.Event.Data = string(p.left)
	if p.err != nil {
		return journal.Record{}, p.err
	}
	if name != "" {
		if r.Event.Name, err = sse.ParseName(name); err != nil {
			return journal.Record{}, fmt.Errorf("the event's name: %w", err)
		}
	}
	if own != "" {
		if r.Event.ID, err = sse.ParseID(own); err != nil {
			return journal.Record{}, fmt.Errorf("the event's id: %w", err)
		}
	}
	if r.Event.Priority > sse.High || r.Event.Retry < 0 || r.Event.TTL < 0 || !utf8.ValidString(r.Event.Data) {
		return journal.Record{}, errors.New("it is no event")
	}
	return r, nil
}

func (p *parts) uvarint() uint64 {
	n, length := binary.Uvarint(p.left)
	if p.err != nil || length <= 0 {
		p.err, p.left = errShort, nil
		return 0
	}
	p.left = p.left[length:]
	return n
}

// cursor is the value of a device.
type cursor struct {
	id   sse.Sequence
	seen time.Time
}

func (c cursor) encode() []byte { return appendTime(appendID(nil, c.id), c.seen) }

func decodeCursor(v []byte) (cursor, error) {
	p := parts{left: v}
	c := cursor{p.id(), p.time()}
	return c, p.end()
}

// floor is the value of what a box has lost.
type floor struct {
	id      sse.Sequence
	expires time.Time // then what it stands for would have expired as well
}

func (f floor) encode() []byte { return appendTime(appendID(nil, f.id), f.expires) }

func decodeFloor(v []byte) (floor, error) {
	p := parts{left: v}
	f := floor{p.id(), p.time()}
	return f, p.end()
}

// counts is what there is in all.
type counts struct {
	newest  sse.Sequence // that was appended
	records uint64
	bytes   uint64 // by Record.Size
	boxes   uint64
}

func (c counts) encode() []byte {
	v := appendID(nil, c.newest)
	v = binary.AppendUvarint(v, c.records)
	v = binary.AppendUvarint(v, c.bytes)
	return binary.AppendUvarint(v, c.boxes)
}

func decodeCounts(v []byte) (counts, error) {
	p := parts{left: v}
	c := counts{newest: p.id(), records: p.uvarint(), bytes: p.uvarint(), boxes: p.uvarint()}
	return c, p.end()
}

func decodeID(v []byte) (sse.Sequence, error) {
	p := parts{left: v}
	id := p.id()
	return id, p.end()
}
