package sse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// name is a checked name; the empty string is the default event.
func name(t testing.TB, s string) sse.Name {
	t.Helper()
	if s == "" {
		return sse.Name{}
	}
	n, err := sse.ParseName(s)
	require.NoError(t, err)
	return n
}

// id is a checked id; the empty string leaves it to the hub.
func id(t testing.TB, s string) sse.ID {
	t.Helper()
	if s == "" {
		return sse.ID{}
	}
	i, err := sse.ParseID(s)
	require.NoError(t, err)
	return i
}

// The bytes of a publisher's event, sealed with the id 7-1.
func TestFrameBytes(t *testing.T) {
	tests := []struct {
		name  string
		event sse.Event
		want  string
	}{
		{"the fields come in the order event, retry, data, id",
			sse.Event{Name: name(t, "update"), Data: "x", Retry: 1500 * time.Millisecond},
			"event: update\nretry: 1500\ndata: x\nid: 7-1\n\n"},
		{"the default event has no event line",
			sse.Event{Data: "x"},
			"data: x\nid: 7-1\n\n"},
		{"the name message is the default event",
			sse.Event{Name: name(t, "message"), Data: "x"},
			"data: x\nid: 7-1\n\n"},
		{"a publisher's id stands in the place of the hub's",
			sse.Event{Data: "x", ID: id(t, "order-42")},
			"data: x\nid: order-42\n\n"},
		{"empty data is still an event",
			sse.Event{},
			"data: \nid: 7-1\n\n"},
		{"LF splits data",
			sse.Event{Data: "a\nb"},
			"data: a\ndata: b\nid: 7-1\n\n"},
		{"a bare CR splits data, or it would start a field of its own",
			sse.Event{Data: "user text\revent: admin\rdata: forged"},
			"data: user text\ndata: event: admin\ndata: data: forged\nid: 7-1\n\n"},
		{"CRLF is one line end",
			sse.Event{Data: "a\r\nb"},
			"data: a\ndata: b\nid: 7-1\n\n"},
		{"LFCR is two line ends",
			sse.Event{Data: "a\n\rb"},
			"data: a\ndata: \ndata: b\nid: 7-1\n\n"},
		{"CRCRLF is two line ends",
			sse.Event{Data: "a\r\r\nb"},
			"data: a\ndata: \ndata: b\nid: 7-1\n\n"},
		{"a line end at the end of data makes an empty last line",
			sse.Event{Data: "a\n"},
			"data: a\ndata: \nid: 7-1\n\n"},
		{"CR at the very end of data is a line end",
			sse.Event{Data: "a\r"},
			"data: a\ndata: \nid: 7-1\n\n"},
		{"data of line ends alone keeps each of them",
			sse.Event{Data: "\n\n"},
			"data: \ndata: \ndata: \nid: 7-1\n\n"},
		{"a leading space in data survives behind the syntax's own",
			sse.Event{Data: " x\n  y"},
			"data:  x\ndata:   y\nid: 7-1\n\n"},
		{"a colon at the start of a line of data makes no comment",
			sse.Event{Data: ": x"},
			"data: : x\nid: 7-1\n\n"},
		{"other line separators of Unicode split nothing",
			sse.Event{Data: "a\u2028b\u0085c\vd\fe"},
			"data: a\u2028b\u0085c\vd\fe\nid: 7-1\n\n"},
		{"NUL is allowed in data",
			sse.Event{Data: "a\x00b"},
			"data: a\x00b\nid: 7-1\n\n"},
		{"a retry below a millisecond is one, not none",
			sse.Event{Data: "x", Retry: time.Nanosecond},
			"retry: 1\ndata: x\nid: 7-1\n\n"},
		{"a negative retry is none",
			sse.Event{Data: "x", Retry: -time.Second},
			"data: x\nid: 7-1\n\n"},
		{"the longest retry is plain digits",
			sse.Event{Data: "x", Retry: sse.MaxRetry},
			"retry: 86400000\ndata: x\nid: 7-1\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := sse.NewFrame(tt.event)
			f.Seal("7-1")
			assert.Equal(t, tt.want, string(f.Bytes()))
			assert.Equal(t, len(tt.want), f.Len())
			assert.False(t, f.Control())
		})
	}
}

