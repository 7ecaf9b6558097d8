package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
	"github.com/sseactor/sseactor/transport/journal/memory"
)

// mailboxEvents is how many events a mailbox of most tests holds.
const mailboxEvents = 1000

func mailboxBounds() journal.Bounds {
	b := journal.DefaultBounds()
	b.Records, b.Bytes = mailboxEvents, 8<<20
	return b
}

// newMailboxes are in memory.
func newMailboxes() journal.Store {
	store, err := memory.New(mailboxBounds(), time.Now)
	if err != nil {
		panic(err) // the bounds are none
	}
	return store
}

func withoutJournal(o *Options) { o.Journal = nil }

// onEachStore runs a test with mailboxes in memory and on disk. They are made before the
// server that uses them, and closed after it.
func onEachStore(t *testing.T, test func(t *testing.T, newMailboxes func(t *testing.T) journal.Store)) {
	t.Run("memory", func(t *testing.T) {
		test(t, func(*testing.T) journal.Store { return newMailboxes() })
	})
	t.Run("disk", func(t *testing.T) {
		test(t, func(t *testing.T) journal.Store { return newDiskMailboxes(t) })
	})
}

func newDiskMailboxes(t testing.TB) journal.Store {
	t.Helper()
	store, err := disk.Open(disk.Options{Dir: t.TempDir(), Bounds: mailboxBounds(), Now: time.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return journal.NewCache(store, mailboxBounds().Age)
}

// persist keeps an event and sends it.
func (r *rig) persist(data string, to actor.Target) (id string) {
	r.t.Helper()
	return r.persistEvents(to, sse.Event{Data: data})[0]
}

// persistMany does so with as many as asked for, whose data are numbers from 1 on.
func (r *rig) persistMany(n int, to actor.Target) (data []string) {
	r.t.Helper()
	events := make([]sse.Event, n)
	for i := range events {
		data = append(data, fmt.Sprint(i+1))
		events[i].Data = data[i]
	}
	r.persistEvents(to, events...)
	return data
}

func (r *rig) persistEvents(to actor.Target, events ...sse.Event) (ids []string) {
	r.t.Helper()
	publications := make([]journal.Publication, len(events))
	for i, e := range events {
		e.Persistent = true
		publications[i] = journal.Publication{Event: e, Target: to}
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	receipts, err := r.committer.Publish(ctx, publications)
	require.NoError(r.t, err)
	for _, receipt := range receipts {
		ids = append(ids, receipt.ID)
	}
	return ids
}

func user(id string) actor.Target         { return actor.Target{UserID: id} }
func session(id string) actor.Target      { return actor.Target{SessionID: id} }
func topics(names ...string) actor.Target { return actor.Target{Topics: names} }

// resumed is what a connection event says of what was missed.
type resumed struct {
	Status, From, To string
	Replayed         *int
}

func (g resumed) String() string {
	if g.Status == "" {
		return ""
	}
	if g.Replayed == nil {
		return g.Status
	}
	return fmt.Sprint(g.Status, " ", *g.Replayed)
}

// connect opens a stream, and gives what its connection event says of what was missed.
func (r *rig) connect(query string, header ...string) (*sseClient, resumed) {
	r.t.Helper()
	c := r.dialStream(query, header...)
	e := c.next()
	require.Equal(r.t, "connection", e.name, e.raw)
	var data struct {
		ClientID string
		Resume   resumed
	}
	require.NoError(r.t, json.Unmarshal([]byte(e.data), &data))
	c.id = data.ClientID
	return c, data.Resume
}

// events reads the next events, which are publishers', and gives their data.
func (c *sseClient) events(n int) (data []string) {
	c.t.Helper()
	for range n {
		e := c.next()
		require.NotEmpty(c.t, e.id, "%d of %d: %s", len(data), n, e.raw)
		c.last = e.id
		data = append(data, e.data)
	}
	return data
}

// nothingBefore sends an event to this stream alone, and reads it: there was none before it.
func (c *sseClient) nothingBefore(r *rig) {
	c.t.Helper()
	mark := fmt.Sprint("mark ", time.Now().UnixNano())
	_, err := r.hub.Send(context.Background(), sse.NewFrame(sse.Event{Data: mark}), actor.Target{ClientIDs: []string{c.id}})
	require.NoError(c.t, err)
	require.Equal(c.t, []string{mark}, c.events(1))
}

// leave closes a stream and waits until the server has noticed.
func (c *sseClient) leave(r *rig) {
	c.t.Helper()
	before := r.streams()
	require.NoError(c.t, c.conn.Close())
	eventually(c.t, func() bool { return r.streams() < before }, "the departure is noticed")
}
