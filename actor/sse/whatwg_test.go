package sse_test

import (
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// dispatched is one event as EventSource hands it to a page, and the reconnection
// time that the stream had set by then.
type dispatched struct {
	Type, Data, LastEventID string
	Retry                   string // the decimal number; empty: never set
}

// interpret reads a whole stream as WHATWG HTML 9.2.6 ("Interpreting an event
// stream") says. It is written from that text alone and shares nothing with the
// encoder.
func interpret(stream string) (events []dispatched, lastEventID string) {
	stream = strings.ToValidUTF8(stream, "\uFFFD")
	stream = strings.TrimPrefix(stream, "\uFEFF")

	var data, eventType, idBuffer, retry string
	for {
		end := strings.IndexAny(stream, "\r\n")
		if end < 0 {
			return events, lastEventID // an incomplete line or block is discarded
		}
		line, rest := stream[:end], stream[end+1:]
		if stream[end] == '\r' {
			rest = strings.TrimPrefix(rest, "\n")
		}
		stream = rest

		if line == "" {
			lastEventID = idBuffer
			if data == "" {
				eventType = ""
				continue
			}
			data = strings.TrimSuffix(data, "\n")
			if eventType == "" {
				eventType = "message"
			}
			events = append(events, dispatched{eventType, data, lastEventID, retry})
			data, eventType = "", ""
			continue
		}
		field, value, found := strings.Cut(line, ":")
		if found && field == "" {
			continue // a comment
		}
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			eventType = value
		case "data":
			data += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				idBuffer = value
			}
		case "retry":
			if value != "" && strings.Trim(value, "0123456789") == "" {
				n, _ := new(big.Int).SetString(value, 10)
				retry = n.String()
			}
		}
	}
}

// The parser has to be right for the fuzz test to mean something: these are the
// examples of the specification, and what its text says beyond them.
func TestInterpret(t *testing.T) {
	tests := []struct {
		name   string
		stream string
		want   []dispatched
		last   string
	}{
		{"three lines of data", "data: YHOO\ndata: +2\ndata: 10\n\n", []dispatched{{Type: "message", Data: "YHOO\n+2\n10"}}, ""},
		{"four blocks, of which the last resets the id and has a leading space",
			": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
			[]dispatched{{Type: "message", Data: "first event", LastEventID: "1"}, {Type: "message", Data: "second event"}, {Type: "message", Data: " third event"}}, ""},
		{"empty data, one empty line of data, and an unfinished block", "data\n\ndata\ndata\n\ndata:", []dispatched{{Type: "message", Data: ""}, {Type: "message", Data: "\n"}}, ""},
		{"the space behind the colon is optional", "data:test\n\ndata: test\n\n", []dispatched{{Type: "message", Data: "test"}, {Type: "message", Data: "test"}}, ""},
		{"CR and CRLF end lines too", "data: a\rid: 1\r\n\r\n", []dispatched{{Type: "message", Data: "a", LastEventID: "1"}}, "1"},
		{"an id without data moves the last id and dispatches nothing", "id: 4\n\n", nil, "4"},
		{"an id of an unfinished block moves nothing", "data: x\nid: 4\n", nil, ""},
		{"retry takes digits only", "retry: 10\nretry: 1e3\ndata: x\n\n", []dispatched{{Type: "message", Data: "x", Retry: "10"}}, ""},
		{"an id with NUL is ignored", "id: a\x00\ndata: x\n\n", []dispatched{{Type: "message", Data: "x"}}, ""},
		{"a byte order mark is skipped", "\uFEFFdata: x\n\n", []dispatched{{Type: "message", Data: "x"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, last := interpret(tt.stream)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.last, last)
			assert.True(t, utf8.ValidString(tt.stream))
		})
	}
}
