package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// Whatever comes in, Decode does not panic, and what it lets through obeys every
// limit and reaches a client as exactly one event with exactly that data.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		whole, "[" + whole + "]", `[{"data":1},{"data":"2"}]`, `{"data":"a\rb\nc\r\nd\n"}`, `{"data":"\nevent: admin\ndata: forged"}`,
		`{"data":"\u2028\u0000\ufeff"}`, `{"data":" : "}`, `{"data":":"}`, `{"data":""}`, `{"data":null}`, `{"event":":","data":1}`,
		`{"event":" x ","id":"a:b","data":[{},[]]}`, `{"data":"\ud83d\ude00\ud800"}`, `{"data":1,"userId":""}`, `{"data":1,"topics":[]}`,
		`{"DATA":1}`, `{"data":1,"data":2}`, `{"retry":1e9,"data":1}`, "\xEF\xBB\xBF{}", "[[[[", `{"a`, "nul", "{}{}", "[]",
		`{"data":1,"id":"1795493112845-0"}`, `{"data":1,"id":"999999999999-7"}`, `{"data":1,"persistent":true,"ttl":5,"clientIds":["c"]}`,
	} {
		f.Add([]byte(seed))
	}
	limits := Limits{EventBytes: 500, Events: 4, Topics: 3, ClientIDs: 2}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		items, _, err := Decode(body, limits)
		assert.Equal(t, before, string(body), "the body is only read")
		if err != nil {
			var fault *Fault
			require.True(t, errors.As(err, &fault))
			assert.Nil(t, items)
			assert.Less(t, len(err.Error()), 600)
			assert.True(t, utf8.ValidString(err.Error()))
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, items)
		assert.LessOrEqual(t, len(items), limits.Events)
		for _, item := range items {
			checkLimits(t, item, limits)
			checkFrame(t, item)
		}
	})
}

func checkLimits(t *testing.T, item Item, limits Limits) {
	t.Helper()
	e := item.Event
	assert.LessOrEqual(t, len(e.Data), limits.EventBytes)
	assert.True(t, utf8.ValidString(e.Data))
	name := e.Name.String()
	assert.NotEmpty(t, name)
	assert.LessOrEqual(t, utf8.RuneCountInString(name), 128)
	assert.NotContains(t, []string{"connection", "heartbeat", "error", "open"}, name, "a publisher can't speak for the server")
	assert.False(t, strings.ContainsAny(name, "\r\n\x00"))
	assert.LessOrEqual(t, len(e.ID.String()), 128)
	assert.False(t, strings.ContainsFunc(e.ID.String(), func(r rune) bool { return r < ' ' || r > '~' }))
	if own, err := sse.ParseSequence(e.ID.String()); err == nil {
		assert.Less(t, own.Milliseconds, uint64(1_000_000_000_000), "a publisher can't take an id of the server's")
	}
	assert.True(t, e.Retry == 0 || e.Retry >= time.Millisecond && e.Retry <= 24*time.Hour, e.Retry)
	assert.LessOrEqual(t, e.Priority, sse.High)
	assert.False(t, e.Persistent && len(item.Target.ClientIDs) > 0, "a stream has no mailbox")
	assert.True(t, item.Event.TTL >= 0 && item.Event.TTL <= 30*24*time.Hour, item.Event.TTL)

	to := item.Target
	assert.LessOrEqual(t, len(to.ClientIDs), limits.ClientIDs)
	assert.LessOrEqual(t, len(to.Topics), limits.Topics)
	for _, id := range to.ClientIDs {
		assert.NoError(t, CheckClientID(id))
	}
	for _, topic := range to.Topics {
		assert.NoError(t, CheckTopic(topic))
	}
	if to.SessionID != "" {
		assert.NoError(t, CheckSessionID(to.SessionID))
	}
	if to.UserID != "" {
		assert.NoError(t, CheckUserID(to.UserID))
	}
}

// checkFrame reads the event's frame as a client would.
func checkFrame(t *testing.T, item Item) {
	t.Helper()
	frame := sse.NewFrame(item.Event)
	frame.Seal("7-7")
	events := read(string(frame.Bytes()))
	require.Len(t, events, 1, "one event and nothing else:\n%q", frame.Bytes())
	want := received{name: item.Event.Name.String(), id: item.Event.ID.String(), retry: item.Event.Retry,
		data: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(item.Event.Data)}
	if want.id == "" {
		want.id = "7-7"
	}
	assert.Equal(t, want, events[0])

	var back any
	require.NoError(t, json.Unmarshal([]byte(item.Data), &back), "the answer's data is JSON")
	if text, ok := back.(string); ok {
		assert.Equal(t, text, item.Event.Data)
	} else {
		assert.Equal(t, item.Data, item.Event.Data)
		assert.False(t, strings.ContainsAny(item.Event.Data, "\r\n"))
	}
}
