package transport

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/transport/auth"
)

// panicking is an authenticator with a mistake in it.
type panicking struct{}

func (panicking) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	if c.Cookie != "" {
		panic("index out of range")
	}
	return auth.Identity{}, false, nil
}

func TestAPanicIsAnsweredAndLoggedAndEndsNothing(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Authenticator = append(auth.Chain{panicking{}}, o.Authenticator) })
	stays := r.open("sessionId=s")
	for range 3 {
		for _, method := range []string{"GET", "POST"} {
			detail := r.call(method, "/api/sse?sessionId=SECRET-s", "{}", "Cookie: session=SECRET-c").problem(t, 500, "INTERNAL", "")
			assert.NotContains(t, detail, "index out of range")
		}
	}
	lines := r.log.wait(t, "a handler panicked", 6)
	assert.Equal(t, "ERROR", lines[0]["level"])
	assert.Equal(t, "/api/sse", lines[0]["path"])
	assert.Equal(t, "index out of range", lines[0]["panic"])
	assert.Contains(t, lines[0]["stack"], "panic_test.go")
	assert.NotContains(t, r.log.String(), "SECRET")

	id := r.publish(`{"data":1}`).Event.ID
	assert.Equal(t, id, stays.next().id)
	e := r.scrape()
	assert.Equal(t, 6.0, e.value["sseactor_panics_total"])
	assert.Equal(t, 6.0, decode[map[string]any](t, r.call("GET", "/api/sse/metrics", "", key(appKey)))["errors"])
}
