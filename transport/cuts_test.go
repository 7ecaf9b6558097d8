package transport

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Streams are cut at any moment while events flow, persistent and not, to one user, one
// session, topics and everybody: each client gets what was sent to it, once, in order.
func TestNothingIsLostWhileStreamsAreCut(t *testing.T) { onEachStore(t, nothingIsLost) }

func nothingIsLost(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	for sentence, c := range map[string]struct {
		history    int
		outbox     int
		persistent int // of ten
	}{
		"with a history": {100_000, 1024, 3},
		"with a history, and outboxes that are soon full": {100_000, 32, 3},
		"without one, if all events are kept":             {0, 1024, 10},
		"with one that is shorter than a mailbox":         {200, 64, 10},
	} {
		t.Run(sentence, func(t *testing.T) {
			store := newMailboxes(t)
			r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents, o.Hub.OutboxFrames = store, c.history, c.outbox })
			first := r.persist("the first", actor.Target{})

			const events = 500 // fewer than a mailbox holds
			var clients sync.WaitGroup
			var got [6][]string
			for n := range got {
				clients.Go(func() {
					got[n] = r.readWithCuts(uint64(n), fmt.Sprintf("sessionId=s%d&topics=news&device=d%d", n, n), first)
				})
			}
			var want [len(got)][]string
			random := rand.New(rand.NewPCG(1, 2))
			for n := range events {
				data, to := fmt.Sprint(n), actor.Target{}
				switch random.IntN(4) {
				case 0:
					to = user("alice")
				case 1:
					to = session(fmt.Sprint("s", random.IntN(len(got))))
				case 2:
					to = topics("news")
				}
				for client := range want {
					if to.SessionID == "" || to.SessionID == fmt.Sprint("s", client) {
						want[client] = append(want[client], data)
					}
				}
				if random.IntN(10) < c.persistent {
					r.persist(data, to)
					continue
				}
				_, err := r.hub.Send(t.Context(), sse.NewFrame(sse.Event{Data: data}), to)
				require.NoError(t, err)
			}
			r.persist("the end", actor.Target{})
			clients.Wait()
			for client := range want {
				assert.Equal(t, append(want[client], "the end"), got[client], "client %d", client)
			}
		})
	}
}

// readWithCuts reads alice's stream to the end, and cuts it after a few events each time,
// in the middle of one.
func (r *rig) readWithCuts(seed uint64, query, last string) (data []string) {
	random := rand.New(rand.NewPCG(seed, 3))
	for {
		c := r.dialStream(query+"&lastEventId="+last, page("alice")...)
		for n := 1 + random.IntN(40); n > 0; n-- {
			e, err := c.read()
			if err != nil {
				assert.ErrorIs(r.t, err, io.EOF, "after %s", last) // it was too slow for the server
				break
			}
			if e.id == "" {
				if strings.Contains(e.data, `"status":"gap"`) {
					break // it missed something, which it gets when it resumes
				}
				continue
			}
			last = e.id
			data = append(data, e.data)
			if e.data == "the end" {
				_ = c.conn.Close()
				return data
			}
		}
		if random.IntN(2) == 0 {
			_, _ = c.in.Peek(1)
		} else { // or the server ends it
			_, _ = r.hub.Disconnect(context.Background(), actor.Filter{SessionID: query[len("sessionId="):len("sessionId=s0")]})
		}
		_ = c.conn.Close()
	}
}
