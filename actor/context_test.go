package actor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pausedRig has a client with four events waiting for writers that do not come,
// so that the hub takes no more sends.
func pausedRig(t *testing.T) (*rig, *live) {
	t.Helper()
	r := newRig(t, Options{OutboxFrames: 8})
	r.Start()
	l := r.connect(Info{ID: "a"})
	for i := range 4 {
		r.mustSend(fmt.Sprint("sent ", i), Target{})
	}
	synctest.Wait()
	require.EqualValues(t, 1, r.stats().Pauses)
	return r, l
}

// "With an error the event was not sent to anybody": nor is it later, when the
// hub finds it in its inbox.
func TestASendThatWasGivenUpIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := pausedRig(t)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		began := time.Now()
		_, err := r.send(ctx, "given up", Target{})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began), "it waited as long as it might")
		assert.Equal(t, 1, r.stats().Inbox, "the hub has not seen it yet")

		r.startWriters(1)
		r.mustSend("sent 4", Target{})
		assert.Equal(t, []string{"sent 0", "sent 1", "sent 2", "sent 3", "sent 4"}, l.texts())
		assert.EqualValues(t, 5, r.stats().Events, "it was not even counted")
		r.finish()
	})
}

// A publisher's patience outlasts a short pause.
func TestASendWaitsForTheWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := pausedRig(t)
		answer := make(chan error, 1)
		go func() {
			_, err := r.send(background, "patient", Target{})
			answer <- err
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-answer:
			require.Fail(t, "it was answered")
		default:
		}
		began := time.Now()
		r.startWriters(1)
		require.NoError(t, <-answer)
		assert.Zero(t, time.Since(began), "the writers tell the hub; it does not wait for a tick")
		assert.Contains(t, l.texts(), "patient")
		r.finish()
	})
}

// Once the hub has taken a send, its publisher learns what became of it, however
// long that takes: half of a broadcast is not to be repeated.
func TestASendThatIsBeingSweptIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.Start()
		for i := range 2 * sliceSize {
			r.connect(Info{ID: fmt.Sprint("c", i)})
		}
		ctx, cancel := context.WithCancel(background)
		answer := make(chan error, 1)
		var receipt Receipt
		go func() {
			var err error
			receipt, err = r.send(ctx, "to all", Target{})
			answer <- err
		}()
		synctest.Wait() // the writers' channel is full, and nobody takes from it
		require.Equal(t, 1, r.stats().Sweeping)
		cancel()
		synctest.Wait()
		select {
		case <-answer:
			require.Fail(t, "it was given up")
		default:
		}
		r.startWriters(1)
		require.NoError(t, <-answer)
		assert.Equal(t, 2*sliceSize, receipt.Queued)
		r.finish()
	})
}

// The reason that the context's owner gave is the error.
func TestErrorsAreTheContextsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{}) // and not started
		why := errors.New("the caller has gone")
		calls := map[string]func(ctx context.Context) error{
			"Send":       func(ctx context.Context) error { _, err := r.send(ctx, "x", Target{}); return err },
			"Metrics":    func(ctx context.Context) error { _, err := r.Metrics(ctx); return err },
			"List":       func(ctx context.Context) error { _, err := r.List(ctx, Filter{}, 0, 1); return err },
			"Disconnect": func(ctx context.Context) error { _, err := r.Disconnect(ctx, Filter{}); return err },
			"Drain":      func(ctx context.Context) error { return r.Drain(ctx, 0) },
			"Reset":      r.Reset,
		}
		for name, call := range calls {
			ctx, cancel := context.WithCancelCause(background)
			answer := make(chan error, 1)
			go func() { answer <- call(ctx) }()
			synctest.Wait()
			cancel(why)
			assert.ErrorIs(t, <-answer, why, name)
			// Once more with a context that had ended before.
			assert.ErrorIs(t, call(ctx), why, name)
		}
		r.Start()
		r.finish()
	})
}

// A full inbox makes the publisher wait, with its context's patience.
func TestAFullInboxMakesPublishersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := pausedRig(t)
		const more = 100
		answers := make(chan error, inboxSize+more)
		for i := range inboxSize + more {
			go func() {
				ctx, cancel := context.WithTimeout(background, time.Duration(1+i%2)*time.Minute)
				defer cancel()
				_, err := r.send(ctx, "one of many", Target{})
				answers <- err
			}()
		}
		synctest.Wait()
		assert.Equal(t, inboxSize, r.stats().Inbox)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		assert.Len(t, answers, (inboxSize+more)/2, "half of them have given up")
		for range len(answers) {
			assert.ErrorIs(t, <-answers, context.DeadlineExceeded)
		}
		r.startWriters(1)
		for range (inboxSize + more) / 2 {
			assert.NoError(t, <-answers)
		}
		assert.Len(t, l.texts(), 4+(inboxSize+more)/2)
		assert.Zero(t, r.stats().Dropped())
		r.finish()
	})
}
