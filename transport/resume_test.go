package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func TestAClientThatComesBackGetsWhatItMissed(t *testing.T) {
	r := accessRig(t)
	c := r.open("topics=news", page("alice")...)
	r.publish(`{"data":"seen","userId":"alice"}`)
	c.events(1)
	c.leave(r)
	newest := ""
	for _, body := range []string{`{"data":"for her","userId":"alice"}`, `{"data":"for bob","userId":"bob"}`, `{"data":"of a topic","topics":["news"]}`,
		`{"data":"for all"}`, `{"data":"of another topic","topics":["public.x"]}`} {
		newest = r.publish(body).Event.ID
	}
	again, told := r.connect("topics=news&lastEventId="+c.last, page("alice")...)
	assert.Equal(t, "resumed 3", told.String())
	assert.Equal(t, c.last, told.From)
	assert.Equal(t, []string{"for her", "of a topic", "for all"}, again.events(3))
	assert.Equal(t, newest, told.To, "what others got counts too")
	again.nothingBefore(r)
}

// What a page that was away is told, and what it gets: its own device's place is where it
// goes on, whatever others have read.
func TestDevices(t *testing.T) { onEachStore(t, devices) }

func devices(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	type visit struct {
		query, last, told string
		gets              []string
	}
	const phone, laptop, tablet = "device=phone", "device=laptop", "device=tablet"
	tests := map[string]struct {
		visits func(ids []string) []visit // to what is kept for alice: three events
	}{
		"a first visit gets all that was kept": {func([]string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"what was not acknowledged comes again": {func([]string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}, {phone, "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"a Last-Event-ID acknowledges all before it": {func(ids []string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}, {phone, ids[1], "resumed 1", []string{"3"}}, {phone, "", "resumed 1", []string{"3"}},
				{phone, ids[2], "resumed 0", nil}, {phone, "", "", nil}}
		}},
		"each device gets everything once": {func(ids []string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}, {laptop, "", "resumed 3", []string{"1", "2", "3"}},
				{phone, ids[2], "resumed 0", nil}, {laptop, "", "resumed 3", []string{"1", "2", "3"}}, {laptop, ids[2], "resumed 0", nil}, {laptop, "", "", nil}}
		}},
		"a device that is first seen gets what no device has acknowledged": {func(ids []string) []visit {
			return []visit{{phone, ids[1], "resumed 1", []string{"3"}}, {laptop, ids[0], "resumed 2", []string{"2", "3"}}, {tablet, "", "resumed 1", []string{"3"}}}
		}},
		"and keeps its place from then on": {func(ids []string) []visit {
			return []visit{{phone, ids[0], "resumed 2", []string{"2", "3"}}, {tablet, "", "resumed 2", []string{"2", "3"}}, {phone, ids[2], "resumed 0", nil},
				{tablet, "", "resumed 2", []string{"2", "3"}}}
		}},
		"a user without a device is one": {func(ids []string) []visit {
			return []visit{{"", "", "resumed 3", []string{"1", "2", "3"}}, {"", ids[2], "resumed 0", nil}, {"", "", "", nil}}
		}},
		"a user's session is a device, if there is no other": {func(ids []string) []visit {
			return []visit{{"", "", "resumed 3", []string{"1", "2", "3"}}, {"sessionId=tab", ids[1], "resumed 1", []string{"3"}}, {"device=tab", "", "resumed 1", []string{"3"}},
				{"", "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"an id of the future is not taken for one that was read": {func([]string) []visit {
			return []visit{{phone, "9999999999999-0", "reset 3", []string{"1", "2", "3"}}, {phone, "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"an id of nobody's gets what the device has not acknowledged": {func(ids []string) []visit {
			return []visit{{phone, ids[0], "resumed 2", []string{"2", "3"}}, {phone, "of another server", "reset 2", []string{"2", "3"}}}
		}},
	}
	for sentence, c := range tests {
		t.Run(sentence, func(t *testing.T) {
			for _, history := range []int{0, 10_000} {
				store := newMailboxes(t)
				r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, history })
				ids := r.persistEvents(user("alice"), sse.Event{Data: "1"}, sse.Event{Data: "2"}, sse.Event{Data: "3"})
				for n, v := range c.visits(ids) {
					query := v.query
					if v.last != "" {
						query += "&lastEventId=" + strings.ReplaceAll(v.last, " ", "%20")
					}
					stream, told := r.connect(query, page("alice")...)
					want := v.told
					if history == 0 && v.last != "" { // others than persistent ones may be missing
						want = strings.Replace(want, "resumed", "partial", 1)
					}
					assert.Equal(t, want, told.String(), "visit %d, history %d", n, history)
					assert.Equal(t, v.gets, stream.events(len(v.gets)), "visit %d, history %d", n, history)
					stream.nothingBefore(r)
					stream.leave(r)
					// What all devices have may go at any time.
					_, err := r.opts.Journal.Trim(t.Context(), time.Now())
					require.NoError(t, err)
				}
			}
		})
	}
}

// Topics and everybody have no devices that acknowledge: who stands somewhere gets what
// came since.
func TestWhatIsKeptForTopics(t *testing.T) {
	r := accessRig(t)
	r.persist("before", topics("news"))
	c, told := r.connect("topics=news&device=phone", page("alice")...)
	assert.Empty(t, told, "who comes for the first time begins here")
	c.nothingBefore(r)
	c.leave(r)
	r.persist("for her", user("alice"))
	_, told = r.connect("topics=news&device=phone&lastEventId="+c.last, page("alice")...)
	assert.Equal(t, "resumed 1", told.String())

	r.persist("a", topics("news"))
	r.persist("b", topics("public.x"))
	r.persist("c", actor.Target{})
	r.hub.Reset(t.Context()) // the history is gone, as after a restart
	c, told = r.connect("topics=news&device=phone", page("alice")...)
	assert.Equal(t, "resumed 3", told.String())
	assert.Equal(t, []string{"for her", "a", "c"}, c.events(3))
	c, told = r.connect("topics=news&device=laptop", page("alice")...)
	assert.Equal(t, "resumed 3", told.String(), "a new device goes on where the user's furthest is")
	assert.Equal(t, []string{"for her", "a", "c"}, c.events(3))
}

func TestASessionsMailbox(t *testing.T) {
	r := startRig(t)
	r.persist("1", session("s"))
	id := r.persist("2", session("s"))
	c, told := r.connect("sessionId=s")
	assert.Equal(t, "resumed 2", told.String())
	assert.Empty(t, told.From, "none was given")
	assert.Equal(t, []string{"1", "2"}, c.events(2))
	assert.Equal(t, id, told.To)
	_, told = r.connect("sessionId=s&lastEventId=" + id)
	assert.Equal(t, "resumed 0", told.String())
	r.persist("3", session("s"))
	for range 2 {
		c, told = r.connect("sessionId=s")
		assert.Equal(t, "resumed 1", told.String())
		assert.Equal(t, []string{"3"}, c.events(1))
	}
	_, told = r.connect("sessionId=other")
	assert.Empty(t, told)
}

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

func TestAnEventForAUserAndASessionComesOnce(t *testing.T) {
	r := accessRig(t)
	r.persist("1", actor.Target{UserID: "alice", SessionID: "tab", Topics: []string{"news", "public.x"}})
	r.persist("2", session("tab"))
	id := r.persist("3", user("alice"))
	for range 2 {
		c, told := r.connect("sessionId=tab&topics=news,public.x", page("alice")...)
		assert.Equal(t, "resumed 3", told.String())
		assert.Equal(t, []string{"1", "2", "3"}, c.events(3))
		c.nothingBefore(r)
	}
	_, told := r.connect("sessionId=tab&lastEventId="+id, page("alice")...)
	assert.Equal(t, "resumed 0", told.String())
	_, told = r.connect("sessionId=tab", page("alice")...)
	assert.Empty(t, told, "one Last-Event-ID is for both boxes")
}

func TestResumingAfterAPublishersOwnID(t *testing.T) { onEachStore(t, resumingAfterAPublishersOwnID) }

func resumingAfterAPublishersOwnID(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	own := func(id string) sse.Event {
		parsed, err := sse.ParseID(id)
		require.NoError(t, err)
		return sse.Event{Data: id, ID: parsed}
	}
	for sentence, history := range map[string]int{"the history knows it": 10_000, "the mailboxes alone know": 0} {
		t.Run(sentence, func(t *testing.T) {
			store := newMailboxes(t)
			r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, history })
			r.persistEvents(user("alice"), own("order/1"), own("5-1"), own("order/3"))
			r.persistEvents(topics("news"), own("news/4"))
			r.persistEvents(user("bob"), own("order/5"))
			// That a client has what came to a topic is no word of its mailbox: there it goes on
			// where its user's devices stand.
			again := []string{"order/3"}
			if history > 0 {
				again = append(again, "news/4")
			}
			if r.opts.Hub.HistoryEvents == 0 {
				require.NoError(t, r.hub.Reset(t.Context()))
			}
			for _, v := range []struct {
				last   string
				gets   []string
				status string
			}{
				{"order/1", []string{"5-1", "order/3", "news/4"}, "resumed"},
				{"5-1", []string{"order/3", "news/4"}, "resumed"},
				{"news/4", again, "resumed"},
				{"order/5", []string{"order/3", "news/4"}, "reset"}, // bob's: the mailbox alone
			} {
				c, told := r.connect("topics=news&device="+v.last+"&lastEventId="+v.last, page("alice")...)
				want := v.status
				if r.opts.Hub.HistoryEvents == 0 && want == "resumed" {
					want = "partial"
				}
				assert.Equal(t, fmt.Sprint(want, " ", len(v.gets)), told.String(), v.last)
				assert.Equal(t, v.gets, c.events(len(v.gets)), v.last)
				c.nothingBefore(r)
			}
		})
	}
}

