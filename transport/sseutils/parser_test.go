package sseutils

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// streams are from the examples and the algorithm of WHATWG HTML 9.2.6.
var streams = map[string]struct {
	stream string
	want   []Message
	retry  time.Duration
	last   string
}{
	"nothing":                              {stream: ""},
	"an event":                             {stream: "data: a\n\n", want: []Message{{"message", "a", ""}}},
	"a named event with an id":             {stream: "event: x\ndata: a\nid: 1\n\n", want: []Message{{"x", "a", "1"}}, last: "1"},
	"several data lines":                   {stream: "data: YHOO\ndata: +2\ndata: 10\n\n", want: []Message{{"message", "YHOO\n+2\n10", ""}}},
	"the standard's example of ids":        {stream: ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n", want: []Message{{"message", "first event", "1"}, {"message", "second event", ""}}},
	"the standard's example of empty data": {stream: "data\n\ndata\ndata\n\ndata:", want: []Message{{"message", "", ""}, {"message", "\n", ""}}},
	"a space is eaten once":                {stream: "data:test\n\ndata: test\n\ndata:  test\n\n", want: []Message{{"message", "test", ""}, {"message", "test", ""}, {"message", " test", ""}}},
	"CR":                                   {stream: "data: a\r\rdata: b\r\r", want: []Message{{"message", "a", ""}, {"message", "b", ""}}},
	"CRLF":                                 {stream: "data: a\r\ndata: b\r\n\r\n", want: []Message{{"message", "a\nb", ""}}},
	"every line end mixed":                 {stream: "data: a\rdata: b\ndata: c\r\n\r\ndata: d\n\r", want: []Message{{"message", "a\nb\nc", ""}, {"message", "d", ""}}},
	"LF behind an empty CR line":           {stream: "data: a\r\r\ndata: b\r\r", want: []Message{{"message", "a", ""}, {"message", "b", ""}}},
	"a byte order mark":                    {stream: "\xEF\xBB\xBFdata: a\n\n", want: []Message{{"message", "a", ""}}},
	"two byte order marks":                 {stream: "\xEF\xBB\xBF\xEF\xBB\xBFdata: a\n\n"},
	"half a byte order mark":               {stream: "\xEF\xBBdata: a\n\n"},
	"an id stays for later events":         {stream: "id: 1\ndata: a\n\ndata: b\n\n", want: []Message{{"message", "a", "1"}, {"message", "b", "1"}}, last: "1"},
	"an id without data":                   {stream: "id: 7\n\ndata: a\n\n", want: []Message{{"message", "a", "7"}}, last: "7"},
	"an id with a NUL is none":             {stream: "id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n", want: []Message{{"message", "a", "1"}, {"message", "b", "1"}}, last: "1"},
	"an event cut off is none":             {stream: "data: a\nid: 1\n\ndata: b\nid: 2\n", want: []Message{{"message", "a", "1"}}, last: "1"},
	"an event cut off in its last line":    {stream: "data: a\n\ndata: b\n\r"[:len("data: a\n\ndata: b\n")], want: []Message{{"message", "a", ""}}},
	"a name does not carry over":           {stream: "event: x\n\ndata: a\n\n", want: []Message{{"message", "a", ""}}},
	"an empty name":                        {stream: "event: x\nevent:\ndata: a\n\n", want: []Message{{"message", "a", ""}}},
	"comments and unknown fields":          {stream: ":c\n: c\nfoo: bar\nData: x\n data: y\ndata: a\n\n", want: []Message{{"message", "a", ""}}},
	"a colon in the text":                  {stream: "data: a: b:c\n\n", want: []Message{{"message", "a: b:c", ""}}},
	"a retry":                              {stream: "retry: 2500\ndata: a\n\n", want: []Message{{"message", "a", ""}}, retry: 2500 * time.Millisecond},
	"a retry alone":                        {stream: "retry: 10\n\n", retry: 10 * time.Millisecond},
	"retries that are none":                {stream: "retry: 1\nretry: 1e3\nretry: -1\nretry: +5\nretry: 1_0\nretry:  7\nretry:\nretry: 99999999999999\n\n", retry: time.Millisecond},
}

func TestParser(t *testing.T) {
	for sentence, c := range streams {
		t.Run(sentence, func(t *testing.T) {
			// Whole, byte by byte, and in two parts cut anywhere.
			readers := []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream)), iotest.DataErrReader(strings.NewReader(c.stream))}
			for at := range len(c.stream) + 1 {
				readers = append(readers, io.MultiReader(strings.NewReader(c.stream[:at]), strings.NewReader(c.stream[at:])))
			}
			for _, r := range readers {
				p := newParser(r)
				assert.Equal(t, c.want, all(t, p, io.EOF))
				assert.Equal(t, c.retry, p.Retry)
				assert.Equal(t, c.last, p.LastEventID)
			}
		})
	}
}

