package actor

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// fates is what became of an event, by the receivers' ids.
func (w *world) fates(id string) map[string]string {
	w.t.Helper()
	all := make(map[string]string)
	for cursor := 0; ; {
		t := w.trace(id, cursor, 3)
		require.NotNil(w.t, t)
		for _, r := range t.Receivers {
			fate := r.Fate.String()
			if r.Why != "" {
				fate += ": " + r.Why
			}
			all[r.ClientID] = fate
		}
		if cursor = t.Next; cursor == 0 {
			return all
		}
	}
}

func TestWhatBecameOfAnEvent(t *testing.T) {
	opts := withHistory(100)
	opts.OutboxFrames = 4
	w := newWorld(t, opts)
	w.join(Info{ID: "reader", UserID: "u"})
	stalled := w.join(Info{ID: "stalled", SessionID: "s", Topics: []string{"t"}})
	stalled.room = 0
	gone := w.join(Info{ID: "gone", UserID: "u"})
	w.joinMany("other", 3, Info{Topics: []string{"t"}})

	first := w.say("first", Target{UserID: "u", SessionID: "s"}).ID
	w.write()
	w.leave(gone)
	before := w.say("fill", Target{}).ID
	for range 4 {
		w.say("fill", Target{})
	}
	w.write()
	dropped := w.say("dropped", Target{SessionID: "s"}).ID
	w.join(Info{ID: "late", UserID: "u"})
	last := w.say("last", Target{ClientIDs: []string{"late", "nobody"}}).ID
	w.write()

	assert.Equal(t, map[string]string{"reader": "written", "gone": "written", "stalled": "waiting"}, w.fates(first))
	assert.Equal(t, map[string]string{"stalled": "dropped: its outbox was full"}, w.fates(dropped))
	assert.Equal(t, map[string]string{"reader": "written", "stalled": "waiting", "other1": "written", "other2": "written", "other3": "written"}, w.fates(before))
	assert.Equal(t, map[string]string{"late": "written"}, w.fates(last))

	w.leave(stalled)
	w.write()
	assert.Equal(t, "left: client closed", w.fates(before)["stalled"])
	trace := w.trace(first, 0, 100)
	assert.Equal(t, Target{UserID: "u", SessionID: "s"}, trace.Target)
	assert.Equal(t, 3, trace.Queued)
	assert.Nil(t, w.trace("1-1", 0, 1))
	assert.Nil(t, w.trace("abc", 0, 1))
}

func TestWhatBecameOfAnEventForWhoResumed(t *testing.T) {
	w := newWorld(t, withHistory(100))
	id := w.say("missed", Target{}).ID
	w.rejoin(Info{ID: "resumed"}, Resume{LastEventID: "1000000-0"})
	w.join(Info{ID: "new"})
	assert.Equal(t, map[string]string{"resumed": "written"}, w.fates(id))
}

func TestWhatBecameOfASweptEvent(t *testing.T) {
	w := newWorld(t, withHistory(100))
	w.joinMany("c", 2*sliceSize, Info{})
	sent := w.send(sse.NewFrame(sse.Event{Data: "to all"}), Target{})
	w.finishWork()
	r, _ := sent.answered()
	fates := w.fates(r.ID)
	assert.Len(t, fates, 2*sliceSize)
	assert.Equal(t, 2*sliceSize, w.trace(r.ID, 0, 1).Queued)
	for name, fate := range fates {
		require.Equal(t, "written", fate, name)
	}
}

// TestWhatIsRememberedIsBounded: many drops and departures leave no more behind than few.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	w := newWorld(t, testOptions())
	for i := range maxLeft + 100 {
		w.leave(w.join(Info{ID: fmt.Sprint("c", i)}))
	}
	assert.Len(t, w.traces.left.all, maxLeft)
	assert.True(t, slices.ContainsFunc(w.traces.left.all, func(l leaver) bool { return l.id() == fmt.Sprint("c", maxLeft+99) }))
	assert.False(t, slices.ContainsFunc(w.traces.left.all, func(l leaver) bool { return l.id() == "c0" }))
}

