package sseutils

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is a Publisher that keeps what it is given.
type recorder struct{ requests []Request }

func (r *recorder) Publish(_ context.Context, q Request) ([]Result, error) {
	r.requests = append(r.requests, q)
	results := make([]Result, q.Events)
	for i := range results {
		results[i] = Result{EventsSent: i + 1, ID: "id"}
	}
	return results, nil
}

// The payloads of the contract, to the byte. The npm package sends the same.
func TestPayloads(t *testing.T) {
	type order struct {
		ID int `json:"id"`
	}
	for sentence, c := range map[string]struct {
		send func(context.Context, *Utils) (Result, error)
		want string
	}{
		"a notification with its defaults": {
			func(ctx context.Context, u *Utils) (Result, error) { return u.SendNotification(ctx, "Hello", "") },
			`{"event":"notification","data":{"message":"Hello","type":"info","priority":"normal","persistent":false,"timestamp":"2000-01-01T00:00:00.000Z"},"priority":"normal"}`},
		"a notification with everything": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.SendNotification(ctx, "Hello", Failure, User("7"), Session("s"), Topics("a", "b"), Low, Persistent, TTL(90*time.Second), ID("mine"), Reconnect(1500*time.Millisecond))
			},
			`{"event":"notification","data":{"message":"Hello","type":"error","priority":"low","persistent":true,"timestamp":"2000-01-01T00:00:00.000Z"},"userId":"7","sessionId":"s","topics":["a","b"],"id":"mine","retry":1500,"priority":"low","persistent":true,"ttl":90}`},
		"an alert": {
			func(ctx context.Context, u *Utils) (Result, error) { return u.SendAlert(ctx, "Disk", "It is full") },
			`{"event":"alert","data":{"title":"Disk","message":"It is full","priority":"high","timestamp":"2000-01-01T00:00:00.000Z"},"priority":"high"}`},
		"an alert that is not so important": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.SendAlert(ctx, "Disk", "It is full", Normal, Clients("c1", "c2"))
			},
			`{"event":"alert","data":{"title":"Disk","message":"It is full","priority":"normal","timestamp":"2000-01-01T00:00:00.000Z"},"clientIds":["c1","c2"],"priority":"normal"}`},
		"an update": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.SendUpdate(ctx, "orders", Updated, order{7}, User("7"))
			},
			`{"event":"update","data":{"resource":"orders","action":"updated","data":{"id":7},"timestamp":"2000-01-01T00:00:00.000Z"},"userId":"7"}`},
		"an update without data": {
			func(ctx context.Context, u *Utils) (Result, error) { return u.SendUpdate(ctx, "orders", Deleted, nil) },
			`{"event":"update","data":{"resource":"orders","action":"deleted","data":null,"timestamp":"2000-01-01T00:00:00.000Z"}}`},
		"a system message with its default": {
			func(ctx context.Context, u *Utils) (Result, error) { return u.SendSystemMessage(ctx, "Hello", "") },
			`{"event":"system","data":{"message":"Hello","level":"info","timestamp":"2000-01-01T00:00:00.000Z"}}`},
		"a system message of another day": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.SendSystemMessage(ctx, "Back at ten", Maintenance, At(time.Date(2026, 2, 3, 5, 5, 6, 7_000_000, time.FixedZone("", 3600))), TTL(time.Millisecond))
			},
			`{"event":"system","data":{"message":"Back at ten","level":"maintenance","timestamp":"2026-02-03T04:05:06.007Z"},"ttl":1}`},
		"an event of one's own": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.SendCustomEvent(ctx, "order.paid", map[string]any{"n": 1}, Topics("orders"), User("7"), User("7"))
			},
			`{"event":"order.paid","data":{"n":1},"userId":"7","topics":["orders"]}`},
		"a text stays as it is": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.Broadcast(ctx, "message", "<b>&\n\"é\u2028")
			},
			`{"event":"message","data":"<b>&\n\"é\u2028"}`},
		"so does JSON": {
			func(ctx context.Context, u *Utils) (Result, error) {
				return u.Broadcast(ctx, "x", json.RawMessage(`{"a":"<&>"}`))
			},
			`{"event":"x","data":{"a":"<&>"}}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // whose clock begins with the year 2000
				var r recorder
				result, err := c.send(t.Context(), NewUtils(&r, nil))
				require.NoError(t, err)
				assert.Equal(t, Result{EventsSent: 1, ID: "id"}, result)
				require.Len(t, r.requests, 1)
				assert.Equal(t, c.want, string(r.requests[0].Body))
				assert.Empty(t, r.requests[0].IdempotencyKey)
			})
		})
	}
}

func TestABatch(t *testing.T) {
	var r recorder
	u := NewUtils(&r, nil)
	results, err := u.Send(t.Context(), NewEvent("a", 1, IdempotencyKey("k")), NewEvent("b", "<", User("7")), NewEvent("c", nil, IdempotencyKey("k")))
	require.NoError(t, err)
	assert.Len(t, results, 3)
	assert.Equal(t, []Request{{Body: []byte(`[{"event":"a","data":1},{"event":"b","data":"<","userId":"7"},{"event":"c","data":null}]`), Events: 3, IdempotencyKey: "k"}}, r.requests)
}

// Nothing is sent of what is wrong, and above all no target that is empty becomes everybody.
func TestFaultyArguments(t *testing.T) {
	var none []string
	for sentence, c := range map[string]struct {
		events []Event
		field  string
		want   string
	}{
		"an empty user":                  {[]Event{NewEvent("x", 1, User(""))}, "userId", "userId: empty; leave it out to send to everybody"},
		"an empty session":               {[]Event{NewEvent("x", 1, Session(""))}, "sessionId", "sessionId: empty"},
		"no topics":                      {[]Event{NewEvent("x", 1, Topics(none...))}, "topics", "topics: empty"},
		"an empty topic":                 {[]Event{NewEvent("x", 1, Topics("a", ""))}, "topics[1]", "topics[1]: empty"},
		"no clients":                     {[]Event{NewEvent("x", 1, Clients())}, "clientIds", "clientIds: empty"},
		"an empty one beside a good one": {[]Event{NewEvent("x", 1, User("7"), Session(""))}, "sessionId", "sessionId: empty"},
		"two users":                      {[]Event{NewEvent("x", 1, User("7"), User("8"))}, "userId", "userId: given twice"},
		"a level of another kind":        {[]Event{NewNotification("x", Maintenance)}, "type", `type: "maintenance"; allowed: info, success, warning, error`},
		"a level that is none":           {[]Event{NewSystemMessage("x", Level(strings.Repeat("é", 90)))}, "level", `…"; allowed: info, warning, maintenance`},
		"no action":                      {[]Event{NewUpdate("orders", "", 1)}, "action", "action: missing; allowed: created, updated, deleted"},
		"an action that is none":         {[]Event{NewUpdate("orders", "moved", 1)}, "action", `action: "moved"; allowed`},
		"a priority that is none":        {[]Event{NewEvent("x", 1, Priority("urgent"))}, "priority", "allowed: low, normal, high"},
		"no type":                        {[]Event{NewEvent("", 1)}, "event", "event: empty"},
		"a type of the server's":         {[]Event{NewEvent("error", 1)}, "event", "the server's own event"},
		"a type with a line end":         {[]Event{NewEvent("a\nb", 1)}, "event", "not allowed"},
		"an id with a space":             {[]Event{NewEvent("x", 1, ID(" a"))}, "id", "a space at its begin"},
		"no id":                          {[]Event{NewEvent("x", 1, ID(""))}, "id", "id: empty"},
		"no time at all":                 {[]Event{NewEvent("x", 1, TTL(0))}, "ttl", "ttl: not positive"},
		"a retry that is too long":       {[]Event{NewEvent("x", 1, Reconnect(25*time.Hour))}, "retry", "retry: not 1ms to 24h"},
		"no retry":                       {[]Event{NewEvent("x", 1, Reconnect(time.Microsecond))}, "retry", "retry: not 1ms"},
		"a mailbox of a stream":          {[]Event{NewEvent("x", 1, Persistent, Clients("c"))}, "persistent", "persistent: not together with clientIds"},
		"an empty key":                   {[]Event{NewEvent("x", 1, IdempotencyKey(""))}, "Idempotency-Key", "1 to 255 printable"},
		"a key with a line end":          {[]Event{NewEvent("x", 1, IdempotencyKey("a\r\nb"))}, "Idempotency-Key", "1 to 255 printable"},
		"data that is no JSON":           {[]Event{NewEvent("x", math.NaN())}, "data", "data: it can't be encoded as JSON: json: unsupported value: NaN"},
		"no event":                       {[]Event{{}}, "event", "event: missing"},
		"no events":                      {nil, "", "the batch is empty"},
		"one of several":                 {[]Event{NewEvent("x", 1), NewEvent("x", 1, User(""))}, "[1].userId", "[1].userId: empty"},
		"two keys":                       {[]Event{NewEvent("x", 1, IdempotencyKey("a")), NewEvent("x", 1, IdempotencyKey("b"))}, "[1].Idempotency-Key", "another one"},
	} {
		t.Run(sentence, func(t *testing.T) {
			var r recorder
			var told []error
			results, err := NewUtils(&r, func(err error) { told = append(told, err) }).Send(t.Context(), c.events...)
			assert.Empty(t, results)
			assert.Empty(t, r.requests)
			require.ErrorIs(t, err, ErrInvalidEvent)
			var fault *Error
			require.ErrorAs(t, err, &fault)
			assert.Equal(t, c.field, fault.Field)
			assert.Contains(t, err.Error(), c.want)
			assert.Equal(t, []error{err}, told)
			assert.Zero(t, fault.Status)
		})
	}
}

func TestResolve(t *testing.T) {
	to, err := Resolve(User("7"), Topics("a"), Topics("b"), Clients("c"))
	require.NoError(t, err)
	assert.Equal(t, Receivers{UserID: "7", Topics: []string{"a", "b"}, ClientIDs: []string{"c"}}, to)
	to, err = Resolve()
	require.NoError(t, err)
	assert.Zero(t, to)
	_, err = Resolve(User("7"), Session(""))
	assert.ErrorIs(t, err, ErrInvalidEvent)
}

// A list that the caller goes on using is not the target's.
func TestATargetKeepsItsOwnList(t *testing.T) {
	list := []string{"a", "b"}
	e := NewEvent("x", 1, Topics(list...))
	list[0] = "other"
	body, err := e.MarshalJSON()
	require.NoError(t, err)
	assert.Contains(t, string(body), `["a","b"]`)
}
