package actor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// committed is an event of a journal, and its answer.
func committed(text string, to Target) (Committed, chan Receipt) {
	reply := make(chan Receipt, 1)
	return Committed{sse.NewFrame(sse.Event{Data: text, Persistent: true}), to, reply}, reply
}

// TestIDsIncreaseAroundAReservation is the reason for reservations.
func TestIDsIncreaseAroundAReservation(t *testing.T) {
	w := newWorld(t, testOptions())
	p := w.join(Info{ID: "a"})
	w.say("before", Target{})
	first := w.reserve(2)
	for range 3 { // time passes while the journal writes
		for i := range 3 {
			w.say(fmt.Sprint("meanwhile ", i), Target{})
		}
		w.advanceTick()
	}
	one, answer1 := committed("one", Target{})
	two, answer2 := committed("two", Target{})
	w.commit(one, two)
	w.say("after", Target{})
	w.write()

	assert.Equal(t, Receipt{ID: first.String(), Queued: 1}, <-answer1)
	assert.Equal(t, Receipt{ID: sse.Sequence{Milliseconds: first.Milliseconds, N: 1}.String(), Queued: 1}, <-answer2)
	texts, ids, _ := p.events()
	require.Len(t, texts, 13)
	assert.Equal(t, []string{"one", "two", "after"}, texts[10:])
	for i := 1; i < len(ids); i++ {
		assert.True(t, ids[i-1].Less(ids[i]), "%s is not above %s", ids[i], ids[i-1])
	}
}

func TestAReservationThatIsGivenBackSendsNothing(t *testing.T) {
	w := newWorld(t, testOptions())
	p := w.join(Info{ID: "a"})
	first := w.reserve(3)
	w.commit()
	again := w.reserve(1)
	assert.False(t, again.Less(first))
	one, answer := committed("one", Target{})
	w.commit(one)
	w.write()
	assert.Equal(t, 1, (<-answer).Queued)
	assert.Equal(t, "one", p.told())
}

func TestOneReservationAtATime(t *testing.T) {
	w := newWorld(t, testOptions())
	w.reserve(1)
	reply := make(chan reserved, 1)
	(&reserving{1, 0, reply}).do(w.state)
	assert.ErrorIs(t, (<-reply).err, ErrReserved)
}

// TestWrittenEventsAreSentInOnePiece: no event comes between them, there is no id for
// it, and the next reservation waits.
func TestWrittenEventsAreSentInOnePiece(t *testing.T) {
	w := newWorld(t, testOptions())
	w.joinMany("c", sliceSize+1, Info{})
	w.reserve(100)
	var events []Committed
	for i := range 100 {
		e, _ := committed(fmt.Sprint("p", i), Target{})
		events = append(events, e)
	}
	done := make(chan bool, 1)
	(&committing{events, done}).do(w.state)
	assert.Len(t, done, 1, "the hub has taken them")
	assert.True(t, w.committing())
	next := make(chan reserved, 1)
	(&reserving{1, 0, next}).do(w.state)
	for w.committing() {
		assert.Empty(t, next)
		w.work()
		w.settle()
		w.write()
	}
	assert.Len(t, next, 1)
	w.finishWork()
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint("p", i))
	}
	assert.Equal(t, strings.Join(want, " "), w.peers["c1"].told())
}

func TestNothingIsReservedWhileDraining(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		l := r.connect(Info{ID: "a"})
		first, err := r.Reserve(1, time.Now())
		require.NoError(t, err)
		go func() { _ = r.Drain(t.Context(), 0) }()
		time.Sleep(time.Second) // of the bubble's
		one, answer := committed("written before", Target{})
		require.NoError(t, r.Commit([]Committed{one}))
		assert.Equal(t, first.String(), (<-answer).ID, "what is written is answered")
		_, err = r.Reserve(1, time.Now())
		assert.ErrorIs(t, err, ErrDraining)
		_ = l
	})
}

func TestAStoppedHubReservesAndCommitsNothing(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		r.Stop()
		_, err := r.Reserve(1, time.Now())
		assert.ErrorIs(t, err, ErrStopped)
		assert.ErrorIs(t, r.Commit(nil), ErrStopped)
		assert.False(t, r.Feed(t.Context(), NewClient(Info{}, &live{rig: r}, 0), nil, false))
	})
}

func TestIDsBeginAboveThoseOfARunBefore(t *testing.T) {
	opts := testOptions()
	opts.LastID = sse.Sequence{Milliseconds: uint64(start.UnixMilli()) + 5000, N: 7} // the clock was set back
	w := newWorld(t, opts)
	id, err := sse.ParseSequence(w.say("first", Target{}).ID)
	require.NoError(t, err)
	assert.True(t, opts.LastID.Less(id))
}
