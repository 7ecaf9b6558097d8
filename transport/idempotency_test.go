package transport

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
)

// sends is a request that counts how often it is carried out.
type sends struct{ n atomic.Int64 }

func (s *sends) do() outcome { return sentAs(fmt.Sprint("answer ", s.n.Add(1))) }

// sentAs is the outcome of one event that was sent.
func sentAs(id string) outcome { return outcome{receipts: []actor.Receipt{{ID: id}}} }

func TestAKeyIsCarriedOutOnce(t *testing.T) {
	m, s := newIdempotency(time.Minute, 10), &sends{}
	a, state := m.once(t.Context(), "k", []byte("body"), s.do)
	assert.Equal(t, idempotencyFirst, state)
	assert.Equal(t, "answer 1", a.receipts[0].ID)
	for range 3 {
		a, state = m.once(t.Context(), "k", []byte("body"), s.do)
		assert.Equal(t, idempotencyReplayed, state)
		assert.Equal(t, "answer 1", a.receipts[0].ID)
	}
	_, state = m.once(t.Context(), "k", []byte("another"), s.do)
	assert.Equal(t, idempotencyMismatch, state)
	a, state = m.once(t.Context(), "other", []byte("body"), s.do)
	assert.Equal(t, idempotencyFirst, state)
	assert.Equal(t, "answer 2", a.receipts[0].ID)
	assert.EqualValues(t, 2, s.n.Load())
}

func TestAFailureIsNotRemembered(t *testing.T) {
	m, s := newIdempotency(time.Minute, 10), &sends{}
	a, _ := m.once(t.Context(), "k", nil, func() outcome { return outcome{stopped: &overloaded} })
	assert.Equal(t, &overloaded, a.stopped)
	a, state := m.once(t.Context(), "k", nil, s.do)
	assert.Equal(t, idempotencyFirst, state)
	assert.Nil(t, a.stopped)
}

// A batch of which a part was sent must not be sent again.
func TestAFailureThatSentSomethingIsRemembered(t *testing.T) {
	m, s := newIdempotency(time.Minute, 10), &sends{}
	m.once(t.Context(), "k", nil, func() outcome { return outcome{receipts: make([]actor.Receipt, 1), stopped: &overloaded} })
	a, state := m.once(t.Context(), "k", nil, s.do)
	assert.Equal(t, idempotencyReplayed, state)
	assert.Equal(t, &overloaded, a.stopped)
	assert.Zero(t, s.n.Load())
}

func TestAPanicLeavesNobodyWaiting(t *testing.T) {
	m, s := newIdempotency(time.Minute, 10), &sends{}
	assert.Panics(t, func() { m.once(t.Context(), "k", nil, func() outcome { panic("a mistake") }) })
	_, state := m.once(t.Context(), "k", nil, s.do)
	assert.Equal(t, idempotencyFirst, state)
}

// Those who come while the first is under way get its answer, and those who can't
// wait so long are told.
func TestTheSameKeyAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newIdempotency(time.Minute, 10)
		var all sync.WaitGroup
		all.Go(func() {
			_, state := m.once(t.Context(), "k", nil, func() outcome {
				time.Sleep(2 * time.Second)
				return sentAs("the first one's")
			})
			assert.Equal(t, idempotencyFirst, state)
		})
		synctest.Wait()
		none := func() outcome { assert.Fail(t, "carried out twice"); return outcome{} }
		for range 10 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				a, state := m.once(ctx, "k", nil, none)
				assert.Equal(t, idempotencyReplayed, state)
				assert.Equal(t, "the first one's", a.receipts[0].ID)
			})
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, state := m.once(ctx, "k", nil, none)
				assert.Equal(t, idempotencyPending, state)
			})
		}
		all.Wait()
	})
}

