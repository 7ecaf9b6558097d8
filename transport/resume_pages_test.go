package transport

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// A client is away while a mailbox fills: more than an outbox takes at once.
func TestAThousandEventsWhileADeviceIsAway(t *testing.T) {
	onEachStore(t, aThousandEventsWhileADeviceIsAway)
}

func aThousandEventsWhileADeviceIsAway(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	for _, lastEventID := range []bool{false, true} {
		t.Run(fmt.Sprint("with a Last-Event-ID: ", lastEventID), func(t *testing.T) {
			store := newMailboxes(t)
			r := accessRigWith(t, func(o *Options) { o.Journal = store })
			first := r.persist("first", user("alice"))
			query := "device=phone"
			c, _ := r.connect(query+"&lastEventId="+first, page("alice")...)
			c.leave(r)
			want := r.persistMany(mailboxEvents, user("alice"))
			require.NoError(t, r.hub.Reset(t.Context()))
			if lastEventID {
				query += "&lastEventId=" + first
			}
			c, told := r.connect(query, page("alice")...)
			assert.Nil(t, told.Replayed, "they are not all queued yet")
			assert.Equal(t, map[bool]string{false: "resumed", true: "partial"}[lastEventID], told.Status, "the reset took the history")
			live := r.persist("live", user("alice"))
			assert.Equal(t, want, c.events(mailboxEvents))
			end, rest := c.next(), c.next()
			if end.name == "message" { // in either order: it came while the others were read
				end, rest = rest, end
			}
			assert.Equal(t, live, rest.id)
			assert.Equal(t, "connection", end.name)
			assert.Empty(t, end.id)
			fields := end.json(t)
			assert.Equal(t, "replayed", fields["status"])
			assert.Equal(t, told.To, fields["to"])
			c.nothingBefore(r)
		})
	}
}

// A mailbox of many pages, a client that does not read, and events that go on: the pages
// stay in the journal, and nothing is lost, doubled or out of order.
func TestAClientThatReadsSlowly(t *testing.T) { onEachStore(t, aClientThatReadsSlowly) }

func aClientThatReadsSlowly(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	const events = mailboxEvents
	store := newMailboxes(t)
	r := accessRigWith(t, func(o *Options) { o.Journal = store })
	filler := strings.Repeat("x", 900)
	var want []string
	for n := range events {
		want = append(want, fmt.Sprint(n, filler))
	}
	var all []sse.Event
	for _, data := range want {
		all = append(all, sse.Event{Data: data})
	}
	r.persistEvents(user("alice"), all...)
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed", told.String())
	for n := range 2000 {
		data := fmt.Sprint("live ", n)
		if n%10 == 0 {
			r.persist(data, user("alice"))
		} else {
			_, err := r.hub.Send(t.Context(), sse.NewFrame(sse.Event{Data: data}), user("alice"))
			require.NoError(t, err)
		}
		want = append(want, data)
	}
	var got []string
	replayed := 0
	for len(got) < len(want) || replayed == 0 {
		e := c.next()
		if e.id == "" {
			require.Equal(t, "replayed", e.json(t)["status"], e.raw)
			replayed = int(e.json(t)["replayed"].(float64))
			continue
		}
		require.True(t, len(got) == 0 || sequence(c.last).Less(sequence(e.id)), "%s after %s", e.id, c.last)
		c.last = e.id
		got = append(got, e.data)
	}
	assert.Equal(t, want, got)
	assert.GreaterOrEqual(t, replayed, events)
	c.nothingBefore(r)
}