// Somebody else gives an event the id that a client stands at: what came in between is
// neither passed over nor acknowledged.
func TestAnOwnIDThatIsUsedAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
		own, err := sse.ParseID("order-17")
		require.NoError(t, err)
		again := sse.Event{Data: "again", ID: own}
		for sentence, c := range map[string]struct {
			acked bool // the event that the client stands at is deleted
			to    actor.Target
		}{
			"for a topic":               {false, topics("news")},
			"for everybody":             {false, actor.Target{}},
			"for the user":              {false, user("alice")},
			"for a topic, and it alone": {true, topics("news")},
		} {
			for _, history := range []int{0, 10_000} {
				t.Run(fmt.Sprint(sentence, ", history ", history), func(t *testing.T) {
					store := newMailboxes(t)
					r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, history })
					c1, _ := r.connect("topics=news&device=phone", page("alice")...)
					ids := r.persistEvents(user("alice"), sse.Event{Data: "1", ID: own}, sse.Event{Data: "2"})
					require.Equal(t, []string{"1"}, c1.events(1))
					last := c1.last
					if c.acked {
						require.Equal(t, []string{"2"}, c1.events(1))
						r.ack(ackBody(ids[1], `,"device":"phone"`), page("alice")...)
						_, err = store.Trim(t.Context(), time.Now())
						require.NoError(t, err)
					}
					c1.leave(r)
					r.persist("precious", user("alice"))
					r.persistEvents(c.to, again)
					c2, _ := r.connect("topics=news&device=phone&lastEventId="+last, page("alice")...)
					for got := ""; got != "precious"; {
						got = c2.events(1)[0]
					}
					c2.leave(r)
					_, err = store.Trim(t.Context(), time.Now())
					require.NoError(t, err)
					page, err := store.ReadAfter(t.Context(), journal.Box{Kind: journal.User, Name: "alice"}, sse.Sequence{}, store.Newest(), journal.Limit{Records: 9, Bytes: 1 << 20})
					require.NoError(t, err)
					var kept []string
					for _, record := range page.Records {
						kept = append(kept, record.Event.Data)
					}
					assert.Contains(t, kept, "precious")
				})
			}
		}
	})
}

