package transport

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
)

func TestTheSameKeyAgainGetsTheFirstAnswerAndSendsNothing(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=s")
	post := func(body, idem string, header ...string) response {
		return r.call("POST", "/api/sse", body, append(header, "Idempotency-Key: "+idem)...)
	}
	const body = `[{"data":1},{"data":2}]`
	first := post(body, "job 42", key(appKey))
	require.Equal(t, 200, first.StatusCode, first.body)
	assert.Empty(t, first.Header.Get("Idempotency-Replayed"))
	ids := []string{c.next().id, c.next().id}
	for range 3 {
		again := post(body, "job 42", key(appKey))
		assert.Equal(t, 200, again.StatusCode)
		assert.Equal(t, first.body, again.body)
		assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
		assert.Equal(t, "application/json", again.Header.Get("Content-Type"))
	}
	post(`[{"data":1},{"data":3}]`, "job 42", key(appKey)).problem(t, 422, "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key")
	post(body[1:], "job 42", key(appKey)).problem(t, 400, "INVALID_EVENT", "")

	other := post(body, "job 42", key(opsKey)) // another caller's key is another key
	assert.Equal(t, 200, other.StatusCode)
	assert.NotEqual(t, first.body, other.body)
	for range 2 {
		assert.NotContains(t, ids, c.next().id)
	}
	id := r.publish(`{"data":"after"}`).Event.ID
	assert.Equal(t, id, c.next().id, "nothing else was sent")
}

func TestTheSameKeyFromManyAtOnceIsSentOnce(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=s")
	var all sync.WaitGroup
	bodies := make([]string, 20)
	for i := range bodies {
		all.Go(func() {
			bodies[i] = r.call("POST", "/api/sse", `{"data":"once"}`, key(appKey), "Idempotency-Key: k").body
		})
	}
	all.Wait()
	for _, b := range bodies {
		assert.Equal(t, bodies[0], b)
	}
	id := c.next().id
	assert.Contains(t, bodies[0], id)
	assert.Equal(t, r.publish(`{"data":"after"}`).Event.ID, c.next().id)
}

// What was refused was not carried out, so the key is still free.
func TestAKeyOfARefusedRequestIsFree(t *testing.T) {
	r := startRig(t)
	header := []string{key(appKey), "Idempotency-Key: " + strings.Repeat("k", 255)}
	r.call("POST", "/api/sse", `{"event":"x"}`, header...).problem(t, 400, "INVALID_EVENT", "data")
	r.call("POST", "/api/sse", `{"data":1}`, "Idempotency-Key: k").problem(t, 401, "UNAUTHORIZED", "")
	got := r.call("POST", "/api/sse", `{"data":1}`, header...)
	assert.Equal(t, 200, got.StatusCode)
	assert.Empty(t, got.Header.Get("Idempotency-Replayed"))
}

// A key that is there must be one: a publisher that sends it relies on it.
func TestKeysThatAreNone(t *testing.T) {
	r := startRig(t)
	for sentence, header := range map[string]string{
		"empty":               "Idempotency-Key:",
		"too long":            "Idempotency-Key: " + strings.Repeat("k", 256),
		"not ASCII":           "Idempotency-Key: schlüssel",
		"two header fields":   "Idempotency-Key: a\r\nIdempotency-Key: b",
		"a control character": "Idempotency-Key: a\tb",
	} {
		t.Run(sentence, func(t *testing.T) {
			r.call("POST", "/api/sse", `{"data":1}`, key(appKey), header).problem(t, 400, "INVALID_REQUEST", "Idempotency-Key")
		})
	}
}

// partlyAnswer is what a publisher is told of a batch that was cut short.
type partlyAnswer struct {
	Code, Detail string
	Results      []receipt
}

// A batch that was cut short says which events were sent, and never that they are to
// be sent again: not to the first request and not to a repetition.
func TestABatchThatIsCutShort(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.OutboxFrames = 12; o.PublishTimeout = 200 * time.Millisecond })
	// A client whose owner does not come to write: after four events the hub waits for
	// it, and its publishers with it.
	sink := &idleSink{}
	stuck := actor.NewClient(actor.Info{ID: "stuck", SessionID: "s"}, sink, r.hub.Now())
	_, err := r.hub.Register(stuck)
	require.NoError(t, err)
	body := `[{"data":1},{"data":2},{"data":3},{"data":4},{"data":5}]`
	header := []string{key(appKey), "Idempotency-Key: k"}
	for range 3 {
		resp := r.call("POST", "/api/sse", body, header...)
		detail := resp.problem(t, 503, "PARTLY_SENT", "")
		assert.Contains(t, detail, "the first 4 of 5 events were sent")
		assert.Empty(t, resp.Header.Get("Retry-After"))
		var got partlyAnswer
		require.NoError(t, json.Unmarshal([]byte(resp.body), &got))
		require.Len(t, got.Results, 5)
		for i, result := range got.Results {
			assert.Equal(t, i < 4, result.Success)
			assert.Equal(t, i < 4, result.Event.ID != "")
		}
		assert.Equal(t, "OVERLOADED", got.Results[4].Code)
	}
	stats, err := r.hub.Metrics(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 4, stats.Events)

	// Nothing of a request was sent: it may come again as it is.
	resp := r.call("POST", "/api/sse", body, key(appKey))
	resp.problem(t, 503, "OVERLOADED", "")
	assert.Equal(t, "1", resp.Header.Get("Retry-After"))
	stuck.Hangup()
	stuck.Flush(nil, nil, 0, 1, new(actor.Written))
	r.hub.Unregister(stuck)
}

// idleSink is never written to by its test.
type idleSink struct{}

func (*idleSink) Write(p []byte) (int, error) { return len(p), nil }
func (*idleSink) Blocks() bool                { return false }
func (*idleSink) Interrupt()                  {}
func (*idleSink) Close()                      {}
