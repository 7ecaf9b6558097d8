package actor

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStopClosesEveryStream(t *testing.T) {
	inBubble(t, Options{}, 2, func(t *testing.T, r *rig) {
		var all []*live
		for i := range 3 * inboxSize { // more than the inbox of closed streams holds
			all = append(all, r.connect(Info{ID: fmt.Sprint("c", i), Topics: []string{"t"}}))
		}
		all[0].stall()
		r.mustSend("to all", Target{})
		synctest.Wait()
		r.Stop()
		synctest.Wait()
		for _, l := range all {
			require.True(t, l.closed.Load())
			require.Equal(t, ReasonStopped, l.EndedBy(ReasonClientClosed))
			require.NotContains(t, l.got.String(), "event: error", "without a farewell")
		}
	})
}

func TestStopMayBeCalledAgain(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		r.connect(Info{ID: "a"})
		var group sync.WaitGroup
		for range 10 {
			group.Go(r.Stop)
		}
		group.Wait()
		r.Stop()
		synctest.Wait() // the writer has taken the last batch
		_, open := <-r.Batches()
		assert.False(t, open)
	})
}

func TestAHubThatWasNeverStartedCanBeStopped(t *testing.T) {
	hub, err := New(testOptions())
	require.NoError(t, err)
	hub.Stop()
	hub.Stop()
}

func TestStartTwiceIsAFault(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		assert.Panics(t, r.Start)
	})
}

func TestAfterStopEverythingSaysSo(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		a := r.connect(Info{ID: "a"})
		r.Stop()
		for range 2 * inboxSize { // its inbox would be full by then
			_, err := r.send(background, "x", Target{})
			require.ErrorIs(t, err, ErrStopped)
		}
		_, _, err := r.ask(Info{ID: "b"})
		assert.ErrorIs(t, err, ErrStopped)
		_, err = r.Metrics(background)
		assert.ErrorIs(t, err, ErrStopped)
		_, err = r.List(background, Filter{}, 0, 1)
		assert.ErrorIs(t, err, ErrStopped)
		_, err = r.Disconnect(background, Filter{ClientID: "a"})
		assert.ErrorIs(t, err, ErrStopped)
		assert.ErrorIs(t, r.Drain(background, 0), ErrStopped)
		assert.ErrorIs(t, r.Reset(background), ErrStopped)
		for range 2 * inboxSize {
			r.Unregister(a.Client) // does not wait for ever
			r.Tick(time.Now())
		}
	})
}

// Stop with sends in the inbox, one being swept, streams ending, a drain under
// way and streams that come at that moment: everybody gets an answer.
func TestStopWithWorkPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.Start()
		var all []*live
		for i := range 2 * sliceSize {
			all = append(all, r.connect(Info{ID: fmt.Sprint("c", i)}))
		}
		stalled := all[7]
		stalled.stall()
		var asking sync.WaitGroup
		for i := range 40 { // 32 are swept, the others wait in the inbox
			asking.Go(func() {
				_, err := r.send(background, fmt.Sprint("to all ", i), Target{})
				assert.ErrorIs(t, err, ErrStopped)
			})
		}
		_, err := r.Disconnect(background, Filter{ClientID: "c3"})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, maxSweeps, r.stats().Sweeping)
		require.Equal(t, 40-maxSweeps, r.stats().Inbox)
		asking.Go(func() { assert.ErrorIs(t, r.Drain(background, time.Hour), ErrStopped) })
		asking.Go(func() { assert.ErrorIs(t, r.Reset(background), ErrStopped) })
		synctest.Wait()
		asking.Go(r.Stop)
		asking.Go(func() {
			l, w, err := r.ask(Info{ID: "late"})
			if err == nil && w.Admission == Admitted {
				assert.True(t, l.closed.Load())
			}
		})
		synctest.Wait() // the hub waits for the writers now
		r.startWriters(2)
		asking.Wait()
		r.finish()
		for _, l := range all {
			require.True(t, l.closed.Load(), l.ID())
		}
	})
}

// A stream that was let in but has not had its first Flush when the hub stops
// closes with it.
func TestStopReachesAStreamBeforeItsFirstFlush(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		l := &live{rig: r}
		l.Client = NewClient(Info{ID: "a"}, l, 0)
		w, err := r.Register(l.Client)
		require.NoError(t, err)
		require.Equal(t, Admitted, w.Admission)
		r.Stop()
		r.flush(l.Client, nil, nil, new(Written))
		assert.True(t, l.closed.Load())
		assert.Zero(t, l.got.Len())
	})
}

// Nor does a stream that was ended, and whose peer does not read its farewell,
// outlive the hub.
func TestStopClosesStreamsThatAreEnding(t *testing.T) {
	inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
		l := r.connect(Info{ID: "a"})
		l.stall()
		r.mustSend("x", Target{})
		n, err := r.Disconnect(background, Filter{ClientID: "a"})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		synctest.Wait()
		require.False(t, l.closed.Load())
		r.Stop()
		synctest.Wait()
		assert.True(t, l.closed.Load())
	})
}

func TestDrain(t *testing.T) {
	t.Run("returns when all connections are closed, and refuses everything from its start", func(t *testing.T) {
		inBubble(t, Options{Retry: time.Second, RetrySpread: time.Minute}, 1, func(t *testing.T, r *rig) {
			var all []*live
			for i := range 500 {
				all = append(all, r.connect(Info{ID: fmt.Sprint("c", i)}))
			}
			began := time.Now()
			done := make(chan error, 1)
			go func() { done <- r.Drain(background, 500*time.Millisecond) }()
			synctest.Wait()
			_, err := r.send(background, "late", Target{})
			assert.ErrorIs(t, err, ErrDraining)
			require.NoError(t, <-done)
			assert.Equal(t, 400*time.Millisecond, time.Since(began), "a hundred at once, then a hundred each tick")
			for _, l := range all {
				require.True(t, l.closed.Load())
				require.Contains(t, l.got.String(), CodeServerShutdown)
				require.Contains(t, l.got.String(), "retry: ")
			}
			assert.NoError(t, r.Drain(background, time.Hour), "a second time there is nothing to do")
		})
	})
	t.Run("waits for a slow reader, though not for ever", func(t *testing.T) {
		inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
			slow, fast := r.connect(Info{ID: "slow"}), r.connect(Info{ID: "fast"})
			slow.stall()
			r.mustSend("x", Target{})
			began := time.Now()
			require.NoError(t, r.Drain(background, 0))
			assert.True(t, slow.closed.Load() && fast.closed.Load())
			assert.Greater(t, time.Since(began), 5*time.Second)
			assert.Less(t, time.Since(began), 6*time.Second)
		})
	})
	t.Run("goes on when its caller does not wait", func(t *testing.T) {
		inBubble(t, Options{}, 1, func(t *testing.T, r *rig) {
			slow := r.connect(Info{ID: "slow"})
			slow.stall()
			r.mustSend("x", Target{})
			ctx, cancel := context.WithTimeout(background, time.Second)
			defer cancel()
			assert.ErrorIs(t, r.Drain(ctx, 0), context.DeadlineExceeded)
			assert.True(t, r.stats().Draining)
			slow.read()
			assert.NoError(t, r.Drain(background, 0))
		})
	})
}