// What has more records than a box holds loses the oldest, and who missed them is told.
func TestWhatAMailboxCouldNotKeepIsSaid(t *testing.T) {
	r := accessRigWith(t, func(o *Options) { o.Hub.HistoryEvents = 0 })
	r.persistMany(mailboxEvents+10, user("alice"))
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "partial", told.String())
	assert.Equal(t, "11", c.events(1)[0])
}

func TestWhatHasExpiredIsNotSent(t *testing.T) {
	r := accessRig(t)
	r.persistEvents(user("alice"), sse.Event{Data: "short", TTL: time.Second}, sse.Event{Data: "long", TTL: time.Hour})
	eventually(t, func() bool {
		page, err := r.opts.Journal.ReadAfter(t.Context(), journal.Box{Kind: journal.User, Name: "alice"}, sse.Sequence{}, r.opts.Journal.Newest(), journal.Limit{Records: 9, Bytes: 99})
		require.NoError(t, err)
		return len(page.Records) == 1
	}, "a second passes")
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"long"}, c.events(1))
}

// A server that starts on the journal of one before: what was kept is there, and what the
// history had is said to be gone.
func TestAfterARestart(t *testing.T) { onEachStore(t, afterARestart) }

func afterARestart(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	store := newMailboxes(t)
	start := func(o *Options) { o.Journal, o.Hub.LastID = store, store.Newest() }
	before := accessRigWith(t, start)
	first := before.persist("1", user("alice"))
	before.publish(`{"data":"not kept","userId":"alice"}`)
	before.persist("2", user("alice"))
	before.halt()

	r := accessRigWith(t, start)
	c, told := r.connect("device=phone&lastEventId="+first, page("alice")...)
	assert.Equal(t, "partial 1", told.String())
	assert.Equal(t, []string{"2"}, c.events(1))
	c, told = r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"2"}, c.events(1))
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

