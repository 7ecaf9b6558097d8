package embed_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/embed"
	"github.com/sseactor/sseactor/transport/sseutils"
)

// What the hub does not take is refused as the server refuses it.
func TestWhatCanNotBeSent(t *testing.T) {
	var told []error
	r := startRig(t, protocols[0], func(s *setup) {
		s.MaxEventBytes = 1000
		s.OnError = func(err error) { told = append(told, err) }
	})
	ctx := t.Context()
	s, _ := r.open("userId=ann")
	for sentence, c := range map[string]struct {
		send   func() (sseutils.Result, error)
		code   string
		detail string
	}{
		"an empty user": {func() (sseutils.Result, error) { return r.SendNotification(ctx, "x", sseutils.Info, sseutils.User("")) }, "INVALID_EVENT", "userId: empty"},
		"a topic with a *": {func() (sseutils.Result, error) {
			return r.SendNotification(ctx, "x", sseutils.Info, sseutils.Topics("a*"))
		}, "INVALID_EVENT", "topics[0]: "},
		"one of ours": {func() (sseutils.Result, error) { return r.SendCustomEvent(ctx, "heartbeat", nil) }, "INVALID_EVENT", `event: "heartbeat" is the server's own event`},
		"too large":   {func() (sseutils.Result, error) { return r.SendCustomEvent(ctx, "x", strings.Repeat("x", 1001)) }, "EVENT_TOO_LARGE", "data: the event has 1002 bytes; at most 1000"},
		"a persistent one": {func() (sseutils.Result, error) {
			return r.SendCustomEvent(ctx, "x", 1, sseutils.User("ann"), sseutils.Persistent)
		}, "INVALID_EVENT", "persistent: there are no mailboxes here"},
		"an idempotent one":   {func() (sseutils.Result, error) { return r.SendCustomEvent(ctx, "x", 1, sseutils.IdempotencyKey("k")) }, "INVALID_EVENT", "Idempotency-Key: "},
		"one that is no JSON": {func() (sseutils.Result, error) { return r.SendCustomEvent(ctx, "x", func() {}) }, "INVALID_EVENT", "data: it can't be encoded as JSON: json: unsupported type"},
	} {
		t.Run(sentence, func(t *testing.T) {
			told = nil
			result, err := c.send()
			assert.Zero(t, result)
			var refused *sseutils.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.code, refused.Code)
			assert.Contains(t, err.Error(), c.detail)
			assert.Equal(t, []error{err}, told)
		})
	}
	ended, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("enough"))
	_, err := r.Broadcast(ended, "x", 1)
	if err != nil { // or the hub was quicker
		assert.EqualError(t, err, "enough")
	}
	results, err := r.Send(ctx, sseutils.NewEvent("a", 1), sseutils.NewEvent("b", strings.Repeat("x", 1001)))
	assert.Empty(t, results, "nothing of a faulty batch is sent")
	assert.ErrorContains(t, err, "[1].data: ")
	results, err = r.Send(ctx, sseutils.NewEvent("a", 1, sseutils.ID("mine")), sseutils.NewAlert("b", "c"))
	require.NoError(t, err)
	require.Len(t, results, 2)
	e := s.next()
	for e.name == "x" {
		e = s.next()
	}
	assert.Equal(t, event{name: "a", data: "1", id: "mine"}, e)
	assert.Equal(t, results[1].ID, s.next().id)
}

func TestFaultyOptionsAreToldAtOnce(t *testing.T) {
	_, err := embed.New(embed.Options{MaxClients: -1, HeartbeatInterval: time.Hour, OutboxEvents: 1})
	require.Error(t, err)
	for _, part := range []string{"embed: ", "MaxClients", "ClientTimeout", "OutboxFrames"} {
		assert.ErrorContains(t, err, part)
	}
}

func TestMetricsAndStats(t *testing.T) {
	r := startRig(t, protocols[0])
	s, _ := r.open("userId=ann&sessionId=s&topics=a,b")
	r.open("userId=ann")
	result, err := r.Broadcast(t.Context(), "x", 1)
	require.NoError(t, err)
	m, err := r.GetMetrics(t.Context())
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), m.Timestamp, soon)
	m.Timestamp = time.Time{}
	want := sseutils.Metrics{ActiveConnections: 2, TotalConnections: 2, EventsDispatched: 1, MaxClients: 10_000, Users: 1, Sessions: 1, Topics: 2, Deliveries: 2, LastEventID: result.ID}
	assert.Equal(t, want, *m)
	s.cut()
	r.streams(1)
	n, err := r.GetActiveClientCount(t.Context())
	assert.Equal(t, 1, n)
	assert.NoError(t, err)
	r.Close()
	_, err = r.GetMetrics(t.Context())
	assert.Error(t, err)
}