// An answer lives for one to two windows.
func TestExpiry(t *testing.T) {
	const window = 10 * time.Minute
	for sentence, c := range map[string]struct {
		stored, asked time.Duration // since the start
		replayed      bool
	}{
		"at once":                                {0, 0, true},
		"shortly before the window is over":      {0, window - time.Second, true},
		"stored late, asked after a window":      {window - time.Second, 2*window - 2*time.Second, true},
		"stored in the second, asked in time":    {window + time.Second, 2 * window, true},
		"stored at the start, after two windows": {0, 2*window + time.Second, false},
		"stored late, after more than two":       {window - time.Second, 3 * window, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			start := time.Unix(1_800_000_000, 0)
			m, s := newIdempotency(window, 10), &sends{}
			for at := time.Duration(0); at <= c.asked; at += time.Second {
				m.expire(start.Add(at))
				if at == c.stored {
					m.once(t.Context(), "k", nil, s.do)
				}
			}
			_, state := m.once(t.Context(), "k", nil, s.do)
			assert.Equal(t, c.replayed, state == idempotencyReplayed)
		})
	}
}

// What is kept is bounded, and what is forgotten early is counted.
func TestTheNumberOfKeysIsBounded(t *testing.T) {
	const most = 100
	m, s := newIdempotency(time.Hour, most), &sends{}
	for i := range 10 * most {
		m.once(t.Context(), fmt.Sprint(i), nil, s.do)
		g := m.tables.Load()
		require.LessOrEqual(t, g.young.Size()+g.old.Size(), 2*most)
	}
	for i := 9*most + 1; i < 10*most; i++ {
		_, state := m.once(t.Context(), fmt.Sprint(i), nil, s.do)
		require.Equal(t, idempotencyReplayed, state, "the newest are kept: %d", i)
	}
	g := m.tables.Load()
	assert.EqualValues(t, 10*most, int(m.forgot.Load())+g.young.Size()+g.old.Size(), "each is kept or counted as forgotten")
}

// A batch takes as much room as it has events, and so is worth as many keys.
func TestABatchCountsForItsEvents(t *testing.T) {
	m := newIdempotency(time.Hour, 100)
	batch := func() outcome { return outcome{receipts: make([]actor.Receipt, 60)} }
	for i := range 4 {
		m.once(t.Context(), fmt.Sprint(i), nil, batch)
	}
	g := m.tables.Load()
	assert.Equal(t, 2, g.old.Size()+g.young.Size(), "two batches of 60 fill a table of 100; the next two pushed them out")
	assert.EqualValues(t, 2, m.forgot.Load())
}

func TestForgettingAll(t *testing.T) {
	m, s := newIdempotency(time.Hour, 1), &sends{}
	for _, k := range []string{"a", "b", "c"} {
		m.once(t.Context(), k, nil, s.do)
	}
	require.NotZero(t, m.forgot.Load())
	m.reset()
	assert.Zero(t, m.forgot.Load())
	_, state := m.once(t.Context(), "c", nil, s.do)
	assert.Equal(t, idempotencyFirst, state)
}

// A table that fills up becomes the older one early. It must not be thrown away by
// the next tick because that would have been its time.
func TestAFullTableDoesNotShortenTheLivesOfItsKeys(t *testing.T) {
	const window = 10 * time.Minute
	start := time.Unix(1_800_000_000, 0)
	m, s := newIdempotency(window, 3), &sends{}
	m.expire(start)
	m.expire(start.Add(window - time.Second))
	for _, k := range []string{"a", "b", "c"} { // full: it is the older one now
		m.once(t.Context(), k, nil, s.do)
	}
	for _, after := range []time.Duration{time.Second, time.Minute, window - 2*time.Second} {
		m.expire(start.Add(window - time.Second + after))
		_, state := m.once(t.Context(), "a", nil, s.do)
		assert.Equal(t, idempotencyReplayed, state, "%v after it was stored", after)
	}
}

// One request looks into two tables, and a turn of the tables may come between its
// looks: another with the same key must not miss it there.
func TestAKeyIsCarriedOutOnceThoughTheTablesTurn(t *testing.T) {
	for range 3000 {
		m, s := newIdempotency(time.Minute, 10), &sends{}
		now := time.Unix(1_800_000_000, 0)
		m.expire(now)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { m.once(t.Context(), "k", nil, s.do) })
		}
		all.Go(func() { m.expire(now.Add(time.Minute)) })
		all.Wait()
		require.EqualValues(t, 1, s.n.Load())
	}
}
