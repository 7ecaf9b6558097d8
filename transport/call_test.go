package transport

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reply of the server to one request.
type response struct {
	*http.Response
	body string
}

// call makes one request on a connection of its own. Header fields are written as
// they are given, "Name: value".
func (r *rig) call(method, target, body string, header ...string) response {
	r.t.Helper()
	return r.callAt(r.addr, method, target, body, header...)
}

func (r *rig) callAt(addr, method, target, body string, header ...string) response {
	r.t.Helper()
	conn := dial(r.t, addr)
	defer conn.Close()
	_, err := io.WriteString(conn, request(method, target, body, header...))
	require.NoError(r.t, err)
	return readResponse(r.t, bufio.NewReader(conn), method)
}

// request is a request's bytes.
func request(method, target, body string, header ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: sse.test\r\n", method, target)
	for _, h := range header {
		b.WriteString(h + "\r\n")
	}
	if body != "" || method == "POST" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

// key is the header that shows an API key.
func key(secret string) string { return "Authorization: Bearer " + secret }

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(2*soon)))
	return conn
}

func readResponse(t testing.TB, from *bufio.Reader, method string) response {
	t.Helper()
	resp, err := http.ReadResponse(from, &http.Request{Method: method})
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return response{resp, string(body)}
}

// readResponseOf is readResponse of bytes.
func readResponseOf(t testing.TB, text string) response {
	t.Helper()
	return readResponse(t, newReader(strings.NewReader(text)), "POST")
}

func newReader(from io.Reader) *bufio.Reader { return bufio.NewReader(from) }

// problem checks that a response is one, of that status, code and field, and gives
// its detail.
func (resp response) problem(t testing.TB, status int, code, field string) string {
	t.Helper()
	require.Equal(t, status, resp.StatusCode, resp.body)
	assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	var p struct {
		Status                     int
		Title, Code, Detail, Field string
	}
	require.NoError(t, json.Unmarshal([]byte(resp.body), &p), resp.body)
	assert.Equal(t, status, p.Status)
	assert.Equal(t, http.StatusText(status), p.Title)
	assert.Equal(t, code, p.Code, p.Detail)
	assert.Equal(t, field, p.Field, p.Detail)
	assert.NotEmpty(t, p.Detail)
	return p.Detail
}

// decode reads a JSON answer.
func decode[T any](t testing.TB, resp response) (v T) {
	t.Helper()
	require.Equal(t, http.StatusOK, resp.StatusCode, resp.body)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(resp.body), &v), resp.body)
	return v
}
