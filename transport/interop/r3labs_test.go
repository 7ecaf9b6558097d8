package interop

import (
	"context"
	"testing"
	"time"

	"github.com/r3labs/sse/v2"
)

// openR3labs reads with github.com/r3labs/sse/v2.
func openR3labs(t testing.TB, url string) *reading {
	ctx, cancel := context.WithCancel(context.Background())
	r := newReading()
	c := sse.NewClient(url, sse.ClientMaxBufferSize(maxBlock))
	c.Connection = newHTTPClient(t)
	c.ReconnectStrategy = never{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.SubscribeRawWithContext(ctx, func(e *sse.Event) {
			r.saw(string(e.Event), string(e.Data), string(e.ID))
		})
	}()
	r.end = func() {
		cancel()
		<-ended
	}
	t.Cleanup(r.close)
	return r
}

// never is a back-off that gives up at once: its own would go on with a
// cancelled context for a quarter of an hour.
type never struct{}

func (never) NextBackOff() time.Duration { return -1 }
func (never) Reset()                     {}
