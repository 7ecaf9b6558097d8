package actor

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// TestAHubGoesOnWhereTheOneBeforeHasEnded hands a history over, and resumes from it.
func TestAHubGoesOnWhereTheOneBeforeHasEnded(t *testing.T) {
	var past Past
	var ids []string
	opts := Options{HistoryEvents: 3, OutboxFrames: 4, HistoryAge: time.Hour}
	send := func(r *rig, text string, target Target, e sse.Event) string {
		e.Data = text
		receipt, err := r.Send(r.t.Context(), sse.NewFrame(e), target)
		require.NoError(t, err)
		return receipt.ID
	}
	inBubble(t, opts, 1, func(t *testing.T, r *rig) {
		ids = append(ids, send(r, "lost", Target{}, sse.Event{}), send(r, "old", Target{}, sse.Event{TTL: time.Minute}))
		time.Sleep(30 * time.Second)
		own, _ := sse.ParseID("own")
		ids = append(ids, send(r, "user", Target{UserID: "u"}, sse.Event{ID: own}), send(r, "another", Target{UserID: "v"}, sse.Event{}))
		ids = append(ids, send(r, "topic", Target{Topics: []string{"t"}}, sse.Event{Priority: sse.High}))
		r.Stop()
		past = r.Handover()
		past.Events = slices.Values(slices.Collect(past.Events))
	})
	opts = testOptions()
	opts.HistoryEvents, opts.OutboxFrames, opts.HistoryAge = 100, 16, time.Hour
	for e := range past.Events {
		opts.Start = e.At.Add(40 * time.Second) // it was away for a while
		break
	}
	once := past
	opts.Past = &once
	w := newWorld(t, opts)
	resume := func(name, last string) (string, Verdict) {
		p, replay := w.rejoin(Info{ID: name, UserID: "u", Topics: []string{"t"}}, Resume{LastEventID: last})
		return p.told(), replay.Verdict
	}
	assert.Nil(t, once.Events, "the options keep no events")
	got, verdict := resume("a", ids[0])
	assert.Equal(t, Resumed, verdict)
	assert.Equal(t, "old user topic", got)
	got, verdict = resume("b", "own")
	assert.Equal(t, Resumed, verdict)
	assert.Equal(t, "topic", got)
	got, verdict = resume("c", "0-0")
	assert.Equal(t, Partial, verdict)
	assert.Equal(t, "old user topic", got)
	next := w.say("next", Target{}).ID
	a, _ := sse.ParseSequence(ids[4])
	b, _ := sse.ParseSequence(next)
	assert.True(t, a.Less(b), "ids go on above those before")
	for range int(30 * time.Second / TickInterval) {
		w.advanceTick()
	}
	got, _ = resume("d", ids[0])
	assert.Equal(t, "user topic next", got, "the ttl counts from when the event was sent")
}

func TestAHubWithoutAHistoryHandsNothingOver(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		r.Stop()
		assert.Zero(t, r.Handover().LastID)
		assert.Nil(t, r.Handover().Events)
	})
}
