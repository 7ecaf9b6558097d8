package sse

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// Event is one event of a stream. Texts are as received: the JavaScript runtime
// replaces what is no UTF-8.
type Event struct {
	ID      string `js:"id"`
	Comment string `js:"comment"` // the comment lines of the same block
	Name    string `js:"name"`
	Data    string `js:"data"`
}

// readSize is small because each of many thousand streams has its own.
const readSize = 2 << 10

// maxBlock bounds what a block may hold: a server that never ends one would fill
// the memory of the machine that tests it.
const maxBlock = 16 << 20

var errTooLarge = errors.New("an event of more than 16 MiB")

// Reader reads events from a stream (WHATWG HTML 9.2.6). It reads no further ahead
// than its small buffer. Not safe for concurrent use.
type Reader struct {
	from   io.Reader
	failed error  // what from said last; told when unread is used up
	buffer []byte // unread is within it
	unread []byte
	line   []byte // the start of a line whose end is still to come
	inside bool   // the first line, which may begin with a BOM, is over
	skipLF bool   // the last line ended in CR: an LF now belongs to it

	event   Event
	data    []byte // the data lines, each with an LF behind it
	comment []byte // likewise
}

// NewReader reads the events of a stream.
func NewReader(from io.Reader) *Reader {
	return &Reader{from: from, buffer: make([]byte, readSize)}
}

// Next gives the next event. At the end of the stream, where an event that lacks
// its blank line is dropped, it gives io.EOF.
func (r *Reader) Next() (Event, error) {
	for {
		line, err := r.readLine()
		if err != nil {
			return Event{}, err
		}
		if len(line) > 0 {
			if err := r.field(line); err != nil {
				return Event{}, err
			}
			continue
		}
		if event, ok := r.dispatch(); ok {
			return event, nil
		}
	}
}

// readLine gives a line without its end. It holds until the next call.
func (r *Reader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		if r.skipLF && len(r.unread) > 0 {
			r.skipLF = false
			if r.unread[0] == '\n' {
				r.unread = r.unread[1:]
			}
		}
		end := bytes.IndexAny(r.unread, "\r\n")
		if end >= 0 {
			line := r.unread[:end]
			// An LF that follows a CR may come much later: the line must not wait for it.
			r.skipLF = r.unread[end] == '\r'
			r.unread = r.unread[end+1:]
			if len(r.line) > 0 {
				r.line = append(r.line, line...)
				line = r.line
			}
			return r.withoutBOM(line), nil
		}
		if len(r.line)+len(r.unread) > maxBlock {
			return nil, errTooLarge
		}
		r.line = append(r.line, r.unread...)
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

func (r *Reader) fill() error {
	r.unread = nil
	if r.failed != nil {
		return r.failed
	}
	n, err := r.from.Read(r.buffer)
	r.unread, r.failed = r.buffer[:n], err
	return nil
}

func (r *Reader) withoutBOM(line []byte) []byte {
	if r.inside {
		return line
	}
	r.inside = true
	return bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
}

// field takes a line of a block.
func (r *Reader) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	if len(r.data)+len(r.comment)+len(value) > maxBlock {
		return errTooLarge
	}
	switch string(name) {
	case "": // the colon came first
		r.comment = append(append(r.comment, value...), '\n')
	case "event":
		r.event.Name = string(value)
	case "data":
		r.data = append(append(r.data, value...), '\n')
	case "id":
		if !bytes.Contains(value, []byte{0}) {
			r.event.ID = string(value)
		}
	}
	// retry is for clients that reconnect; here the script decides.
	return nil
}

// dispatch ends a block; ok is false if there is no event in it.
func (r *Reader) dispatch() (event Event, ok bool) {
	event, ok = r.event, len(r.data) > 0
	if ok {
		event.Data = strings.TrimSuffix(string(r.data), "\n")
		event.Comment = strings.TrimSuffix(string(r.comment), "\n")
	}
	r.event, r.data, r.comment = Event{}, r.data[:0], r.comment[:0]
	return event, ok
}