func TestFrameTellsItsIDAndPriority(t *testing.T) {
	tests := []struct {
		name     string
		event    sse.Event
		id       string
		priority sse.Priority
	}{
		{"the hub's id, and normal unless said otherwise", sse.Event{}, "7-1", sse.Normal},
		{"the publisher's id", sse.Event{ID: id(t, "a"), Priority: sse.Low}, "a", sse.Low},
		{"high priority", sse.Event{Priority: sse.High}, "7-1", sse.High},
		{"a persistent event is never dropped", sse.Event{Persistent: true, Priority: sse.Low}, "7-1", sse.High},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := sse.NewFrame(tt.event)
			f.Seal("7-1")
			assert.Equal(t, tt.id, f.ID())
			assert.Equal(t, tt.priority, f.Priority())
		})
	}
}

func TestAFrameThatIsEndedHasNoID(t *testing.T) {
	f := sse.NewFrame(sse.Event{Data: "x", ID: id(t, "a"), Priority: sse.Low})
	f.End()
	assert.Equal(t, "data: x\n\n", string(f.Bytes()))
	assert.Empty(t, f.ID())
	assert.Equal(t, sse.Low, f.Priority())
}

// Control frames: the server's own.
func TestControlBytes(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct {
		name  string
		frame *sse.Frame
		want  string
	}{
		{"a control event has no id",
			sse.NewControl(sse.NameHeartbeat, 0, []byte(`{"a":1}`)),
			"event: heartbeat\ndata: {\"a\":1}\n\n"},
		{"its retry stands in the same block",
			sse.NewControl(sse.NameError, 2*time.Second, []byte(`{}`)),
			"event: error\nretry: 2000\ndata: {}\n\n"},
		{"long data",
			sse.NewControl(sse.NameConnection, 0, []byte(long)),
			"event: connection\ndata: " + long + "\n\n"},
		{"a comment", sse.NewComment("heartbeat"), ": heartbeat\n\n"},
		{"an empty comment", sse.NewComment(""), ": \n\n"},
		{"a comment's lines are all comments",
			sse.NewComment("a\rdata: forged\r\nb\nc"),
			": a\n: data: forged\n: b\n: c\n\n"},
		{"raw bytes", sse.NewRaw([]byte("HTTP/1.1 204 No Content\r\n\r\n")), "HTTP/1.1 204 No Content\r\n\r\n"},
		{"a response head before the first event",
			sse.NewControl(sse.NameConnection, 0, []byte(`{}`)).Prefixed([]byte("HTTP/1.1 200 OK\r\n\r\n")),
			"HTTP/1.1 200 OK\r\n\r\nevent: connection\ndata: {}\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, string(tt.frame.Bytes()))
			assert.Equal(t, len(tt.want), tt.frame.Len())
			assert.Empty(t, tt.frame.ID(), "an id would move the client's Last-Event-ID")
			assert.True(t, tt.frame.Control())
			assert.Equal(t, sse.High, tt.frame.Priority())
		})
	}
}

func TestPrefixedLeavesTheFrameAsItWas(t *testing.T) {
	f := sse.NewControl(sse.NameConnection, 0, []byte(`{}`))
	before := string(f.Bytes())
	head := []byte("head")
	p := f.Prefixed(head)
	head[0] = 'X'
	assert.Equal(t, before, string(f.Bytes()))
	assert.Equal(t, "head"+before, string(p.Bytes()), "it keeps bytes of its own")
}

// "so that sealing does not copy".
func TestSealDoesNotCopy(t *testing.T) {
	largest := sse.Sequence{Milliseconds: 1<<64 - 1, N: 1<<64 - 1}.String()
	tests := []struct {
		name  string
		event sse.Event
	}{
		{"an empty event", sse.Event{}},
		{"every field at its longest", sse.Event{
			Name:  name(t, strings.Repeat("n", sse.MaxFieldLength)),
			ID:    id(t, strings.Repeat("i", sse.MaxFieldLength)),
			Retry: sse.MaxRetry,
			Data:  strings.Repeat("x", 1000),
		}},
		{"data of line ends alone", sse.Event{Data: strings.Repeat("\r\n\n\r", 100)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := sse.NewFrame(tt.event)
			before := &f.Bytes()[0]
			f.Seal(largest)
			assert.Same(t, before, &f.Bytes()[0])
		})
	}
}

func TestFrameAllocations(t *testing.T) {
	e := sse.Event{Name: name(t, "update"), Data: "a\nb\nc", Retry: time.Second}
	assert.EqualValues(t, 2, testing.AllocsPerRun(100, func() {
		sse.NewFrame(e).Seal("7-1")
	}), "the frame and its bytes")
}
