package loadgen

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seen is a Block that outlives the parser's buffers.
type seen struct {
	Name, Data, ID string
	Retry          int
	HasData, HasID bool
	Comments       int
	Odd            Oddity
}

// parseAll feeds the pieces as a connection would deliver them: what is left of
// one stands before the next.
func parseAll(pieces ...[]byte) (blocks []seen, rest []byte) {
	var p Parser
	var b Block
	for _, piece := range pieces {
		rest = append(rest, piece...)
		for {
			n := p.Next(rest, &b)
			if n == 0 {
				break
			}
			if b.Comments > 0 || b.HasData || b.HasID || b.Name != nil || b.Retry >= 0 || b.Odd != 0 {
				blocks = append(blocks, seen{string(b.Name), string(b.Data), string(b.ID), b.Retry, b.HasData, b.HasID, b.Comments, b.Odd})
			}
			rest = rest[n:]
		}
	}
	return blocks, rest
}

var parserTable = []struct {
	name, stream string
	blocks       []seen
	rest         string
}{
	{
		name:   "an event with all fields",
		stream: "event: update\nretry: 1500\ndata: {\"a\":1}\nid: 17-2\n\n",
		blocks: []seen{{Name: "update", Data: `{"a":1}`, ID: "17-2", Retry: 1500, HasData: true, HasID: true}},
	},
	{
		name:   "only one space after the colon belongs to the syntax",
		stream: "data:  two\ndata:none\n\n",
		blocks: []seen{{Data: " two\nnone", Retry: -1, HasData: true}},
	},
	{
		name:   "an empty text is an event all the same",
		stream: "data: \n\n",
		blocks: []seen{{Retry: -1, HasData: true}},
	},
	{
		name:   "empty lines of a text are kept",
		stream: "data: \ndata: \ndata: x\n\ndata\n\n",
		blocks: []seen{{Data: "\n\nx", Retry: -1, HasData: true}, {Retry: -1, HasData: true}},
	},
	{
		name:   "two texts of several lines do not mix",
		stream: "data: a\ndata: b\n\ndata: c\ndata: d\n\n",
		blocks: []seen{{Data: "a\nb", Retry: -1, HasData: true}, {Data: "c\nd", Retry: -1, HasData: true}},
	},
	{
		name:   "comments are counted and are nothing else",
		stream: ": hello\n:\n\n",
		blocks: []seen{{Retry: -1, Comments: 2}},
	},
	{
		name:   "an id with NUL is ignored",
		stream: "data: x\nid: a\x00b\n\n",
		blocks: []seen{{Data: "x", Retry: -1, HasData: true}},
	},
	{
		name:   "an empty id is an id",
		stream: "data: x\nid\n\n",
		blocks: []seen{{Data: "x", Retry: -1, HasData: true, HasID: true}},
	},
	{
		name:   "a retry that is no number is odd and is ignored",
		stream: "retry: 1s\ndata: x\n\n",
		blocks: []seen{{Data: "x", Retry: -1, HasData: true, Odd: OddRetry}},
	},
	{
		name:   "a retry alone is odd",
		stream: "retry: 10\n\n",
		blocks: []seen{{Retry: 10, Odd: OddNoData}},
	},
	{
		name:   "an id before the data is odd",
		stream: "id: 1-1\ndata: x\n\n",
		blocks: []seen{{Data: "x", ID: "1-1", Retry: -1, HasData: true, HasID: true, Odd: OddIDFirst}},
	},
	{
		name:   "an unknown field is odd",
		stream: "Data: x\ndata: y\n\n",
		blocks: []seen{{Data: "y", Retry: -1, HasData: true, Odd: OddField}},
	},
	{
		name:   "a byte order mark is odd",
		stream: "\xef\xbb\xbfdata: x\n\n",
		blocks: []seen{{Retry: -1, Odd: OddField | OddNoData}},
	},
	{
		name:   "bytes that are no UTF-8 are odd",
		stream: "data: \xff\n\n",
		blocks: []seen{{Data: "\xff", Retry: -1, HasData: true, Odd: OddUTF8}},
	},
	{
		name:   "what is not complete stays",
		stream: "data: x\n\ndata: y\nid: 1-2\n",
		blocks: []seen{{Data: "x", Retry: -1, HasData: true}},
		rest:   "data: y\nid: 1-2\n",
	},
}

