package sse

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// all reads events to the end of the stream.
func all(from io.Reader) (events []Event, err error) {
	r := NewReader(from)
	for {
		event, err := r.Next()
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
}

func TestReader(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   []Event
	}{
		"all fields":                             {"id: 7\nevent: news\ndata: hello\n\n", []Event{{ID: "7", Name: "news", Data: "hello"}}},
		"fields in any order":                    {"data: hello\nevent: news\nid: 7\n\n", []Event{{ID: "7", Name: "news", Data: "hello"}}},
		"nothing carries over to the next event": {"id: 7\nevent: a\ndata: 1\n\ndata: 2\n\n", []Event{{ID: "7", Name: "a", Data: "1"}, {Data: "2"}}},
		"LF, CRLF and CR end lines":              {"data: a\ndata: b\r\ndata: c\rdata: d\r\n\r\n", []Event{{Data: "a\nb\nc\nd"}}},
		"CRLF is one line end, not two":          {"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []Event{{Data: "a\nb"}, {Data: "c"}}},
		"two CR end a block":                     {"data: a\r\rdata: b\r\r", []Event{{Data: "a"}, {Data: "b"}}},
		"LF LF and CR LF LF end a block":         {"data: a\n\ndata: b\r\n\ndata: c\n\r\n", []Event{{Data: "a"}, {Data: "b"}, {Data: "c"}}},
		"several lines of data":                  {"data: YHOO\ndata: +2\ndata: 10\n\n", []Event{{Data: "YHOO\n+2\n10"}}},
		"data alone is an empty event":           {"data\n\n", []Event{{}}},
		"two of them are one line feed":          {"data\ndata\n\n", []Event{{Data: "\n"}}},
		"data with a colon is empty too":         {"data:\n\ndata: \n\n", []Event{{}, {}}},
		"one space is taken away, no more":       {"data:a\ndata: b\ndata:  c\ndata:\td\n\n", []Event{{Data: "a\nb\n c\n\td"}}},
		"colons in the value stay":               {"data: a:b: c\n\n", []Event{{Data: "a:b: c"}}},
		"an empty name is none":                  {"event\ndata: a\n\nevent:\ndata: b\n\n", []Event{{Data: "a"}, {Data: "b"}}},
		"the last name and id count":             {"event: a\nevent: b\nid: 1\nid: 2\ndata: x\n\n", []Event{{ID: "2", Name: "b", Data: "x"}}},
		"an id with NUL is ignored whole":        {"id: 1\nid: 2\x003\ndata: x\n\n", []Event{{ID: "1", Data: "x"}}},
		"names have cases":                       {"Data: a\ndata: b\n\n", []Event{{Data: "b"}}},
		"a space before the colon is no field":   {"data : a\ndata: b\n\n", []Event{{Data: "b"}}},
		"unknown fields":                         {"foo: bar\nfoo\ndata: b\n\n", []Event{{Data: "b"}}},
		"a retry of any form":                    {"retry: 10\nretry: x\nretry\ndata: a\n\n", []Event{{Data: "a"}}},
		"a retry alone fires nothing":            {"retry: 10\n\n", nil},
		"a comment alone fires nothing":          {": ping\n\n:\n\n", nil},
		"a name and an id alone fire nothing":    {"event: a\nid: 4\n\ndata: b\n\n", []Event{{Data: "b"}}},
		"comments of the block":                  {": one\n:two\n:\ndata: a\n\ndata: b\n\n", []Event{{Comment: "one\ntwo\n", Data: "a"}, {Data: "b"}}},
		"a comment of an earlier block is gone":  {": one\n\ndata: a\n\n", []Event{{Data: "a"}}},
		"a BOM at the start":                     {"\xef\xbb\xbfdata: a\n\n", []Event{{Data: "a"}}},
		"only one BOM":                           {"\xef\xbb\xbf\xef\xbb\xbfdata: a\ndata: b\n\n", []Event{{Data: "b"}}},
		"a BOM later is text":                    {"data: a\n\n\xef\xbb\xbfdata: b\ndata: c\n\n", []Event{{Data: "a"}, {Data: "c"}}},
		"a BOM before an empty line":             {"\xef\xbb\xbf\ndata: a\n\n", []Event{{Data: "a"}}},
		"an event without its blank line":        {"data: a\n\ndata: b\n", []Event{{Data: "a"}}},
		"a line without its end":                 {"data: a\n\ndata: b", []Event{{Data: "a"}}},
		"blank lines between events":             {"\n\n\ndata: a\n\n\n\n\ndata: b\n\n", []Event{{Data: "a"}, {Data: "b"}}},
		"nothing":                                {"", nil},
		"lines longer than the buffer": {"data: " + strings.Repeat("x", 3*readSize) + "\r\ndata: " + strings.Repeat("y", readSize) + "\r\n\r\n",
			[]Event{{Data: strings.Repeat("x", 3*readSize) + "\n" + strings.Repeat("y", readSize)}}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, from := range map[string]io.Reader{
				"whole":            strings.NewReader(c.stream),
				"byte by byte":     iotest.OneByteReader(strings.NewReader(c.stream)),
				"in halves":        iotest.HalfReader(strings.NewReader(c.stream)),
				"with EOF at once": iotest.DataErrReader(strings.NewReader(c.stream)),
			} {
				events, err := all(from)
				assert.ErrorIs(t, err, io.EOF, how)
				assert.Equal(t, c.want, events, how)
			}
		})
	}
}

func TestReaderDoesNotWaitForTheLFAfterACR(t *testing.T) {
	from, to := io.Pipe()
	defer to.Close()
	go func() { _, _ = io.WriteString(to, "data: a\r\n\r") }()
	event, err := NewReader(from).Next()
	require.NoError(t, err)
	assert.Equal(t, Event{Data: "a"}, event)
}

func TestReaderTellsWhyAStreamBroke(t *testing.T) {
	broken := errors.New("broken")
	events, err := all(io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, []Event{{Data: "a"}}, events)
}

func TestReaderBoundsWhatABlockMayHold(t *testing.T) {
	for name, part := range map[string]string{"a line": "x", "data": "data: xxxxxxxxxxxxxxxxxxxxxxxxxx\n", "comments": ": xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"} {
		t.Run(name, func(t *testing.T) {
			events, err := all(endless(part))
			assert.ErrorIs(t, err, errTooLarge)
			assert.Empty(t, events)
		})
	}
}

// endless repeats a text for ever, in whole copies.
type endless string

func (e endless) Read(p []byte) (n int, err error) {
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func FuzzReaderDoesNotCareHowAStreamIsCut(f *testing.F) {
	f.Add("\xef\xbb\xbfid: 1\r\nevent: a\rdata: b\n\r\n: c\n\ndata\n\n", 3)
	f.Fuzz(func(t *testing.T, stream string, at int) {
		want, err := all(strings.NewReader(stream))
		require.ErrorIs(t, err, io.EOF)
		at = min(max(at, 0), len(stream))
		got, err := all(io.MultiReader(strings.NewReader(stream[:at]), strings.NewReader(stream[at:])))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, want, got)
		got, _ = all(iotest.OneByteReader(strings.NewReader(stream)))
		require.Equal(t, want, got)
	})
}