// meddled is a store in which something happens at each call.
type meddled struct {
	journal.Store
	mu                     sync.Mutex
	read, cursors, advance func() error // nil: nothing does
	find                   func() error
}

func (m *meddled) set(read, cursors, advance func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read, m.cursors, m.advance = read, cursors, advance
}

func (m *meddled) setFind(find func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.find = find
}

func (m *meddled) Find(ctx context.Context, box journal.Box, own string) (journal.Match, error) {
	if err := m.meddle(&m.find); err != nil {
		return journal.Match{}, err
	}
	return m.Store.Find(ctx, box, own)
}

// meddle does what happens now.
func (m *meddled) meddle(which *func() error) error {
	m.mu.Lock()
	happens := *which
	m.mu.Unlock()
	if happens == nil {
		return nil
	}
	return happens()
}

func (m *meddled) ReadAfter(ctx context.Context, box journal.Box, after, through sse.Sequence, limit journal.Limit) (journal.Page, error) {
	if err := m.meddle(&m.read); err != nil {
		return journal.Page{}, err
	}
	return m.Store.ReadAfter(ctx, box, after, through, limit)
}

func (m *meddled) Cursors(ctx context.Context, box journal.Box) (journal.Cursors, error) {
	if err := m.meddle(&m.cursors); err != nil {
		return journal.Cursors{}, err
	}
	return m.Store.Cursors(ctx, box)
}

