package transport

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sseClient reads one stream.
type sseClient struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
	head string // the response's, with the empty line
	id   string // the clientId of the connection event
	last string // the id of the newest event that events has read
}

// sseEvent is one block of a stream.
type sseEvent struct {
	name, data, id, retry string
	raw                   string
}

// dialStream asks for a stream and reads the response's head.
func (r *rig) dialStream(query string, header ...string) *sseClient {
	r.t.Helper()
	return r.dialStreamAt(dial(r.t, r.addr), "/api/sse?"+query, header...)
}

func (r *rig) dialStreamAt(conn net.Conn, target string, header ...string) *sseClient {
	r.t.Helper()
	r.t.Cleanup(func() { _ = conn.Close() })
	_, err := io.WriteString(conn, request("GET", target, "", append([]string{"Accept: text/event-stream"}, header...)...))
	require.NoError(r.t, err)
	c := &sseClient{t: r.t, conn: conn, in: bufio.NewReader(conn)}
	for !strings.HasSuffix(c.head, "\r\n\r\n") {
		line, err := c.in.ReadString('\n')
		require.NoError(r.t, err, "after %q", c.head+line)
		c.head += line
	}
	return c
}

// open opens a stream that must be admitted, and reads its connection event.
func (r *rig) open(query string, header ...string) *sseClient {
	r.t.Helper()
	return r.opened(r.dialStream(query, header...))
}

// opened reads the connection event of a stream that must be admitted.
func (r *rig) opened(c *sseClient) *sseClient {
	r.t.Helper()
	require.True(r.t, strings.HasPrefix(c.head, "HTTP/1.1 200 OK\r\n"), c.head)
	e := c.next()
	require.Equal(r.t, "connection", e.name, e.raw)
	var data struct{ ClientID string }
	require.NoError(r.t, json.Unmarshal([]byte(e.data), &data))
	require.NotEmpty(r.t, data.ClientID)
	c.id = data.ClientID
	return c
}

// next reads the next block, which must come.
func (c *sseClient) next() sseEvent {
	c.t.Helper()
	e, err := c.read()
	require.NoError(c.t, err, "the stream ended with %q", e.raw)
	return e
}

// end reads the stream's end, before which nothing may come.
func (c *sseClient) end() {
	c.t.Helper()
	e, err := c.read()
	require.ErrorIs(c.t, err, io.EOF)
	assert.Empty(c.t, e.raw)
}

func (c *sseClient) read() (e sseEvent, err error) {
	var data []string
	for {
		line, err := c.in.ReadString('\n')
		e.raw += line
		if err != nil {
			return e, err
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			if e.data = strings.Join(data, "\n"); e.name == "" {
				e.name = "message"
			}
			return e, nil
		}
		field, value, ok := strings.Cut(line, ": ")
		if !ok {
			return e, errors.New("no field: " + line)
		}
		switch field {
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		case "id":
			e.id = value
		case "retry":
			e.retry = value
		default:
			return e, errors.New("an unknown field: " + line)
		}
	}
}

// data reads the fields of an event's JSON.
func (e sseEvent) json(t testing.TB) (fields map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(e.data), &fields), e.raw)
	return fields
}
