package sse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/actor/sse"
)

func TestParseName(t *testing.T) {
	tests := []struct {
		name  string
		in    string
		want  string // of String; empty: refused
		fault string
	}{
		{"a plain name", "update", "update", ""},
		{"a name with spaces and a colon", "a: b", "a: b", ""},
		{"a name in another script", "обновление", "обновление", ""},
		{"message is the default event", "message", "message", ""},
		{"Message is another event than message", "Message", "Message", ""},
		{"128 characters of one byte", strings.Repeat("x", 128), strings.Repeat("x", 128), ""},
		{"128 characters of four bytes", strings.Repeat("😀", 128), strings.Repeat("😀", 128), ""},
		{"a name of the server's in capitals", "ERROR", "ERROR", ""},

		{"no name", "", "", "empty"},
		{"129 characters of one byte", strings.Repeat("x", 129), "", "129 characters; at most 128"},
		{"129 characters of four bytes", strings.Repeat("😀", 129), "", "129 characters; at most 128"},
		{"LF", "a\nb", "", `'\n' at byte 1`},
		{"CR", "a\r", "", `'\r' at byte 1`},
		{"NUL", "\x00", "", `'\x00' at byte 0`},
		{"half a character", "a\xc3", "", "not valid UTF-8"},
		{"a surrogate half", "\xed\xa0\x80", "", "not valid UTF-8"},
		{"the server's connection", "connection", "", "the server's own"},
		{"the server's heartbeat", "heartbeat", "", "the server's own"},
		{"the server's error", "error", "", "the server's own"},
		{"open, which a browser would hand to onopen", "open", "", "EventSource's own"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := sse.ParseName(tt.in)
			if tt.fault != "" {
				assert.ErrorContains(t, err, tt.fault)
				assert.Zero(t, n)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, tt.want, n.String())
		})
	}
}

func TestParseID(t *testing.T) {
	tests := []struct {
		name  string
		in    string
		fault string // empty: taken
	}{
		{"the shape that the hub assigns", "1700000000000-0", ""},
		{"the first and the last printable character", "!~", ""},
		{"a space within", "a b", ""},
		{"128 characters", strings.Repeat("x", 128), ""},

		{"no id", "", "empty"},
		{"129 characters", strings.Repeat("x", 129), "129 characters; at most 128"},
		{"LF", "a\nb", `'\n' at byte 1`},
		{"CR", "a\rb", `'\r' at byte 1`},
		{"NUL, which makes a client ignore the id", "a\x00", `'\x00' at byte 1`},
		{"a tab", "a\tb", "byte 1 is 0x09"},
		{"DEL", "\x7f", "byte 0 is 0x7f"},
		{"a character beyond ASCII, which clients send back as Latin-1", "é", "byte 0 is 0xc3"},
		{"half a character", "a\xc3", "not valid UTF-8"},
		{"a space at the start, which a header loses", " a", "space"},
		{"a space at the end, which a header loses", "a ", "space"},
		{"nothing but a space", " ", "space"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, err := sse.ParseID(tt.in)
			if tt.fault != "" {
				assert.ErrorContains(t, err, tt.fault)
				assert.True(t, i.IsZero())
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, tt.in, i.String())
			assert.False(t, i.IsZero())
		})
	}
}

func TestZeroFields(t *testing.T) {
	assert.Equal(t, "message", sse.Name{}.String())
	assert.Empty(t, sse.ID{}.String())
	assert.True(t, sse.ID{}.IsZero())
}

func TestPriorityIsItsOwnInverse(t *testing.T) {
	for _, s := range []string{"low", "normal", "high"} {
		p, err := sse.ParsePriority(s)
		assert.NoError(t, err)
		assert.Equal(t, s, p.String())
	}
	for _, s := range []string{"", "High", "urgent", " low"} {
		p, err := sse.ParsePriority(s)
		assert.ErrorContains(t, err, "allowed: low, normal, high")
		assert.Equal(t, sse.Normal, p)
	}
	assert.Equal(t, sse.Normal, sse.Event{}.Priority, "an event is normal unless it says otherwise")
}

func TestParsingAllocatesNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = sse.ParseName("update")
		_, _ = sse.ParseID("1700000000000-0")
	}))
}
