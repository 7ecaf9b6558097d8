package loadgen

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseHead(t *testing.T) {
	tests := []struct {
		name, head string
		want       Head
		fault      string
	}{
		{
			name: "a stream that ends with the connection",
			head: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n\r\n",
			want: Head{Status: 200, RetryAfter: -1, EventsType: true},
		},
		{
			name: "a chunked stream",
			head: "HTTP/1.1 200 OK\r\ncontent-type:text/event-stream\r\nTRANSFER-ENCODING: chunked\r\n\r\n",
			want: Head{Status: 200, RetryAfter: -1, EventsType: true, Framing: Chunked},
		},
		{
			name: "a refusal with its length",
			head: "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Type: application/problem+json\r\nContent-Length: 31\r\n\r\n",
			want: Head{Status: 503, RetryAfter: 7, Framing: Length, Length: 31},
		},
		{
			name: "no content has no body",
			head: "HTTP/1.1 204 No Content\r\n\r\n",
			want: Head{Status: 204, RetryAfter: -1, Framing: Length},
		},
		{name: "not HTTP", head: "SSH-2.0-x and so on\r\n\r\n", fault: "not a response"},
		{name: "no status", head: "HTTP/1.1 abc\r\n\r\n", fault: "no status"},
		{name: "a header without a colon", head: "HTTP/1.1 200 OK\r\nnope\r\n\r\n", fault: "colon"},
		{name: "a length that is no number", head: "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", fault: "Content-Length"},
		{name: "a head without end", head: "HTTP/1.1 200 OK\r\n" + strings.Repeat("x", maxHead), fault: "more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			head, n, err := ParseHead([]byte(tt.head + strings.Repeat("body", 1-min(1, len(tt.fault)))))
			if tt.fault != "" {
				require.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, head)
			assert.Equal(t, len(tt.head), n)
			for i := range len(tt.head) {
				_, n, err := ParseHead([]byte(tt.head[:i]))
				require.NoError(t, err)
				require.Zero(t, n, "cut at %d", i)
			}
		})
	}
}

func TestDechunker(t *testing.T) {
	const coded = "5\r\nhello\r\n1;name=value\r\n \r\n0005\r\nworld\r\n0\r\nTrailer: x\r\n\r\n"
	for i := range len(coded) {
		var d dechunker
		first, done, err := d.strip([]byte(coded[:i]))
		require.NoError(t, err)
		require.False(t, done)
		second, done, err := d.strip([]byte(coded[i:]))
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, "hello world", string(first)+string(second), "cut at %d", i)
	}
	for name, bad := range map[string]string{
		"a size that is no number":     "xyz\r\n",
		"no size":                      "\r\nhello\r\n",
		"a chunk longer than its size": "2\r\nhello\r\n",
		"a size beyond all sense":      "fffffffff\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var d dechunker
			_, _, err := d.strip([]byte(bad))
			require.ErrorIs(t, err, errChunk)
		})
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		head, n, err := ParseHead(b)
		if err == nil && n > 0 && head.Framing == Chunked {
			var d dechunker
			body, _, _ := d.strip(b[n:])
			assert.LessOrEqual(t, len(body), len(b)-n)
		}
	})
}
