package actor

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

func TestAReplayingStreamNamedTwiceGetsTheEventOnce(t *testing.T) {
	opts := withHistory(100)
	opts.OutboxFrames = 4
	w := newWorld(t, opts)
	for i := range 6 {
		w.say(fmt.Sprint("e", i), Target{})
	}
	p := &peer{room: 0}
	p.Client = NewClient(Info{ID: "a"}, p, w.tick)
	welcome := w.state.register(p.Client, &Resume{LastEventID: "1000000-0"})
	require.False(t, welcome.Replay.Whole)
	w.flush(p.Client, nil)
	r := w.say("mine", Target{ClientIDs: []string{"a", "a"}})
	assert.Equal(t, 1, r.Queued)
	for range 20 {
		w.read(p, -1)
		w.advanceTick()
		w.finishWork()
	}
	assert.Equal(t, 1, strings.Count(p.told(), "mine"))
}

func TestWithoutAJournalNothingIsStale(t *testing.T) {
	opts := withHistory(4)
	opts.OutboxFrames = 4
	w := newWorld(t, opts)
	last := ""
	for i := range 10 {
		p := w.send(sse.NewFrame(sse.Event{Data: fmt.Sprint(i), Persistent: true}), Target{})
		r, _ := p.answered()
		last = r.ID
	}
	p := &peer{room: -1}
	p.Client = NewClient(Info{ID: "a"}, p, w.tick)
	assert.Equal(t, Admitted, w.state.register(p.Client, &Resume{LastEventID: last}).Admission, "no journal: Through is zero")
}

// The client may have had the first of them only.
func TestAnOwnIDGivenTwiceIsNeverResumed(t *testing.T) {
	w := newWorld(t, withHistory(100))
	own := func(text, id string) {
		parsed, err := sse.ParseID(id)
		require.NoError(t, err)
		w.send(sse.NewFrame(sse.Event{Data: text, ID: parsed}), Target{})
	}
	own("first", "x")
	w.say("lost", Target{})
	own("second", "x")
	w.say("last", Target{})
	p, replay := w.rejoin(Info{ID: "a"}, Resume{LastEventID: "x"}) // it has had "first" only
	assert.False(t, replay.Verdict == Resumed && !strings.Contains(p.told(), "lost"))
}

func TestACommitOfNoneTooLateLosesNothing(t *testing.T) {
	w := newWorld(t, testOptions())
	w.joinMany("c", 10, Info{})
	w.reserve(2)
	a, answerA := committed("a", Target{})
	b, answerB := committed("b", Target{})
	done := make(chan bool, 1)
	(&committing{[]Committed{a, b}, done}).do(w.state)
	<-done
	(&committing{nil, done}).do(w.state) // e.g. a deferred clean-up
	<-done
	for w.committing() {
		w.work()
		w.settle()
	}
	w.finishWork()
	assert.Len(t, answerA, 1)
	assert.Len(t, answerB, 1)
}

func TestAClockSetBackBetweenProcessesCostsNoHistory(t *testing.T) {
	var events []PastEvent
	for i := range 5 {
		f := event(fmt.Sprint(i), sse.Normal)
		id := sse.Sequence{Milliseconds: uint64(start.UnixMilli()), N: uint64(i + 1)}
		f.Seal(id.String())
		events = append(events, PastEvent{ID: id, Frame: f, At: start})
	}
	past := Past{Floor: sse.Sequence{Milliseconds: 5}, LastID: events[4].ID, Events: func(yield func(PastEvent) bool) {
		for _, e := range events {
			if !yield(e) {
				return
			}
		}
	}}
	opts := withHistory(100)
	opts.Past = &past
	opts.Start = start.Add(-time.Second)
	w := newWorld(t, opts)
	w.advanceTick()
	w.finishWork()
	_, replay := w.rejoin(Info{ID: "a"}, Resume{LastEventID: events[0].ID.String()})
	assert.Equal(t, Resumed, replay.Verdict)
	assert.Equal(t, 4, replay.Queued)
}

