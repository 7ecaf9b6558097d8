package transport

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestAnEmptyKeyIsNone(t *testing.T) {
	r := startRig(t)
	first := r.call("POST", "/api/sse", `{"data":1}`, key(appKey), "Idempotency-Key:")
	second := r.call("POST", "/api/sse", `{"data":1}`, key(appKey), "Idempotency-Key:")
	assert.Equal(t, 200, first.StatusCode)
	assert.NotEqual(t, first.body, second.body)
}
