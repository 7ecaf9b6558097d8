package handover

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// The file is a line that says what it is, then records: the length of each, its
// checksum, and itself. The first is about the history, the others are its events, oldest
// first, and the last is empty. Numbers are varints, texts have their length before them.
const magic = "sseactor history 1\n"

// maxRecord bounds a record: an event, and who it was for.
const maxRecord = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The bits that say what an event is.
const (
	flagOwn = 1 << iota
	flagPersistent
)

func write(w io.Writer, past actor.Past) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	b := appendID(appendID(nil, past.Floor), past.LastID)
	if err := writeRecord(w, b); err != nil {
		return err
	}
	for e := range past.Events {
		if err := writeRecord(w, appendEvent(b[:0], e)); err != nil {
			return err
		}
	}
	return writeRecord(w, nil)
}

func writeRecord(w io.Writer, record []byte) error {
	head := binary.LittleEndian.AppendUint32(make([]byte, 0, 8), uint32(len(record)))
	head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(record, castagnoli))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(record)
	return err
}

func appendID(b []byte, id sse.Sequence) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, id.Milliseconds), id.N)
}

func appendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = appendText(b, text)
	}
	return b
}

func appendEvent(b []byte, e actor.PastEvent) []byte {
	f := e.Frame
	flags := uint64(0)
	if f.Own() {
		flags |= flagOwn
	}
	if f.Persistent() {
		flags |= flagPersistent
	}
	b = appendID(b, e.ID)
	b = binary.AppendVarint(b, e.At.UnixMilli())
	b = binary.AppendUvarint(b, flags)
	b = binary.AppendUvarint(b, uint64(f.Priority()))
	b = binary.AppendUvarint(b, uint64(f.TTL()/time.Second))
	b = appendText(b, e.Target.UserID)
	b = appendText(b, e.Target.SessionID)
	b = appendTexts(b, e.Target.Topics)
	b = appendTexts(b, e.Target.ClientIDs)
	b = appendText(b, f.ID())
	return appendText(b, f.Bytes())
}

var (
	errDamaged = errors.New("it is damaged")
	errVersion = errors.New("another version has written it")
)

// read reads the whole file: a history with a hole would be worse than none.
func read(b []byte) (*actor.Past, error) {
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return nil, errVersion
	}
	b = b[len(magic):]
	head, b, err := readRecord(b)
	if err != nil {
		return nil, err
	}
	past := &actor.Past{}
	past.Floor, past.LastID = head.id(), head.id()
	newest := past.Floor
	var events []actor.PastEvent
	for head.err == nil {
		var record reader
		if record, b, err = readRecord(b); err != nil {
			return nil, err
		}
		if len(record.b) == 0 {
			break
		}
		e := record.event()
		if record.err != nil || len(record.b) > 0 || !newest.Less(e.ID) {
			return nil, errDamaged
		}
		newest = e.ID
		events = append(events, e)
	}
	if head.err != nil || len(head.b) > 0 || len(b) > 0 || past.LastID.Less(newest) {
		return nil, errDamaged
	}
	past.Events = slices.Values(events)
	return past, nil
}

func readRecord(b []byte) (record reader, rest []byte, err error) {
	if len(b) < 8 {
		return reader{}, nil, errDamaged
	}
	n, sum := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if b = b[8:]; n > maxRecord || int(n) > len(b) || crc32.Checksum(b[:n], castagnoli) != sum {
		return reader{}, nil, errDamaged
	}
	return reader{b: b[:n]}, b[n:], nil
}

// reader reads a record; with an error, whatever it gives means nothing.
type reader struct {
	b   []byte
	err error
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) fail() { r.b, r.err = nil, errDamaged }

func (r *reader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	text := r.b[:n:n]
	r.b = r.b[n:]
	return text
}

func (r *reader) text() string { return string(r.bytes()) }

func (r *reader) texts() []string {
	n := r.number()
	if n > uint64(len(r.b)) { // each takes a byte at least
		r.fail()
		return nil
	}
	var texts []string
	for range n {
		texts = append(texts, r.text())
	}
	return texts
}

func (r *reader) id() sse.Sequence { return sse.Sequence{Milliseconds: r.number(), N: r.number()} }

func (r *reader) event() actor.PastEvent {
	e := actor.PastEvent{ID: r.id(), At: time.UnixMilli(r.signed()).UTC()}
	flags := r.number()
	priority := r.number()
	about := sse.Event{Persistent: flags&flagPersistent != 0, TTL: time.Duration(min(r.number(), 1<<31)) * time.Second}
	switch about.Priority = sse.Priority(min(priority, 255)); about.Priority {
	case sse.Low, sse.Normal, sse.High:
	default:
		r.fail()
	}
	e.Target = actor.Target{UserID: r.text(), SessionID: r.text(), Topics: r.texts(), ClientIDs: r.texts()}
	id, wire := r.text(), r.bytes()
	if flags&flagOwn != 0 && r.err == nil {
		var err error
		if about.ID, err = sse.ParseID(id); err != nil {
			r.err = fmt.Errorf("%w: %v", errDamaged, err)
		}
	}
	e.Frame = sse.Restore(slices.Clone(wire), id, about) // its own copy, or one event would keep the whole file
	return e
}