func TestAMailboxIsReadOnABusyServerWithoutAHistory(t *testing.T) {
	w := newWorld(t, withHistory(0)) // outbox of 1,024
	var kept []Kept
	for i := range 2000 {
		kept = append(kept, keptEvent(fmt.Sprint("k", i), sse.Sequence{Milliseconds: uint64(i + 1)}))
	}
	p := &peer{room: 0}
	p.Client = NewClient(Info{ID: "a", UserID: "u"}, p, w.tick)
	w.state.register(p.Client, &Resume{Kept: kept, Through: sse.Sequence{Milliseconds: 3000}})
	w.settle()
	w.flush(p.Client, nil)
	for range 10 {
		for range 1100 { // 11,000 events a second, none of them for it
			w.say("x", Target{UserID: "v"})
		}
		w.read(p, -1)
		w.advanceTick()
		w.finishWork()
	}
	n := 0
	for _, b := range p.received() {
		if strings.HasPrefix(b, "data: k") {
			n++
		}
	}
	assert.Equal(t, 2000, n)
	assert.False(t, p.closed)
}

func TestASliceOfWrittenEventsIsNoLargerThanAnother(t *testing.T) {
	w := newWorld(t, testOptions())
	w.joinMany("c", 1024, Info{}) // just not swept
	w.reserve(64)
	var events []Committed
	for range 64 {
		e, _ := committed("x", Target{})
		events = append(events, e)
	}
	done := make(chan bool, 1)
	(&committing{events, done}).do(w.state)
	before := w.stats.Deliveries
	w.work()
	assert.LessOrEqual(t, w.stats.Deliveries-before, uint64(2*sliceSize))
}

// TestAPersistentEventIsNeverDropped: any later event's id would acknowledge it.
func TestAPersistentEventIsNeverDropped(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"the outbox is full":      func(o *Options) { o.OutboxFrames = 4 },
		"the rate is used up":     func(o *Options) { o.EventRate, o.EventBurst = 10, 1 },
		"it is of low priority":   func(o *Options) { o.OutboxFrames = 8 },
		"both, and there is more": func(o *Options) { o.OutboxFrames, o.EventRate, o.EventBurst = 4, 10, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			opts := withHistory(100)
			change(&opts)
			w := newWorld(t, opts)
			info := Info{ID: "first", UserID: "u"}
			p := w.join(info)
			p.room = 0
			var want []string
			send := func(text string, e sse.Event) {
				want = append(want, text)
				e.Data, e.Persistent = text, true
				w.reserve(1)
				w.commit(Committed{sse.NewFrame(e), Target{UserID: "u"}, make(chan Receipt, 1)})
			}
			for i := range 8 {
				send(fmt.Sprint("p", i), sse.Event{Priority: sse.Low})
				w.advanceTick()
			}
			last := "1000000-0"
			for attempt := 0; ; attempt++ {
				w.read(p, -1)
				for range 5 {
					w.finishWork()
					w.advanceTick()
				}
				if _, ids := p.whole(); len(ids) > 0 {
					last = ids[len(ids)-1]
				}
				if !p.closed {
					break
				}
				require.Equal(t, ReasonSlowConsumer, Reason(p.reason.Load()))
				require.Less(t, attempt, 5)
				info.ID = fmt.Sprint("again", attempt)
				p, _ = w.rejoin(info, Resume{LastEventID: last, Through: sse.Sequence{N: 1}})
			}
			var got []string
			for _, p := range w.order {
				texts, _ := p.whole()
				got = append(got, texts...)
			}
			assert.Equal(t, want, got)
			assert.Zero(t, w.stats.DroppedLow+w.stats.DroppedNormal+w.stats.DroppedRate)
		})
	}
}

func TestACommitThatCannotBeAnsweredIsRefused(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		_, err := r.Reserve(0, time.Now())
		assert.ErrorIs(t, err, ErrNotReserved)
		_, err = r.Reserve(maxReserved+1, time.Now())
		assert.ErrorIs(t, err, ErrNotReserved)
		one, answer := committed("one", Target{})
		assert.ErrorIs(t, r.Commit([]Committed{one}), ErrNotReserved, "nothing is reserved")
		_, err = r.Reserve(1, time.Now())
		require.NoError(t, err)
		two, _ := committed("two", Target{})
		assert.ErrorIs(t, r.Commit([]Committed{one, two}), ErrNotReserved, "one too many")
		two.Reply = nil
		assert.ErrorIs(t, r.Commit([]Committed{two}), ErrNotReserved, "nobody to answer")
		require.NoError(t, r.Commit([]Committed{one}))
		assert.NotEmpty(t, (<-answer).ID, "the reservation was still open")
	})
}

