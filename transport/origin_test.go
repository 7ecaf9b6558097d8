package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var origins = map[string]struct {
	origin, host string
	allowed      bool
}{
	"the listed one":                        {"https://app.example", "", true},
	"the listed one in capitals":            {"https://APP.example", "", false}, // browsers send small letters
	"the listed one with another scheme":    {"http://app.example", "", false},
	"the listed one with a port":            {"https://app.example:8443", "", false},
	"the listed one with a path":            {"https://app.example/", "", false},
	"a host that begins with it":            {"https://app.example.evil.test", "", false},
	"a host that ends with it":              {"https://evil-app.example", "", false},
	"the server's own":                      {"http://sse.test", "", true},
	"the server's own behind TLS":           {"https://sse.test", "", true},
	"the server's own host on another port": {"http://sse.test:81", "", false},
	"another scheme than HTTP":              {"ftp://sse.test", "", false},
	"a page without an origin":              {"null", "", false},
	"a host without a scheme":               {"sse.test", "", false},
	"a scheme without a host":               {"https://", "", false},
	"an asterisk":                           {"*", "", false},
	"two origins":                           {"https://app.example https://evil.test", "", false},
}

func TestOrigins(t *testing.T) {
	r := startRig(t)
	for sentence, c := range origins {
		t.Run(sentence, func(t *testing.T) {
			for name, resp := range map[string]response{
				"an answer":  r.call("GET", "/healthz", "", "Origin: "+c.origin),
				"a publish":  r.call("POST", "/api/sse", `{"data":1}`, "Origin: "+c.origin, key(appKey)),
				"a fault":    r.call("POST", "/api/sse", `{`, "Origin: "+c.origin, key(appKey)),
				"no scope":   r.call("GET", "/metrics", "", "Origin: "+c.origin),
				"preflight":  r.call("OPTIONS", "/api/sse", "", "Origin: "+c.origin, "Access-Control-Request-Method: POST"),
				"wrong verb": r.call("PUT", "/api/sse", "", "Origin: "+c.origin),
			} {
				h := resp.Header
				assert.Equal(t, "Origin", h.Get("Vary"), name)
				if !c.allowed {
					resp.problem(t, 403, "ORIGIN_NOT_ALLOWED", "")
					assert.Empty(t, h.Get("Access-Control-Allow-Origin"), name)
					continue
				}
				assert.NotEqual(t, 403, resp.StatusCode, name)
				assert.Equal(t, c.origin, h.Get("Access-Control-Allow-Origin"), name)
				assert.Equal(t, "true", h.Get("Access-Control-Allow-Credentials"), name)
				assert.Equal(t, "Retry-After", h.Get("Access-Control-Expose-Headers"), name)
			}
		})
	}
}

// A request may come without a host, and an origin that has none is not its own.
func TestAnOriginWithoutAHost(t *testing.T) {
	r := startRig(t)
	got := exchange(t, r.addr, "POST /api/sse HTTP/1.0\r\nOrigin: http://\r\n"+key(appKey)+"\r\nContent-Length: 10\r\n\r\n{\"data\":1}")
	readResponseOf(t, got).problem(t, 403, "ORIGIN_NOT_ALLOWED", "")
}

func TestAnswersWithoutAnOriginHaveNoCORSFields(t *testing.T) {
	r := startRig(t)
	h := r.call("GET", "/healthz", "").Header
	for name := range h {
		assert.False(t, strings.HasPrefix(name, "Access-Control"), name)
	}
	assert.NotContains(t, r.dialStream("sessionId=s").head, "Access-Control")
}

func TestAPreflight(t *testing.T) {
	r := startRig(t)
	resp := r.call("OPTIONS", "/api/sse", "", "Origin: https://app.example", "Access-Control-Request-Method: POST",
		"Access-Control-Request-Headers: authorization,content-type,idempotency-key,last-event-id")
	assert.Equal(t, 204, resp.StatusCode)
	assert.Empty(t, resp.body)
	assert.Equal(t, "GET, POST, DELETE", resp.Header.Get("Access-Control-Allow-Methods"))
	assert.Equal(t, "Authorization, Content-Type, Idempotency-Key, Last-Event-ID", resp.Header.Get("Access-Control-Allow-Headers"))
	assert.Equal(t, "600", resp.Header.Get("Access-Control-Max-Age"))
	r.call("OPTIONS", "/nothing", "", "Origin: https://app.example").problem(t, 404, "NOT_FOUND", "")
}

func TestAStreamForAnotherOrigin(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=s", "Origin: https://app.example")
	assert.Contains(t, c.head, "\r\nAccess-Control-Allow-Origin: https://app.example\r\nAccess-Control-Allow-Credentials: true\r\n")
	assert.Equal(t, 1, strings.Count(c.head, "\r\n\r\n"))
}

// The stream's head is written by hand: nothing of a request may become a line of it.
func TestAFoldedOriginAddsNoLineToTheHead(t *testing.T) {
	r := startRig(t)
	conn := dial(t, r.addr)
	defer conn.Close()
	const folded = "a\r\n Set-Cookie: x=y"
	_, err := conn.Write([]byte("GET /api/sse?sessionId=s HTTP/1.1\r\nHost: " + folded + "\r\nOrigin: http://" + folded + "\r\n\r\n"))
	require.NoError(t, err)
	buffer := make([]byte, 4096)
	n, err := conn.Read(buffer)
	require.NoError(t, err)
	assert.NotContains(t, string(buffer[:n]), "\n Set-Cookie")
	assert.NotContains(t, string(buffer[:n]), "\nSet-Cookie")
}

// What every answer tells a browser and a cache, whoever asks for whatever.
func TestEveryAnswerIsHardened(t *testing.T) {
	r := startRig(t, development)
	for _, target := range []string{"/", "/healthz", "/api/sse", "/api/sse/metrics", "/nothing"} {
		h := r.call("GET", target, "").Header
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), target)
		assert.Equal(t, "Origin", h.Get("Vary"), target)
		assert.Empty(t, h.Get("Strict-Transport-Security"), target)
	}
}
