package interop

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkWire looks at what a tolerant parser does not show.
func checkWire(t *testing.T, wire *raw, published []event) {
	head := wire.responseHead(t, time.Second)
	assert.Contains(t, head.status, " 200")
	assert.Equal(t, "text/event-stream; charset=utf-8", head.header.Get("Content-Type"))
	assert.Equal(t, "no-cache, no-transform", head.header.Get("Cache-Control"))
	assert.Equal(t, "no", head.header.Get("X-Accel-Buffering"))
	assert.Empty(t, head.header.Get("Content-Encoding"))

	body, blocks := wire.received()
	assert.True(t, utf8.ValidString(body), "valid UTF-8")
	assert.False(t, strings.HasPrefix(body, "\ufeff"), "no byte order mark")
	assert.NotContains(t, body, "\r", "one kind of line end throughout: a client lost an event in a mixed stream")

	field := regexp.MustCompile(`^(event|data|id|retry): `)
	for _, b := range blocks {
		if !b.Dispatched {
			for _, line := range b.Lines {
				assert.True(t, strings.HasPrefix(line, ":"), "a block without data reaches five clients as an empty event: %q", b.Lines)
			}
			continue
		}
		if i := slices.IndexFunc(b.Lines, func(l string) bool { return !field.MatchString(l) }); i >= 0 {
			assert.Failf(t, "not a field with its space", "without it a client eats the first of the text: %q", short(b.Lines[i]))
		}
		if i := slices.IndexFunc(b.Lines, func(l string) bool { return strings.HasPrefix(l, "id") }); i >= 0 {
			assert.Equal(t, len(b.Lines)-1, i, "the id goes last: a block cut off midway must not move the last event ID: %q", b.Lines[i])
			assert.NotContains(t, []string{"connection", "heartbeat", "error"}, b.Type, "the server's own events move no last event ID: %q", b.Lines[i])
		}
	}
	require.NotEmpty(t, blocks)
	assert.Equal(t, "connection", blocks[0].Type)
	assert.NotEmpty(t, blocks[0].Retry, "the first event carries a retry")

	checkRetries(t, blocks[1:], published)
}

// checkRetries wants a retry field with just those events that were given one.
func checkRetries(t *testing.T, blocks []block, published []event) {
	t.Helper()
	given := map[string]string{}
	for _, e := range published {
		if e.retryMs != 0 {
			given[e.data] = strconv.Itoa(e.retryMs)
		}
	}
	for _, b := range blocks {
		if b.Dispatched {
			assert.Equal(t, given[quote(b.Data)], b.Retry, "retry of %q", short(b.Data))
			delete(given, quote(b.Data))
		}
	}
	assert.Empty(t, given, "retries that were given and not sent")
}
