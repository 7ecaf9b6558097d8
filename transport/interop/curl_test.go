package interop

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/textproto"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func curlMissing() error {
	_, err := program("CURL", "curl")
	return err
}

// raw is a stream as curl received it: the bytes that every other client got.
type raw struct {
	*reading
	head chan head

	mu     sync.Mutex
	body   bytes.Buffer
	blocks []block
}

// head is what stands before the body.
type head struct {
	status string
	header http.Header
}

// openCurl reads url with curl and the standard's parser of this package.
func openCurl(t testing.TB, url string, options ...string) *raw {
	t.Helper()
	path, err := program("CURL", "curl")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, path, append(options, "--silent", "--show-error", "--no-buffer", "--include",
		"--header", "Accept: text/event-stream", url)...)
	var complaint output
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	c := &raw{reading: newReading(), head: make(chan head, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.read(out)
		_ = cmd.Wait()
	}()
	c.end = func() {
		cancel() // kills curl; the kernel closes its connection
		<-ended
	}
	t.Cleanup(func() {
		c.close()
		if t.Failed() && complaint.String() != "" {
			t.Log(complaint.String())
		}
	})
	return c
}

func openCurlReading(t testing.TB, url string) *reading { return openCurl(t, url).reading }

func (c *raw) read(out io.Reader) {
	in := bufio.NewReader(out)
	text := textproto.NewReader(in)
	status, err := text.ReadLine()
	if err != nil {
		return
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		return
	}
	c.head <- head{status, http.Header(header)}
	parseStream(io.TeeReader(in, c), func(b block) {
		c.mu.Lock()
		c.blocks = append(c.blocks, b)
		c.mu.Unlock()
		if b.Dispatched {
			c.saw(b.Type, b.Data, b.ID)
		}
	})
}

// Write keeps the body's bytes.
func (c *raw) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.body.Write(p)
}

// received is the body so far, and its blocks.
func (c *raw) received() (string, []block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Clone(c.body.String()), append([]block(nil), c.blocks...)
}

// responseHead waits for the status and the header.
func (c *raw) responseHead(t testing.TB, within time.Duration) head {
	t.Helper()
	select {
	case h := <-c.head:
		return h
	case <-time.After(within):
		require.Failf(t, "no response head", "within %v", within)
		return head{}
	}
}
