package loadgen

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"
)

// Poster sends ready-made requests over one connection that it keeps, each after
// the answer to the one before. It does next to nothing itself, so that a server's
// pace is measured and not the client's. Not safe for concurrent use.
type Poster struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
}

// NewPoster connects.
func NewPoster(target netip.AddrPort) (*Poster, error) {
	conn, err := net.Dial("tcp", target.String())
	if err != nil {
		return nil, fmt.Errorf("loadgen: %w", err)
	}
	return &Poster{conn: conn, in: bufio.NewReaderSize(conn, maxHead)}, nil
}

// Close closes the connection.
func (p *Poster) Close() { _ = p.conn.Close() }

// Post sends a request's bytes and gives its answer's status. The answer must not
// be chunked.
func (p *Poster) Post(request []byte) (status int, err error) {
	status, _, err = p.Exchange(request)
	return status, err
}

// Exchange is Post that gives the body of the answer too, until the next call.
func (p *Poster) Exchange(request []byte) (status int, body []byte, err error) {
	if err := p.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, nil, fmt.Errorf("loadgen: %w", err)
	}
	if _, err := p.conn.Write(request); err != nil {
		return 0, nil, fmt.Errorf("loadgen: post: %w", err)
	}
	head, err := p.head()
	if err != nil {
		return 0, nil, fmt.Errorf("loadgen: answer to a post: %w", err)
	}
	if head.Framing != Length {
		return 0, nil, fmt.Errorf("loadgen: answer %d to a post has no Content-Length", head.Status)
	}
	p.body = slices.Grow(p.body[:0], head.Length)[:head.Length]
	if _, err := io.ReadFull(p.in, p.body); err != nil {
		return 0, nil, fmt.Errorf("loadgen: body of the answer to a post: %w", err)
	}
	return head.Status, p.body, nil
}

// head reads until the response's head is complete.
func (p *Poster) head() (Head, error) {
	for {
		seen, err := p.in.Peek(max(p.in.Buffered(), 1))
		if err != nil {
			return Head{}, err
		}
		if bytes.Contains(seen, []byte("\r\n\r\n")) {
			head, n, err := ParseHead(seen)
			if err == nil {
				_, err = p.in.Discard(n)
			}
			return head, err
		}
		if len(seen) == maxHead {
			return Head{}, io.ErrShortBuffer
		}
		if _, err := p.in.Peek(len(seen) + 1); err != nil { // waits for more
			return Head{}, err
		}
	}
}