func all(t *testing.T, p *parser, end error) (events []Message) {
	for {
		e, err := p.Next()
		if err != nil {
			assert.ErrorIs(t, err, end)
			assert.Equal(t, Message{}, e)
			return events
		}
		events = append(events, e)
	}
}

// An event is given as soon as its blank line is there, a CR too: what follows it may
// never come.
func TestAnEventIsNotHeldBack(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\r", "\r\n\r\n"} {
		r, w := io.Pipe()
		p := newParser(r)
		got := make(chan Message)
		go func() {
			for range 2 {
				e, err := p.Next()
				assert.NoError(t, err)
				got <- e
			}
		}()
		for _, text := range []string{"a", "b"} {
			_, err := io.WriteString(w, "data: "+text+end)
			require.NoError(t, err)
			select {
			case e := <-got:
				assert.Equal(t, text, e.Data)
			case <-time.After(10 * time.Second):
				require.FailNow(t, "the event is held back", "%q", end)
			}
		}
		require.NoError(t, w.Close())
	}
}

func TestABrokenStreamSaysWhy(t *testing.T) {
	p := newParser(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	assert.Equal(t, []Message{{"message", "a", ""}}, all(t, p, io.ErrUnexpectedEOF))
}

func TestALineOfAMegabyteAndOneTooLong(t *testing.T) {
	text := strings.Repeat("x", 1<<20)
	p := newParser(strings.NewReader("data: " + text + "\n\n"))
	assert.Equal(t, []Message{{"message", text, ""}}, all(t, p, io.EOF))
	p = newParser(strings.NewReader("data: " + strings.Repeat("x", maxLine)))
	_, err := p.Next()
	assert.ErrorContains(t, err, "too long")
}

// However a stream is cut into reads, the same events come of it, and what was
// written as one event is read as one.
func FuzzParser(f *testing.F) {
	for _, c := range streams {
		f.Add(c.stream, 3)
	}
	f.Fuzz(func(t *testing.T, stream string, size int) {
		whole := newParser(strings.NewReader(stream))
		want := all(t, whole, io.EOF)
		pieces := newParser(&inPieces{stream, max(size%7, 1)})
		assert.Equal(t, want, all(t, pieces, io.EOF))
		assert.Equal(t, whole.LastEventID, pieces.LastEventID)
		assert.Equal(t, whole.Retry, pieces.Retry)
		for _, e := range want {
			assert.False(t, strings.ContainsAny(e.Type+e.ID, "\r\n"))
			assert.NotContains(t, e.Data, "\r")
			again := all(t, newParser(strings.NewReader("data: "+strings.ReplaceAll(e.Data, "\n", "\ndata: ")+"\n\n")), io.EOF)
			assert.Equal(t, []Message{{"message", e.Data, ""}}, again)
		}
	})
}

type inPieces struct {
	rest string
	size int
}

func (p *inPieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}