func TestWhatBecameOfWhatAJournalBrought(t *testing.T) {
	w := newWorld(t, withHistory(100))
	first := w.reserve(1)
	f := sse.NewFrame(sse.Event{Data: "p1", Persistent: true})
	w.commit(Committed{f, Target{UserID: "u"}, make(chan Receipt, 1)})
	p, _ := w.rejoin(Info{ID: "a", UserID: "u"}, Resume{LastEventID: "1000000-0", Kept: []Kept{keptEvent("p1", first)}, Through: first})
	assert.Equal(t, "p1", p.told())
	assert.Equal(t, map[string]string{"a": "written"}, w.fates(first.String()))
}

func TestWhatBecameOfALiveEventWrittenWithAJournals(t *testing.T) {
	w := newWorld(t, withHistory(100))
	live := w.say("e1", Target{}).ID
	first := w.reserve(1)
	f := sse.NewFrame(sse.Event{Data: "p1", Persistent: true})
	w.commit(Committed{f, Target{UserID: "u"}, make(chan Receipt, 1)})
	p, _ := w.rejoin(Info{ID: "a", UserID: "u"}, Resume{LastEventID: "1000000-0", Kept: []Kept{keptEvent("p1", first)}, Through: first})
	assert.Equal(t, "e1 p1", p.told())
	assert.Equal(t, map[string]string{"a": "written"}, w.fates(live))
}

func TestAStreamThatHasLeftIsListedOnce(t *testing.T) {
	w := newWorld(t, withHistory(100))
	p := w.join(Info{ID: "a"})
	id := w.say("e", Target{}).ID
	w.write()
	w.disconnect(Filter{ClientID: "a"})
	w.write()
	require.True(t, p.closed)
	tr := w.trace(id, 0, 100)
	assert.Len(t, tr.Receivers, 1)
}

func TestAStreamThatIsEndingIsNoReceiverOfWhatIsSentThen(t *testing.T) {
	w := newWorld(t, withHistory(100))
	p := w.join(Info{ID: "a"})
	p.room = 0
	w.say("stuck", Target{})
	w.write()
	w.disconnect(Filter{ClientID: "a"})
	r := w.say("later", Target{})
	assert.Zero(t, r.Queued)
	tr := w.trace(r.ID, 0, 100)
	assert.Empty(t, tr.Receivers)
	w.leave(p)
	w.write()
	tr = w.trace(r.ID, 0, 100)
	assert.Empty(t, tr.Receivers)
}

// Also of those who have left, and of those who are leaving.
func TestAPageOfReceiversIsBounded(t *testing.T) {
	w := newWorld(t, withHistory(100))
	w.joinMany("c", 30000, Info{Topics: []string{"t"}})
	id := w.sayToAll()
	reply := make(chan int, 1)
	w.state.disconnect(Filter{Topic: "t"}, reply)
	w.finishWork()
	tr := w.trace(id, 0, 10)
	assert.LessOrEqual(t, len(tr.Receivers), 10)
}

func TestAReceiverForTwoReasonsIsListedOnce(t *testing.T) {
	w := newWorld(t, withHistory(100))
	w.joinMany("c", 4, Info{UserID: "u", Topics: []string{"t"}})
	id := w.say("e", Target{UserID: "u", Topics: []string{"t"}}).ID
	w.write()
	n := 0
	for cursor := 0; ; {
		tr := w.trace(id, cursor, 2)
		n += len(tr.Receivers)
		if cursor = tr.Next; cursor == 0 {
			break
		}
	}
	assert.Equal(t, 4, n)
}

func TestWhatBecameOfAnEventOfTheProcessBefore(t *testing.T) {
	f := event("old", sse.Normal)
	id := sse.Sequence{Milliseconds: 999_000}
	f.Seal(id.String())
	opts := withHistory(100)
	opts.Past = &Past{Floor: sse.Sequence{Milliseconds: 5}, LastID: id, Events: slices.Values([]PastEvent{{ID: id, Frame: sse.Restore(f.Bytes(), f.ID(), sse.Event{}), At: start}})}
	w := newWorld(t, opts)
	p, _ := w.rejoin(Info{ID: "a"}, Resume{LastEventID: "5-0"})
	assert.Equal(t, "old", p.told())
	assert.Equal(t, map[string]string{"a": "written"}, w.fates(id.String()))
}

// sayToAll sends text to everybody and gives its id.
func (w *world) sayToAll() string {
	p := w.send(event("x", sse.Normal), Target{})
	w.finishWork()
	r, ok := p.answered()
	require.True(w.t, ok)
	return r.ID
}
