package auth

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// queueingApp answers, that nobody is signed in, whenever it is let; it knows who was
// asked about, in the order in which that was.
type queueingApp struct {
	let    chan struct{}
	mu     sync.Mutex
	orders []string
}

func (q *queueingApp) answer(req *http.Request) (*http.Response, error) {
	q.mu.Lock()
	q.orders = append(q.orders, sessionOf(req))
	q.mu.Unlock()
	select {
	case <-q.let:
		return jsonAnswer("null")
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

func (q *queueingApp) asked() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]string{}, q.orders...)
}

// flood asks about so many sessions at once, and tells what becomes of each.
func flood(r *RemoteSessions, from, session string, n int) <-chan error {
	outcomes := make(chan error, n)
	for i := range n {
		go func() {
			_, _, err := r.Authenticate(context.Background(), Credentials{Cookie: fmt.Sprint(v4Cookie, "=", session, i), From: from})
			outcomes <- err
		}()
	}
	synctest.Wait()
	return outcomes
}

func TestAFloodFromOneAddressHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queueingApp{let: make(chan struct{})}
		r := askingApp(q.answer, func(o *RemoteSessionOptions) { o.Timeout = time.Hour })
		defer r.Close()
		flood(r, "bad", "guess", 2000)
		require.Len(t, q.asked(), maxAsking-keptForOthers)
		flood(r, "good", "session", 1)
		assert.Equal(t, "session0", q.asked()[maxAsking-keptForOthers], "at once: some turns are for others")
	})
}

func TestWhereAllTurnsAreTakenCallersTakeTheNextByTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queueingApp{let: make(chan struct{})}
		r := askingApp(q.answer, func(o *RemoteSessionOptions) { o.Timeout = time.Hour })
		defer r.Close()
		for i := range 3 {
			flood(r, fmt.Sprint("bad", i), fmt.Sprint("guess", i, "-"), 1000)
		}
		require.Len(t, q.asked(), maxAsking)
		flood(r, "good", "session", 3)
		require.Len(t, q.asked(), maxAsking)
		for range 12 {
			q.let <- struct{}{}
			synctest.Wait()
		}
		after := q.asked()[maxAsking:]
		var places []int
		for i, session := range after {
			if session[0] == 's' {
				places = append(places, i)
			}
		}
		require.Len(t, places, 3, "%v", after)
		for i, place := range places {
			assert.Less(t, place, 4*(i+1), "one of each round of four callers: %v", after)
		}
	})
}

func TestWhereThereIsNoMoreRoomTheLongestLineHasNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queueingApp{let: make(chan struct{})}
		r := askingApp(q.answer, func(o *RemoteSessionOptions) { o.Timeout = time.Hour })
		bad := flood(r, "bad", "guess", maxWaiting+100)
		for range 100 {
			assert.ErrorIs(t, <-bad, ErrUnavailable)
		}
		require.Empty(t, bad, "all others wait")
		good := flood(r, "good", "session", 500)
		assert.Empty(t, good, "another caller's questions are taken in")
		for range 500 {
			assert.ErrorIs(t, <-bad, ErrUnavailable, "in the place of the first one's")
		}
		require.Empty(t, bad)
		assert.Len(t, q.asked(), maxAsking-keptForOthers+fairAsking)
		close(q.let)
		for range 500 {
			assert.ErrorIs(t, <-good, ErrRejected)
		}
		r.Close()
		assert.Equal(t, &turns{lines: map[string]*line{}, next: []*line{}}, r.turns, "nothing is left")
	})
}

func TestCallersOfWhomEachHasOneQuestionKeepTheirPlaces(t *testing.T) {
	queue := newTurns()
	var all []*turn
	for i := range maxWaiting {
		own, ok := queue.join(fmt.Sprint(i))
		require.True(t, ok)
		all = append(all, own)
	}
	_, ok := queue.join("one more")
	assert.False(t, ok)
	_, ok = queue.join("1")
	assert.False(t, ok)
	for _, own := range all {
		assert.False(t, own.dropped)
		queue.leave(own)
	}
	assert.Zero(t, queue.asking+queue.queued+len(queue.lines)+len(queue.next))
}