func (m *meddled) Advance(ctx context.Context, positions []journal.Position, now time.Time) error {
	if err := m.meddle(&m.advance); err != nil {
		return err
	}
	return m.Store.Advance(ctx, positions, now)
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

var errOnFire = errors.New("the disk is on fire")

// Who was let in without having had its mail would acknowledge it with the next event.
func TestAJournalThatCanNotBeReadAtAConnect(t *testing.T) {
	fails := func() error { return errOnFire }
	for sentence, c := range map[string]struct {
		read, cursors, find func() error
		query               string
		says                error
	}{
		"mailboxes can't be read":     {read: fails, says: errOnFire},
		"their cursors can't be read": {cursors: fails, says: errOnFire},
		"an own id can't be found":    {find: fails, query: "&lastEventId=order-17", says: errOnFire},
		"the store panics":            {read: func() error { panic("a fault of the store") }, says: errPanicked},
	} {
		t.Run(sentence, func(t *testing.T) {
			store := &meddled{Store: newMailboxes()}
			r := accessRigWith(t, func(o *Options) { o.Journal = store })
			r.persist("1", user("alice"))
			store.set(c.read, c.cursors, nil)
			store.setFind(c.find)
			query := "device=phone" + c.query
			refusedInWords(t, r.dialStream(query, page("alice")...), "JOURNAL_FAILED")
			resp := r.call("GET", "/api/sse?"+query, "", page("alice")...)
			resp.problem(t, 503, "JOURNAL_FAILED", "")
			assert.NotEmpty(t, resp.Header.Get("Retry-After"))
			line := r.log.wait(t, "mailbox not read", 2)[1]
			assert.Equal(t, "alice", line["user"])
			assert.Contains(t, line["error"], c.says.Error())
			assert.Equal(t, 2.0, r.scrape().value["sseactor_mailboxes_unread_total"])
			store.set(nil, nil, nil)
			store.setFind(nil)
			stream, told := r.connect("device=phone", page("alice")...)
			assert.Equal(t, "resumed 1", told.String())
			assert.Equal(t, []string{"1"}, stream.events(1))
		})
	}
}

func TestWhereNobodyHasMailAJournalThatFailsRefusesNobody(t *testing.T) {
	fails := func() error { return errOnFire }
	for sentence, query := range map[string]string{
		"a first connect":       "device=phone",
		"one that resumes":      "device=phone&lastEventId=1700000000000-0",
		"one after an own id":   "device=phone&lastEventId=order-17",
		"a user with a session": "sessionId=tab",
	} {
		t.Run(sentence, func(t *testing.T) {
			store := &meddled{Store: newMailboxes()}
			store.set(fails, fails, fails)
			store.setFind(fails)
			r := accessRigWith(t, func(o *Options) { o.Journal = store })
			stream, _ := r.connect(query, page("alice")...)
			stream.nothingBefore(r)
		})
	}
}

// The mail that a device could not be noted for comes all the same, and again if it was not
// read.
func TestADeviceThatCanNotBeNotedGetsItsMail(t *testing.T) {
	store := &meddled{Store: newMailboxes()}
	r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, 0 })
	r.persist("precious", user("alice"))
	store.set(nil, nil, func() error { return errOnFire })
	stream, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	r.publish(`{"data":"live","userId":"alice"}`)
	assert.Equal(t, []string{"precious", "live"}, stream.events(2))
	line := r.log.wait(t, "mailbox not read", 1)[0]
	assert.Contains(t, line["error"], errOnFire.Error())
	assert.Equal(t, 1.0, r.scrape().value["sseactor_mailboxes_unread_total"])
	stream.leave(r)
	store.set(nil, nil, nil)
	stream, told = r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"precious"}, stream.events(1))
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

// A later page that can't be read ends the stream: what is sent from now on would move the
// client past what it has not had. It comes back with the last it had, and gets the rest.
func TestAJournalThatFailsBetweenPages(t *testing.T) {
	store := &meddled{Store: newMailboxes()}
	r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, 0 })
	want := r.persistMany(mailboxEvents, user("alice"))
	require.NoError(t, r.hub.Reset(t.Context()))
	var pages atomic.Int32
	store.set(func() error {
		if pages.Add(1) == 2 {
			return errOnFire
		}
		return nil
	}, nil, nil)
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed", told.String())
	var got []string
	for {
		e := c.next()
		if e.name == "error" {
			assert.Equal(t, "JOURNAL_FAILED", e.json(t)["code"])
			break
		}
		c.last = e.id
		got = append(got, e.data)
	}
	c.end()
	require.NotEmpty(t, got)
	c, told = r.connect("device=phone&lastEventId="+c.last, page("alice")...)
	assert.Equal(t, "partial", told.Status, "there is no history of other events")
	got = append(got, c.events(mailboxEvents-len(got))...)
	assert.Equal(t, want, got)
	assert.Len(t, r.log.wait(t, "mailbox not read", 1), 1)
}

// Devices have names as sessions do.
func TestDevicesThatCanNotBe(t *testing.T) {
	r := startRig(t)
	for query, detail := range map[string]string{
		"device=":                            "device: empty; leave it out, or name somebody",
		"device=a%00":                        "device: byte 1 is 0x00; only printable ASCII is allowed",
		"device=%C3%A9":                      "device: byte 0 is 0xc3; only printable ASCII is allowed",
		"device=" + strings.Repeat("d", 129): "device: 129 characters; at most 128",
		"device=a&device=a":                  "device: given more than once",
	} {
		assert.Equal(t, detail, r.call("GET", "/api/sse?sessionId=s&"+query, "").problem(t, 400, "INVALID_REQUEST", "device"))
	}
	r.open("sessionId=s&device=" + strings.Repeat("~", 128))
}
