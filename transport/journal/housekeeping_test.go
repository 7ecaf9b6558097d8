package journal

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

func TestTheStoreIsTrimmedEachMinuteUntilNothingIsLeftToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.Stop()
		d.store.toTrim = []Trimmed{
			{Expired: 1, Acknowledged: 2, Pushed: 3, Devices: 4, More: true},
			{Expired: 10, Acknowledged: 20, Pushed: 30, Devices: 40, More: true},
			{Expired: 100},
			{Pushed: 1000},
		}
		d.Start()
		time.Sleep(reachInterval)
		synctest.Wait()
		assert.Equal(t, 3, d.store.trimmed(), "at the start, for what has expired while nobody was here")
		time.Sleep(trimInterval)
		synctest.Wait()
		assert.Equal(t, 4, d.store.trimmed())
		stats := d.Stats()
		assert.EqualValues(t, 111, stats.Expired)
		assert.EqualValues(t, 22, stats.Acknowledged)
		assert.EqualValues(t, 1033, stats.Pushed)
		assert.EqualValues(t, 44, stats.Devices)
	})
}

// It may be a full disk that the removal makes room on.
func TestAStoreThatFailsIsTrimmedEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		time.Sleep(reachInterval)
		synctest.Wait()
		before := d.store.trimmed()
		d.store.set(func(s *fakeStore) { s.fault = ErrFull })
		assertRefused(t, <-d.post(t.Context(), mail("a")), ErrFull)
		time.Sleep(5 * reachInterval)
		synctest.Wait()
		assert.Equal(t, before+5, d.store.trimmed())
	})
}

func TestTheStoreLearnsHowFarTheIdsHaveCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		time.Sleep(10 * reachInterval)
		synctest.Wait()
		assert.Empty(t, d.store.places(), "nothing was sent")

		d.mustPost(mail("a"))
		time.Sleep(10 * reachInterval)
		synctest.Wait()
		assert.Empty(t, d.store.places(), "it has kept the newest itself")

		moved := sse.Sequence{Milliseconds: uint64(time.Now().UnixMilli())}
		d.hub.mu.Lock()
		d.hub.last = moved
		d.hub.mu.Unlock()
		time.Sleep(10 * reachInterval)
		synctest.Wait()
		assert.Equal(t, []sse.Sequence{moved}, d.store.places(), "once")

		last := moved.Next(moved.Milliseconds)
		d.hub.mu.Lock()
		d.hub.last = last
		d.hub.mu.Unlock()
		d.Stop()
		assert.Equal(t, []sse.Sequence{moved, last}, d.store.places(), "at the end too")
	})
}

func TestAStoreThatCantBeTidiedIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.Stop()
		d.store.odd = errDisk
		d.Start()
		time.Sleep(10 * trimInterval)
		synctest.Wait()
		require.Len(t, d.log.said(), 1)
		assert.Contains(t, d.log.said()[0], "chore=trim")
		d.store.set(func(s *fakeStore) { s.odd = nil })
		time.Sleep(trimInterval)
		d.store.set(func(s *fakeStore) { s.odd = errDisk })
		time.Sleep(trimInterval)
		synctest.Wait()
		assert.Len(t, d.log.said(), 2)
	})
}

func TestAHubThatHasStoppedIsNoFaultOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		close(d.hub.done)
		time.Sleep(10 * reachInterval)
		d.Stop()
		assert.Empty(t, d.store.places())
		assert.Empty(t, d.log.said())
	})
}

// Or what was acknowledged would be read again after a crash hours later.
func TestWhatIsAcknowledgedIsSyncedEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.Start()
		time.Sleep(3 * reachInterval)
		synctest.Wait()
		syncs := func() (n int) { d.store.set(func(s *fakeStore) { n = s.syncs }); return n }
		assert.Equal(t, 3, syncs())
		d.Stop()
		assert.Equal(t, 4, syncs(), "and at the end")
	})
}

// A store that has much to write takes its time, which is no fault; one that never has any
// is told of.
func TestAStoreThatIsBusyIsToldOfWhenItStaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.Stop()
		d.store.slow = context.DeadlineExceeded
		d.Start()
		time.Sleep(maxLate * reachInterval)
		synctest.Wait()
		assert.Empty(t, d.log.said())
		time.Sleep(10 * reachInterval)
		synctest.Wait()
		assert.Len(t, d.log.said(), 1)
	})
}
