package transport

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// logBook keeps a server's log.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// lines gives the lines with a message, or all if it is empty.
func (b *logBook) lines(t testing.TB, message string) (found []map[string]any) {
	t.Helper()
	for line := range strings.Lines(b.String()) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
		if message == "" || fields["msg"] == message {
			found = append(found, fields)
		}
	}
	return found
}

// wait gives the n lines with a message, once they are there.
func (b *logBook) wait(t testing.TB, message string, n int) []map[string]any {
	t.Helper()
	eventually(t, func() bool { return len(b.lines(t, message)) >= n }, "the log line "+message)
	found := b.lines(t, message)
	require.Len(t, found, n, message)
	return found
}
