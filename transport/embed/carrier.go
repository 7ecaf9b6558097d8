package embed

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/stream"
)

// carrier is what carries a stream.
type carrier interface {
	// conn is for the stream engine.
	conn() net.Conn
	// begin gives the first bytes of an answer.
	begin(a answer) *sse.Frame
	// wait returns when net/http may have back what it has lent.
	wait()
}

// answer is a response, of which a stream goes on after its body.
type answer struct {
	status int
	header http.Header
	body   *sse.Frame
}

// carry takes a request's connection out of net/http's hands, or where it can't be taken,
// as in HTTP/2, writes to it through net/http.
func carry(w http.ResponseWriter, r *http.Request, timeout time.Duration) (carrier, error) {
	if r.ProtoMajor != 1 {
		// Not even tried: the writers of some middlewares have a Hijack that fails in its
		// own words, or panics, where the one that they wrap has none.
		return newResponse(w, r)
	}
	header := w.Header().Clone()
	// What the client may have sent beside its request means nothing.
	conn, _, err := http.NewResponseController(w).Hijack()
	switch {
	case err == nil:
		tune(conn, timeout)
		return &hijacked{conn, header}, nil
	case errors.Is(err, http.ErrNotSupported):
		return newResponse(w, r)
	}
	return nil, fmt.Errorf("take the connection over: %w", err)
}

// hijacked is a whole connection, of HTTP/1.1.
type hijacked struct {
	taken  net.Conn
	header http.Header // that a middleware has set
}

func (h *hijacked) conn() net.Conn { return h.taken }
func (h *hijacked) wait()          {}

// begin writes the response's head. The body ends with the connection, so frames need no
// chunks around them.
func (h *hijacked) begin(a answer) *sse.Frame {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(a.status) + " " + http.StatusText(a.status) + "\r\n")
	header := merged(h.header, a.header)
	header.Set("Connection", "close")
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	_ = header.Write(&b) // to memory
	b.WriteString("\r\n")
	return a.body.Prefixed(b.Bytes())
}

// merged is what a middleware has set with what the answer sets, without what would say
// something else of the body.
func merged(before, answer http.Header) http.Header {
	all := before.Clone()
	if all == nil {
		all = http.Header{}
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "Transfer-Encoding", "Trailer", "Connection", "Etag", "Last-Modified"} {
		all.Del(name)
	}
	for name, values := range answer {
		all[name] = values
	}
	return all
}

// tune sets a connection's socket up for streams. A listener that is not TCP's has none of
// these options, and does without.
func tune(conn net.Conn, timeout time.Duration) {
	if under, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = under.NetConn()
	}
	socket, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = stream.SocketOptions(int(fd), timeout) })
	}
}
