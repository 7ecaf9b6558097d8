package transport

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// trace asks what became of an event.
func (r *rig) trace(id string) traceView {
	r.t.Helper()
	return decode[traceView](r.t, r.call("GET", "/api/sse/admin/events/"+url.PathEscape(id), "", key(opsKey)))
}

func withTraces(o *Options) { o.Hub.HistoryEvents = 1000 }

func TestWhereAnEventWent(t *testing.T) {
	r := startRig(t, withTraces)
	c := r.open("userId=7&sessionId=s", key(opsKey))
	other := r.open("sessionId=other", key(opsKey))
	id := r.publish(`{"data":1,"userId":"7","topics":["t"]}`).Event.ID
	c.next()
	var got traceView
	eventually(t, func() bool {
		got = r.trace(id)
		return len(got.Receivers) == 1 && got.Receivers[0].State == "written"
	}, "it is written")
	assert.Equal(t, traceView{
		ID: id, To: targetView{UserID: "7", Topics: []string{"t"}}, Priority: "normal", Queued: 1,
		Receivers: []receiverView{{ClientID: c.id, UserID: "7", SessionID: "s", State: "written"}},
	}, got)

	id = r.publish(`{"data":1,"id":"order 7/x"}`).Event.ID
	other.next()
	got = decode[traceView](t, r.call("GET", "/api/sse/admin/events?id="+url.QueryEscape(id), "", key(opsKey)))
	assert.Equal(t, "order 7/x", got.OwnID)
	assert.True(t, got.To.Everybody)
	assert.Len(t, got.Receivers, 2)
	page := decode[traceView](t, r.call("GET", "/api/sse/admin/events?limit=1&id="+url.QueryEscape(id), "", key(opsKey)))
	assert.Len(t, page.Receivers, 1)
	assert.NotZero(t, page.Next)
}

// TestWhatBecameOfAPersistentEvent is its ways through a mailbox.
func TestWhatBecameOfAPersistentEvent(t *testing.T) {
	r := startRig(t, withTraces)
	phone := r.open("userId=7&device=phone", key(opsKey))
	laptop := r.open("userId=7&device=laptop", key(opsKey))
	first := r.persist("first", user("7"))
	phone.events(1)
	laptop.events(1)
	ack := func(device, id string) {
		require.Equal(t, 200, r.call("POST", "/api/sse/ack", `{"userId":"7","device":"`+device+`","id":"`+id+`"}`, key(opsKey)).StatusCode)
	}
	state := func(id string) mailboxView {
		boxes := r.trace(id).Mailboxes
		require.Len(t, boxes, 1)
		return boxes[0]
	}
	whose := targetView{UserID: "7"}
	assert.Equal(t, mailboxView{whose, "kept", []deviceView{{"laptop", false}, {"phone", false}}}, state(first))
	ack("phone", first)
	assert.Equal(t, mailboxView{whose, "kept", []deviceView{{"laptop", false}, {"phone", true}}}, state(first))
	ack("laptop", first)
	assert.Equal(t, mailboxView{whose, "acknowledged", []deviceView{{"laptop", true}, {"phone", true}}}, state(first))

	short := r.persistEvents(user("8"), sse.Event{Data: "short", TTL: time.Second})[0]
	assert.Equal(t, "kept", r.trace(short).Mailboxes[0].State)
	eventually(t, func() bool { return r.trace(short).Mailboxes[0].State == "expired" }, "its ttl passes")
}

func TestFaultyQuestionsForAnEvent(t *testing.T) {
	r := startRig(t, withTraces)
	for target, field := range map[string]string{
		"/api/sse/admin/events":                "id",
		"/api/sse/admin/events?id=":            "id",
		"/api/sse/admin/events/1-1?id=1-1":     "id",
		"/api/sse/admin/events/1-1?limit=0":    "limit",
		"/api/sse/admin/events/1-1?cursor=x":   "cursor",
		"/api/sse/admin/events/1-1?other=x":    "query",
		"/api/sse/admin/events/1-1?limit=1001": "limit",
	} {
		r.call("GET", target, "", key(opsKey)).problem(t, 400, "INVALID_REQUEST", field)
	}
	r.call("GET", "/api/sse/admin/events/1-1", "", key(opsKey)).problem(t, 404, "EVENT_NOT_FOUND", "id")
}
