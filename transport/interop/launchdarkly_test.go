package interop

import (
	"testing"

	"github.com/launchdarkly/eventsource"
	"github.com/stretchr/testify/require"
)

// openLaunchDarkly reads with github.com/launchdarkly/eventsource.
func openLaunchDarkly(t testing.TB, url string) *reading {
	r := newReading()
	stream, err := eventsource.SubscribeWithURL(url,
		eventsource.StreamOptionHTTPClient(newHTTPClient(t)),
		// Without a handler each error waits for somebody to read its channel.
		eventsource.StreamOptionErrorHandler(func(error) eventsource.StreamErrorHandlerResult {
			return eventsource.StreamErrorHandlerResult{}
		}))
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e := range stream.Events {
			r.saw(e.Event(), e.Data(), e.(eventsource.EventWithLastID).LastEventID())
		}
	}()
	r.end = func() {
		stream.Close()
		<-ended
	}
	t.Cleanup(r.close)
	return r
}