// One look at a replaying stream passes over a bounded number of events that it does not
// want: the hub has others to look after. None that it wants is lost by that.
func TestALookPassesOverABoundedNumberOfEvents(t *testing.T) {
	// It has no Last-Event-ID, and its journal was read long ago: of all that came since it
	// wants only what is persistent.
	long := func(t *testing.T, r Resume) (*world, *peer, *replay) {
		w := newWorld(t, withHistory(5*maxPassed))
		for range 2*maxPassed + 10 {
			w.say("live", Target{})
		}
		w.reserve(1)
		w.commit(Committed{sse.NewFrame(sse.Event{Data: "persistent", Persistent: true}), Target{}, make(chan Receipt, 1)})
		r.Through = sse.Sequence{N: 1}
		p, answer := w.rejoin(Info{ID: "a"}, r)
		assert.Equal(t, Replay{Verdict: Resumed}, answer, "there is more, and nothing of it is queued yet")
		return w, p, w.replays.active[p.Client]
	}
	t.Run("to find what it wants", func(t *testing.T) {
		w, p, r := long(t, Resume{})
		require.NotNil(t, r)
		first := w.history.First()
		assert.Equal(t, first+maxPassed, r.number, "at the connect")
		w.goOnReplaying(r)
		assert.Equal(t, first+2*maxPassed, r.number, "at the next look")
		assert.Empty(t, p.told())
		w.advanceTick()
		w.finishWork()
		assert.Equal(t, "persistent <replayed>", p.told())
		assert.Empty(t, w.replays.active)
		w.say("then", Target{})
		w.write()
		assert.Equal(t, "persistent <replayed> then", p.told())
	})
	t.Run("before the history lets go of them", func(t *testing.T) {
		w, p, r := long(t, Resume{More: true}) // and waits for a page of the journal
		require.NotNil(t, r)
		first := w.history.First()
		assert.Equal(t, first+maxPassed, r.number, "at the connect")
		w.goOnReplaying(r)
		assert.Equal(t, first+2*maxPassed, r.number, "at the next look")
		require.Empty(t, p.told())
		reply := w.feed(p.Client, []Kept{keptEvent("kept", sse.Sequence{Milliseconds: 1})}, false)
		for range 3 {
			w.advanceTick()
			w.finishWork()
		}
		assert.True(t, <-reply)
		assert.Equal(t, "kept persistent <replayed>", p.told())
	})
}

// TestALongReplayGoesOnAsTheClientReads has no tick: writers that have made progress are
// what wakes the hub, and nobody's publisher waits.
func TestALongReplayGoesOnAsTheClientReads(t *testing.T) {
	opts := withHistory(10_000)
	opts.OutboxFrames = 16
	inBubble(t, opts, 2, func(t *testing.T, r *rig) {
		for i := range 500 {
			_, err := r.Send(t.Context(), event(fmt.Sprint("e", i), sse.Normal), Target{})
			require.NoError(t, err)
		}
		began := time.Now()
		l := &live{rig: r}
		l.room.Store(-1)
		l.Client = NewClient(Info{ID: "a"}, l, r.Now())
		first, _ := sse.ParseSequence("0-0")
		w, err := r.Rejoin(l.Client, Resume{LastEventID: first.String()})
		require.NoError(t, err)
		require.False(t, w.Replay.Whole)
		r.flush(l.Client, nil, nil, new(Written))
		r.Progress()
		synctest.Wait()
		assert.Zero(t, time.Since(began), "no time has passed")
		assert.Equal(t, 500, strings.Count(l.got.String(), "data: e"))
		assert.Contains(t, l.got.String(), `"status":"replayed","replayed":500`)
		stats, err := r.Metrics(t.Context())
		require.NoError(t, err)
		assert.Zero(t, stats.Replaying)
		assert.Zero(t, stats.Pauses)
	})
}
