package interop

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
)

// seen is one event as a client handed it to its user.
type seen struct {
	Type string `json:"type"` // "message" for the default event
	Data string `json:"data"`
	ID   string `json:"id"` // the last event ID at that time
}

// block is what stood between two blank lines of a stream.
type block struct {
	seen
	Lines      []string // as they came
	Retry      string   // empty: none, or not a number
	Dispatched bool     // false: a client sees nothing of it
}

// parseStream reads a stream as WHATWG HTML 9.2.6 says, step by step, and knows
// nothing of sseactor. It hands over each block when its blank line has come
// and returns at the end of r; a block that was cut off is dropped.
func parseStream(r io.Reader, each func(block)) {
	in := bufio.NewReader(r)
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	cut := lines{in: in}
	var b block
	var data, typ, id string
	for {
		line, err := cut.next()
		if err != nil {
			return
		}
		if line == "" {
			b.ID = id
			if data != "" {
				b.Dispatched = true
				b.Data = strings.TrimSuffix(data, "\n")
				b.Type = typ
				if typ == "" {
					b.Type = "message"
				}
			}
			if len(b.Lines) > 0 {
				each(b)
			}
			b, data, typ = block{}, "", ""
			continue
		}
		b.Lines = append(b.Lines, line)
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "event":
			typ = value
		case field == "data":
			data += value + "\n"
		case field == "id" && !strings.Contains(value, "\x00"):
			id = value
		case field == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			b.Retry = value
		}
	}
}

// lines cuts a stream at CR, LF and CRLF.
type lines struct {
	in      *bufio.Reader
	afterCR bool
}

// next returns a line as soon as its end has come. After a CR it does not wait
// for the next byte, which may be long in coming; a LF that turns up there
// belongs to the same line end.
func (l *lines) next() (string, error) {
	var line strings.Builder
	for {
		c, err := l.in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '\n' && l.afterCR {
			l.afterCR = false
			continue
		}
		l.afterCR = c == '\r'
		if c == '\n' || c == '\r' {
			return strings.ToValidUTF8(line.String(), "\ufffd"), nil
		}
		line.WriteByte(c)
	}
}

// The yardstick is measured too, with the examples of the standard's text.
func TestParseStream(t *testing.T) {
	for _, tt := range []struct {
		name, stream string
		want         []seen
	}{
		{"an event with three lines", "data: YHOO\ndata: +2\ndata: 10\n\n", []seen{{"message", "YHOO\n+2\n10", ""}}},
		{"a comment, an id, an id that is reset, a second space that stays",
			": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
			[]seen{{"message", "first event", "1"}, {"message", "second event", ""}, {"message", " third event", ""}}},
		{"empty data makes an event, and a cut-off block does not",
			"data\n\ndata\ndata\n\ndata:", []seen{{"message", "", ""}, {"message", "\n", ""}}},
		{"with and without a space are the same", "data:test\n\ndata: test\n\n", []seen{{"message", "test", ""}, {"message", "test", ""}}},
		{"CR, LF and CRLF end lines, alone or mixed", "event: a\rdata: 1\r\rdata: 2\r\n\r\ndata: 3\n\r\n", []seen{{"a", "1", ""}, {"message", "2", ""}, {"message", "3", ""}}},
		{"a byte order mark at the start is no part of a field", "\ufeffdata: x\n\n", []seen{{"message", "x", ""}}},
		{"a name without data is forgotten", "event: lost\n\ndata: x\n\n", []seen{{"message", "x", ""}}},
		{"an id with NUL is ignored, and an id without data counts", "id: 1\n\ndata: x\nid: 2\x00\n\n", []seen{{"message", "x", "1"}}},
		{"a NUL in data stays", "data: a\x00b\n\n", []seen{{"message", "a\x00b", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []seen
			parseStream(iotest.OneByteReader(strings.NewReader(tt.stream)), func(b block) {
				if b.Dispatched {
					got = append(got, b.seen)
				}
			})
			assert.Equal(t, tt.want, got)
		})
	}
}
