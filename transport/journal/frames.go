package journal

import (
	"runtime"
	"sync"
	"weak"

	"github.com/sseactor/sseactor/actor/sse"
)

// Frames lets streams that replay the same records at a time share their frames: what many
// slow clients wait for is in memory once. It keeps none that nobody has.
//
// It is for the records of one store. Safe for concurrent use.
type Frames struct {
	mu    sync.Mutex
	known map[sse.Sequence]weak.Pointer[sse.Frame]
}

// NewFrames makes an empty one.
func NewFrames() *Frames { return &Frames{known: map[sse.Sequence]weak.Pointer[sse.Frame]{}} }

// of is a record's frame, sealed.
func (f *Frames) of(record *Record) *sse.Frame {
	if f == nil {
		return encode(record)
	}
	if frame := f.find(record.ID); frame != nil {
		return frame
	}
	frame := encode(record) // outside the lock, which all streams take
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.known[record.ID].Value(); other != nil {
		return other
	}
	f.known[record.ID] = weak.Make(frame)
	runtime.AddCleanup(frame, f.forget, record.ID)
	return frame
}

func (f *Frames) find(id sse.Sequence) *sse.Frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[id].Value()
}

// forget is called when nobody has a record's frame any more, unless there is a new one.
func (f *Frames) forget(id sse.Sequence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[id].Value() == nil {
		delete(f.known, id)
	}
}

func encode(record *Record) *sse.Frame {
	event := record.Event
	event.Persistent = true // or the hub would take it for another one than that in its history
	frame := sse.NewFrame(event)
	frame.Seal(record.ID.String())
	return frame
}
