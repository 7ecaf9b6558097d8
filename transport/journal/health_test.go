package journal

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFaultOfTheStoreIsThePublishers(t *testing.T) {
	for sentence, c := range map[string]struct{ fault, want error }{
		"no room":         {fmt.Errorf("the disk: %w", ErrFull), ErrFull},
		"anything else":   {errDisk, ErrFailed},
		"ids that repeat": {ErrNotAbove, ErrFailed},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := startDesk(t)
				d.store.fault = c.fault
				a := <-d.post(t.Context(), mail("a"), live("b"), mail("c"))
				assertRefused(t, a, c.want)
				assert.ErrorIs(t, a.err, c.fault, "the cause is in it, for the log")
				assert.Equal(t, errors.Is(c.want, ErrFull), errors.Is(a.err, ErrFull))
				assert.ErrorIs(t, d.Fault(), c.want)
				assert.Empty(t, d.hub.data(), "nothing of the request was sent")
				assert.Empty(t, d.hub.open, "the ids are given back")
				stats := d.Stats()
				assert.EqualValues(t, 3, stats.RefusedFull+stats.RefusedFailed)
				assert.Equal(t, errors.Is(c.want, ErrFull), stats.RefusedFull == 3)
				assert.Zero(t, stats.Commits+stats.Events+stats.Bytes)
			})
		})
	}
}

// So that nobody is sent here to publish what can't be kept.
func TestWhetherTheStoreCanBeWrittenIsKnownFromTheStartOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.Stop()
		d.store.fault = ErrFull
		d.Start()
		synctest.Wait()
		assert.ErrorIs(t, d.Fault(), ErrFull)
		assert.Len(t, d.log.said(), 1)
	})
}

func TestWhileTheStoreFailsPublishersAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		first := d.post(t.Context(), mail("first"))
		synctest.Wait()
		waiting := d.post(t.Context(), mail("waiting"))
		synctest.Wait()
		d.store.set(func(s *fakeStore) { s.fault = errDisk })
		close(gate)
		assertRefused(t, <-first, ErrFailed)
		assertRefused(t, <-waiting, ErrFailed)
		began := time.Now()
		for range 1000 {
			assertRefused(t, <-d.post(t.Context(), mail("late")), ErrFailed)
		}
		assert.Zero(t, time.Since(began))
		assert.Len(t, d.store.tried(), 1, "the disk is left alone")
	})
}

func TestAStoreThatFailsIsTriedAgainLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		began := time.Now()
		d.store.fault = errDisk
		assertRefused(t, <-d.post(t.Context(), mail("a")), ErrFailed)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		var at []time.Duration
		for _, try := range d.store.tried() {
			at = append(at, try.Sub(began))
		}
		const ms = time.Millisecond
		require.Greater(t, len(at), 6)
		assert.Equal(t, []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 2500 * ms, 3500 * ms}, at[:7])
	})
}

// By itself: there may be no publisher who finds it out, because the server is not ready.
func TestAStoreThatCanBeWrittenAgainIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.store.fault = ErrFull
		assertRefused(t, <-d.post(t.Context(), mail("a")), ErrFull)
		time.Sleep(time.Hour)
		require.Error(t, d.Fault())
		d.store.set(func(s *fakeStore) { s.fault = nil })
		time.Sleep(lastRetry)
		synctest.Wait()
		require.NoError(t, d.Fault())
		d.mustPost(mail("b"))
		assert.Equal(t, []string{"b"}, d.hub.data())
		assert.Equal(t, []string{"b"}, texts(d.store.kept()), "what was refused does not come up later")
	})
}

func TestTheLogIsToldOfChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		fail := func(fault error) { d.store.set(func(s *fakeStore) { s.fault = fault }) }
		d.mustPost(mail("a"))
		assert.Empty(t, d.log.said())
		fail(errDisk)
		for range 100 {
			assertRefused(t, <-d.post(t.Context(), mail("a")), ErrFailed)
			time.Sleep(50 * time.Millisecond)
		}
		require.Len(t, d.log.said(), 1)
		assert.Contains(t, d.log.said()[0], "level=ERROR")
		assert.Contains(t, d.log.said()[0], errDisk.Error())

		// Nearly full: small ones go in, large ones don't.
		for range 20 {
			fail(nil)
			time.Sleep(lastRetry)
			synctest.Wait()
			d.mustPost(mail("small"))
			fail(ErrFull)
			assertRefused(t, <-d.post(t.Context(), mail("large")), ErrFull)
		}
		assert.Len(t, d.log.said(), 1, "it is one fault")

		fail(nil)
		time.Sleep(lastRetry + calmAfter)
		synctest.Wait()
		require.Len(t, d.log.said(), 2)
		assert.Contains(t, d.log.said()[1], "can be written again")

		fail(errDisk) // anew
		assertRefused(t, <-d.post(t.Context(), mail("a")), ErrFailed)
		require.Len(t, d.log.said(), 3)
		assert.False(t, strings.Contains(strings.Join(d.log.said(), ""), "small"), "events are no business of the log")
	})
}

func TestStopWhileTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.store.fault = errDisk
		assertRefused(t, <-d.post(t.Context(), mail("a")), ErrFailed)
		d.Stop()
		tries := len(d.store.tried())
		time.Sleep(time.Hour)
		assert.Len(t, d.store.tried(), tries)
	})
}

func TestStopDoesNotWaitForEverForAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		waiting := d.post(t.Context(), mail("a"))
		synctest.Wait()
		began := time.Now()
		d.Stop()
		assert.Equal(t, stopping, time.Since(began))
		close(gate)
		<-waiting
	})
}