func TestParser(t *testing.T) {
	for _, tt := range parserTable {
		t.Run(tt.name, func(t *testing.T) {
			blocks, rest := parseAll([]byte(tt.stream))
			assert.Equal(t, tt.blocks, blocks)
			assert.Equal(t, tt.rest, string(rest))
		})
		t.Run(tt.name+", cut in two anywhere", func(t *testing.T) {
			for i := range len(tt.stream) {
				blocks, rest := parseAll([]byte(tt.stream[:i]), []byte(tt.stream[i:]))
				require.Equal(t, tt.blocks, blocks, "cut at %d", i)
				require.Equal(t, tt.rest, string(rest), "cut at %d", i)
			}
		})
		t.Run(tt.name+", byte by byte", func(t *testing.T) {
			blocks, _ := parseAll(bytewise(tt.stream)...)
			assert.Equal(t, tt.blocks, blocks)
		})
	}
}

func TestParserTakesAllLineEndsAndSaysWhichAreNotLF(t *testing.T) {
	want := []seen{{Name: "e", Data: "a\nb", ID: "1-1", Retry: -1, HasData: true, HasID: true, Odd: OddLineEnd}, {Data: "c", Retry: -1, HasData: true, Odd: OddLineEnd}}
	for _, end := range []string{"\r", "\r\n"} {
		stream := string(bytes.ReplaceAll([]byte("event: e\ndata: a\ndata: b\nid: 1-1\n\ndata: c\n\n"), []byte("\n"), []byte(end)))
		for i := range len(stream) {
			blocks, _ := parseAll([]byte(stream[:i]), []byte(stream[i:]))
			var events []seen
			for _, b := range blocks {
				if b.HasData {
					events = append(events, b)
				}
			}
			require.Equal(t, want, events, "%q cut at %d", end, i)
		}
	}
}

func TestParserDoesNotAllocate(t *testing.T) {
	stream := []byte("event: update\ndata: one\ndata: two\nid: 17-2\n\n")
	var p Parser
	var b Block
	p.Next(stream, &b)
	assert.Zero(t, testing.AllocsPerRun(100, func() { p.Next(stream, &b) }))
}

// FuzzParser: nothing that a server sends may stop the checker, and where the
// reads cut the stream makes no difference.
func FuzzParser(f *testing.F) {
	for _, tt := range parserTable {
		f.Add([]byte(tt.stream), 3)
	}
	f.Add([]byte("data: x\r\n\r\ndata: y\r\r"), 8)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		whole, _ := parseAll(stream)
		cut = max(0, min(cut, len(stream)))
		parts, _ := parseAll(stream[:cut], stream[cut:])
		// The LF of a CRLF that was cut is an empty block, and may make its end
		// look odd; the events are the same.
		assert.Equal(t, eventsOf(whole), eventsOf(parts))
	})
}

func eventsOf(blocks []seen) (events []seen) {
	for _, b := range blocks {
		b.Odd = 0
		if b.HasData {
			events = append(events, b)
		}
	}
	return events
}

func bytewise(s string) (pieces [][]byte) {
	for i := range len(s) {
		pieces = append(pieces, []byte{s[i]})
	}
	return pieces
}

func BenchmarkParser(b *testing.B) {
	stream := bytes.Repeat([]byte("event: update\ndata: "+string(bytes.Repeat([]byte{'x'}, 200))+"\nid: 1700000000000-2\n\n"), 100)
	var p Parser
	var block Block
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		for rest := stream; len(rest) > 0; {
			rest = rest[p.Next(rest, &block):]
		}
	}
}