// A record that is written before a stream reads its mailboxes, and sent after that, comes
// once.
func TestARecordThatIsWrittenAndNotYetSent(t *testing.T) {
	for sentence, lastEventID := range map[string]bool{"without a Last-Event-ID": false, "with one": true} {
		t.Run(sentence, func(t *testing.T) {
			r := accessRig(t)
			id := r.persist("1", user("alice"))
			next, err := r.hub.Reserve(1, time.Now())
			require.NoError(t, err)
			event := sse.Event{Data: "2", Persistent: true}
			require.NoError(t, r.opts.Journal.Append(t.Context(), []journal.Record{{ID: next, Event: event,
				Boxes: []journal.Box{{Kind: journal.User, Name: "alice"}}, Expires: time.Now().Add(time.Hour)}}))
			query, want := "device=phone", []string{"1", "2"}
			if lastEventID {
				query, want = query+"&lastEventId="+id, want[1:]
			}
			c, told := r.connect(query, page("alice")...)
			receipt := make(chan actor.Receipt, 1)
			require.NoError(t, r.hub.Commit([]actor.Committed{{Frame: sse.NewFrame(event), Target: user("alice"), Reply: receipt}}))
			assert.Equal(t, 1, (<-receipt).Queued)
			assert.Equal(t, fmt.Sprint("resumed ", len(want)-1), told.String())
			assert.Equal(t, want, c.events(len(want)))
			c.nothingBefore(r)
		})
	}
}

// While a mailbox is read more comes in than the history holds: it is read again, and if
// that never ends, the client is told to come back.
func TestReadingAgain(t *testing.T) {
	for sentence, c := range map[string]struct {
		times int
		busy  bool
	}{
		"it settles":    {2, false},
		"it never does": {1000, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			store := &meddled{Store: newMailboxes()}
			r := accessRigWith(t, func(o *Options) {
				o.Journal, o.Hub.HistoryEvents, o.Hub.OutboxFrames = store, 4, 8
			})
			want := r.persistMany(3, user("alice"))
			var round atomic.Int32
			store.set(func() error {
				if n := int(round.Add(1)); n <= c.times {
					for range 20 {
						want = append(want, fmt.Sprint(len(want)+1))
						r.persist(want[len(want)-1], user("alice"))
					}
				}
				return nil
			}, nil, nil)
			if c.busy {
				refusedInWords(t, r.dialStream("device=phone", page("alice")...), "JOURNAL_BUSY")
				refusedInHTTP(t, r.call("GET", "/api/sse?device=phone", "", page("alice")...), "JOURNAL_BUSY")
				return
			}
			stream, told := r.connect("device=phone", page("alice")...)
			assert.Equal(t, "resumed", told.Status)
			var got []string
			for len(got) < len(want) {
				if e := stream.next(); e.id != "" {
					got = append(got, e.data)
				}
			}
			assert.Equal(t, want, got)
		})
	}
}

// busyStore is one in which something happens when it is asked how much it holds.
type busyStore struct {
	journal.Store
	then atomic.Pointer[func()] // once; nil: nothing does
}

func (b *busyStore) Usage() journal.Usage {
	usage := b.Store.Usage()
	if then := b.then.Swap(nil); then != nil {
		(*then)()
	}
	return usage
}

// The first mail of all comes while a stream finds its place: it is read, or comes live.
func TestTheFirstMailComesDuringAConnect(t *testing.T) {
	for sentence, lastEventID := range map[string]bool{"without a Last-Event-ID": false, "with one": true} {
		t.Run(sentence, func(t *testing.T) {
			store := &busyStore{Store: newMailboxes()}
			r := accessRigWith(t, func(o *Options) { o.Journal = store })
			c, _ := r.connect("device=phone", page("alice")...)
			r.publish(`{"data":"live","userId":"alice"}`)
			c.events(1)
			c.leave(r)
			query := "device=phone"
			if lastEventID {
				query += "&lastEventId=" + c.last
			}
			then := func() { r.persistMany(3, user("alice")) }
			store.then.Store(&then)
			c, told := r.connect(query, page("alice")...)
			assert.Equal(t, "resumed 3", told.String())
			assert.Equal(t, []string{"1", "2", "3"}, c.events(3))
			c.nothingBefore(r)
		})
	}
}
