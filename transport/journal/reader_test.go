package journal_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

var (
	alice     = journal.Box{Kind: journal.User, Name: "alice"}
	kiosk     = journal.Box{Kind: journal.Session, Name: "kiosk"}
	news      = journal.Box{Kind: journal.Topic, Name: "news"}
	weather   = journal.Box{Kind: journal.Topic, Name: "weather"}
	everybody = journal.Box{Kind: journal.Everybody}
	bob       = journal.Box{Kind: journal.User, Name: "bob"}
)

// reader is alice at the kiosk, who reads two topics.
var reader = journal.Receiver{User: "alice", Session: "kiosk", Topics: []string{"news", "weather"}, Device: "phone"}

func at(n uint64) sse.Sequence { return sse.Sequence{Milliseconds: 1000, N: n} }

// record is one whose data is its id.
func record(n uint64, boxes ...journal.Box) journal.Record {
	return journal.Record{ID: at(n), Event: sse.Event{Data: fmt.Sprint(n)}, Boxes: boxes, Expires: time.Now().Add(time.Hour)}
}

// put keeps one.
func put(t testing.TB, store journal.Store, n uint64, boxes ...journal.Box) {
	t.Helper()
	require.NoError(t, store.Append(t.Context(), []journal.Record{record(n, boxes...)}))
}

// advance moves cursors.
func advance(t testing.TB, store journal.Store, box journal.Box, device string, n uint64) {
	t.Helper()
	require.NoError(t, store.Advance(t.Context(), []journal.Position{{Box: box, Device: device, ID: at(n)}}, time.Now()))
}

// readAll reads from where a receiver stands, and gives the ids.
func readAll(t testing.TB, store journal.Store, who journal.Receiver, last sse.Sequence) (ids []uint64, lost bool) {
	t.Helper()
	r := journal.NewReader(store, who, store.Newest())
	require.NoError(t, r.Begin(t.Context(), last, time.Now()))
	for more := true; more; {
		page, further, err := r.Next(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), journal.PageRecords)
		for _, k := range page {
			assert.Equal(t, fmt.Sprintf("data: %d\nid: %s\n\n", k.ID.N, k.ID), string(k.Frame.Bytes()))
			ids = append(ids, k.ID.N)
		}
		more = further
	}
	return ids, r.Lost()
}

func TestWhereAReceiverGoesOn(t *testing.T) { onEachStore(t, whereAReceiverGoesOn) }

func whereAReceiverGoesOn(t *testing.T, newStore func(testing.TB) journal.Store) {
	// What is kept: 10 to 15 for alice and 20 to 22 at the kiosk, 30 for a topic, 31 for
	// another, 32 for everybody, and 33 for bob, which is none of hers.
	keep := func(t *testing.T, store journal.Store) {
		for n := uint64(10); n <= 15; n++ {
			put(t, store, n, alice)
		}
		for n := uint64(20); n <= 22; n++ {
			put(t, store, n, kiosk)
		}
		put(t, store, 30, news)
		put(t, store, 31, weather)
		put(t, store, 32, everybody)
		put(t, store, 33, bob)
	}
	tests := map[string]struct {
		before func(t *testing.T, s journal.Store)
		who    journal.Receiver
		last   uint64
		want   []uint64
	}{
		"the first device of a user and a session gets all of theirs, and nothing that others read too": {
			who: reader, want: []uint64{10, 11, 12, 13, 14, 15, 20, 21, 22}},
		"with a Last-Event-ID it gets what is above, from all boxes": {
			who: reader, last: 14, want: []uint64{15, 20, 21, 22, 30, 31, 32}},
		"a Last-Event-ID of the newest leaves nothing": {
			who: reader, last: 33},
		"a device goes on at its cursors, and for topics at the user's": {
			before: func(t *testing.T, s journal.Store) {
				advance(t, s, alice, "phone", 13)
				advance(t, s, kiosk, "phone", 21)
			},
			who: reader, want: []uint64{14, 15, 22, 30, 31, 32}},
		"a Last-Event-ID counts more than the cursor": {
			before: func(t *testing.T, s journal.Store) { advance(t, s, alice, "phone", 13) },
			who:    reader, last: 11, want: []uint64{12, 13, 14, 15, 20, 21, 22, 30, 31, 32}},
		"a new device gets what none of the others has acknowledged": {
			before: func(t *testing.T, s journal.Store) {
				advance(t, s, alice, "laptop", 12)
				advance(t, s, alice, "tablet", 14)
			},
			who: reader, want: []uint64{15, 20, 21, 22, 30, 31, 32}},
		"a known device is not a new one though others are further": {
			before: func(t *testing.T, s journal.Store) {
				advance(t, s, alice, "laptop", 14)
				advance(t, s, alice, "phone", 11)
			},
			who: reader, want: []uint64{12, 13, 14, 15, 20, 21, 22, 30, 31, 32}},
		"the device without a name is one": {
			before: func(t *testing.T, s journal.Store) { advance(t, s, alice, "", 14) },
			who:    journal.Receiver{User: "alice"}, want: []uint64{15, 32}},
		"a session alone": {
			who: journal.Receiver{Session: "kiosk", Topics: []string{"news"}, Device: "kiosk"}, want: []uint64{20, 21, 22}},
		"a session that has acknowledged something has a place in topics": {
			before: func(t *testing.T, s journal.Store) { advance(t, s, kiosk, "kiosk", 20) },
			who:    journal.Receiver{Session: "kiosk", Topics: []string{"news"}, Device: "kiosk"}, want: []uint64{21, 22, 30, 32}},
		"a user without a cursor has the place of the session in topics": {
			before: func(t *testing.T, s journal.Store) { advance(t, s, kiosk, "phone", 31) },
			who:    reader, want: []uint64{10, 11, 12, 13, 14, 15, 32}},
		"who is nobody and subscribes to a topic, with a Last-Event-ID": {
			who: journal.Receiver{Topics: []string{"weather"}}, last: 10, want: []uint64{31, 32}},
		"who is nobody, without": {
			who: journal.Receiver{Topics: []string{"weather"}}},
	}
	for sentence, c := range tests {
		t.Run(sentence, func(t *testing.T) {
			store := newStore(t)
			if c.before != nil {
				c.before(t, store)
			}
			keep(t, store)
			last := sse.Sequence{}
			if c.last != 0 {
				last = at(c.last)
			}
			got, lost := readAll(t, store, c.who, last)
			assert.Equal(t, c.want, got)
			assert.False(t, lost)
		})
	}
}

func TestWhatConnectingNotes(t *testing.T) { onEachStore(t, whatConnectingNotes) }

func whatConnectingNotes(t *testing.T, newStore func(testing.TB) journal.Store) {
	tests := map[string]struct {
		before        func(t *testing.T, s journal.Store)
		who           journal.Receiver
		last          sse.Sequence
		alice, atDesk map[string]sse.Sequence // the cursors afterwards
	}{
		"a user's device is noted when it is first seen": {
			who: reader, alice: map[string]sse.Sequence{"phone": {}}},
		"at the highest cursor of the others": {
			before: func(t *testing.T, s journal.Store) {
				advance(t, s, alice, "laptop", 12)
				advance(t, s, alice, "tablet", 11)
			},
			who: reader, alice: map[string]sse.Sequence{"laptop": at(12), "tablet": at(11), "phone": at(12)}},
		"a session is not: most have no mailbox": {
			who: journal.Receiver{Session: "kiosk", Device: "kiosk"}},
		"a Last-Event-ID acknowledges for this device alone": {
			before: func(t *testing.T, s journal.Store) { advance(t, s, alice, "laptop", 12) },
			who:    reader, last: at(14),
			alice:  map[string]sse.Sequence{"laptop": at(12), "phone": at(14)},
			atDesk: map[string]sse.Sequence{"phone": at(14)}},
		"an old one takes nothing back": {
			before: func(t *testing.T, s journal.Store) { advance(t, s, alice, "phone", 12) },
			who:    journal.Receiver{User: "alice", Device: "phone"}, last: at(3),
			alice: map[string]sse.Sequence{"phone": at(12)}},
	}
	for sentence, c := range tests {
		t.Run(sentence, func(t *testing.T) {
			store := newStore(t)
			put(t, store, 10, alice, kiosk)
			if c.before != nil {
				c.before(t, store)
			}
			readAll(t, store, c.who, c.last)
			for box, want := range map[journal.Box]map[string]sse.Sequence{alice: c.alice, kiosk: c.atDesk, everybody: nil} {
				got, err := store.Cursors(t.Context(), box)
				require.NoError(t, err)
				if len(want) == 0 {
					assert.Empty(t, got.Devices, box.Name)
				} else {
					assert.Equal(t, want, got.Devices, box.Name)
				}
			}
		})
	}
}

// Whatever a box has thrown away before the reader had it is said, if there still is
// something newer or it is the reader's own.
func TestWhatWasThrownAwayIsSaid(t *testing.T) { onEachStore(t, whatWasThrownAwayIsSaid) }

func whatWasThrownAwayIsSaid(t *testing.T, newStore func(testing.TB) journal.Store) {
	for _, box := range []journal.Box{alice, kiosk, news, everybody} {
		t.Run(fmt.Sprint(box.Kind), func(t *testing.T) {
			store := newStore(t)
			var records []journal.Record
			for n := range uint64(boxEvents + 5) {
				records = append(records, record(10+n, box)) // 10 to 14 are pushed out
			}
			require.NoError(t, store.Append(t.Context(), records))
			for last, want := range map[uint64]bool{9: true, 13: true, 14: false, 15: false} {
				ids, lost := readAll(t, store, reader, at(last))
				assert.Equal(t, want, lost, "after %d", last)
				assert.Equal(t, max(15, last+1), ids[0])
			}
		})
	}
}

// A slow client's mailbox goes on filling up: what is pushed out before it is read is a gap
// that nobody has spoken of.
func TestWhatIsPushedOutBetweenPagesEndsThem(t *testing.T) {
	for _, box := range []journal.Box{alice, news} {
		t.Run(box.Kind.String(), func(t *testing.T) {
			store := newStore(t)
			next := uint64(1)
			fill := func(n int) {
				for range n {
					put(t, store, next, box)
					next++
				}
			}
			fill(boxEvents)
			r := journal.NewReader(store, reader, store.Newest())
			require.NoError(t, r.Begin(t.Context(), at(0), time.Now()))
			page, more, err := r.Next(t.Context())
			require.NoError(t, err)
			require.True(t, more)
			fill(len(page)) // what it has read already
			page, more, err = r.Next(t.Context())
			require.NoError(t, err)
			require.True(t, more)
			assert.Equal(t, at(journal.PageRecords+1), page[0].ID)
			fill(len(page) + 1)
			_, _, err = r.Next(t.Context())
			require.ErrorIs(t, err, journal.ErrGone)
			assert.False(t, r.Lost(), "it was told what was so then")

			again := journal.NewReader(store, reader, store.Newest())
			require.NoError(t, again.Begin(t.Context(), page[len(page)-1].ID, time.Now()))
			page, _, err = again.Next(t.Context())
			require.NoError(t, err)
			assert.True(t, again.Lost())
			assert.Equal(t, at(2*journal.PageRecords+2), page[0].ID)
		})
	}
}

// What can't be read is as good as lost, and said so.
func TestDamagedRecordsAreLost(t *testing.T) {
	store := &watched{Store: newStore(t)}
	for n := range uint64(boxEvents) {
		put(t, store, n+1, alice)
	}
	begin := func() *journal.Reader {
		r := journal.NewReader(store, reader, store.Newest())
		require.NoError(t, r.Begin(t.Context(), sse.Sequence{}, time.Now()))
		return r
	}
	store.damaged = true
	r := begin()
	page, more, err := r.Next(t.Context())
	require.NoError(t, err)
	assert.Len(t, page, journal.PageRecords)
	assert.True(t, more)
	assert.True(t, r.Lost())

	store.damaged = false
	r = begin()
	_, _, err = r.Next(t.Context())
	require.NoError(t, err)
	assert.False(t, r.Lost())
	store.damaged = true
	_, _, err = r.Next(t.Context())
	assert.ErrorIs(t, err, journal.ErrGone)
}

func TestAnEventInSeveralBoxesIsReadOnce(t *testing.T) {
	store := newStore(t)
	put(t, store, 1, alice, kiosk, news, weather)
	put(t, store, 2, news, weather)
	put(t, store, 3, bob)
	put(t, store, 4, alice, bob, everybody)
	got, _ := readAll(t, store, reader, at(0))
	assert.Equal(t, []uint64{1, 2, 4}, got)
}

// What is written and not yet sent is not read: who is subscribed will get it.
func TestNothingAboveTheBoundIsRead(t *testing.T) {
	store := newStore(t)
	for n := range uint64(10) {
		put(t, store, n+1, alice, news)
	}
	r := journal.NewReader(store, reader, at(4))
	require.NoError(t, r.Begin(t.Context(), at(1), time.Now()))
	page, more, err := r.Next(t.Context())
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, page, 3)
	assert.Equal(t, at(4), page[2].ID)
}

func TestFramesAreThoseOfTheHub(t *testing.T) { onEachStore(t, framesAreThoseOfTheHub) }

func framesAreThoseOfTheHub(t *testing.T, newStore func(testing.TB) journal.Store) {
	store := newStore(t)
	name, err := sse.ParseName("order.new")
	require.NoError(t, err)
	own, err := sse.ParseID("order/7")
	require.NoError(t, err)
	event := sse.Event{Name: name, ID: own, Data: "a\nb", Retry: time.Second, Priority: sse.High, Persistent: true}
	require.NoError(t, store.Append(t.Context(), []journal.Record{{ID: at(1), Event: event, Boxes: []journal.Box{alice}, Expires: time.Now().Add(time.Hour)}}))
	sent := sse.NewFrame(event)
	sent.Seal(at(1).String())

	r := journal.NewReader(store, reader, at(1))
	require.NoError(t, r.Begin(t.Context(), sse.Sequence{}, time.Now()))
	page, _, err := r.Next(t.Context())
	require.NoError(t, err)
	require.Len(t, page, 1)
	assert.Equal(t, sent, page[0].Frame)
}

// Any records in any boxes, read from anywhere, against a list that is filtered.
func TestPagesAreAllOfItInOrder(t *testing.T) { onEachStore(t, pagesAreAllOfItInOrder) }

func pagesAreAllOfItInOrder(t *testing.T, newStore func(testing.TB) journal.Store) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 5))
		store := &watched{Store: newStore(t)}
		boxes := []journal.Box{alice, kiosk, news, weather, everybody, bob}[:1+random.IntN(6)]
		after, through := random.Uint64N(1000), 500+random.Uint64N(600)
		var want []uint64
		var records []journal.Record
		for n := uint64(1); n <= 1000; n++ {
			to := map[journal.Box]bool{}
			for range 1 + random.IntN(3) {
				to[boxes[random.IntN(len(boxes))]] = true
			}
			var in []journal.Box
			for _, b := range boxes {
				if to[b] {
					in = append(in, b)
				}
			}
			r := record(n, in...)
			r.Event.Data = strings.Repeat("x", random.IntN(3000))
			records = append(records, r)
			delete(to, bob)
			if len(to) > 0 && n > after && n <= through {
				want = append(want, n)
			}
		}
		require.NoError(t, store.Append(t.Context(), records))
		r := journal.NewReader(store, reader, at(through))
		require.NoError(t, r.Begin(t.Context(), at(after), time.Now()))
		var got []uint64
		for more := true; more; {
			if random.IntN(4) == 0 {
				store.fail(1 + random.IntN(3))
			}
			page, further, err := r.Next(t.Context())
			if err != nil {
				require.ErrorIs(t, err, errDisk)
				continue // the same page again
			}
			store.fail(0)
			size := 0
			for i, k := range page {
				require.Less(t, size, journal.PageBytes, "before number %d", i)
				size += strings.Count(string(k.Frame.Bytes()), "x") // all of the data
				got = append(got, k.ID.N)
			}
			more = further
		}
		require.Equal(t, want, got, "seed %d", seed)
	}
}

// A stream with 100 topics, of which one has something, costs one read of each box and
// not a page of each.
func TestEmptyBoxesAreReadOnce(t *testing.T) {
	store := &watched{Store: newStore(t)}
	who := journal.Receiver{User: "alice", Device: "phone"}
	for i := range 100 {
		who.Topics = append(who.Topics, fmt.Sprint("topic", i))
	}
	for n := range uint64(900) {
		put(t, store, n+1, journal.Box{Kind: journal.Topic, Name: "topic50"})
	}
	got, _ := readAll(t, store, who, at(0))
	assert.Len(t, got, 900)
	assert.LessOrEqual(t, store.reads, 102+900/journal.PageRecords+6, "one of each, and what the pages of the full one take")
	assert.LessOrEqual(t, store.records, 900+900/2, "few are read twice")
}

func TestManyFullBoxesAreNotReadWhole(t *testing.T) {
	store := &watched{Store: newStore(t)}
	who := journal.Receiver{}
	for i := range 100 {
		who.Topics = append(who.Topics, fmt.Sprint("topic", i))
	}
	for n := range uint64(10_000) {
		put(t, store, n+1, journal.Box{Kind: journal.Topic, Name: who.Topics[n%100]})
	}
	r := journal.NewReader(store, who, store.Newest())
	require.NoError(t, r.Begin(t.Context(), at(0), time.Now()))
	page, more, err := r.Next(t.Context())
	require.NoError(t, err)
	assert.True(t, more)
	assert.Len(t, page, journal.PageRecords)
	assert.LessOrEqual(t, store.records, 4*journal.PageRecords)
}

func TestAFaultIsTheCallersToReport(t *testing.T) {
	for n, sentence := range []string{"the user's cursors", "the session's cursors", "a look into the session's mailbox", "the note of the device"} {
		t.Run(sentence, func(t *testing.T) {
			store := &watched{Store: newStore(t)}
			put(t, store, 1, alice)
			store.fail(n + 1)
			r := journal.NewReader(store, reader, at(1))
			err := r.Begin(t.Context(), at(0), time.Now())
			assert.ErrorIs(t, err, errDisk)
			unnoted := n == 3
			assert.Equal(t, unnoted, errors.Is(err, journal.ErrUnnoted))
			if unnoted {
				page, _, err := r.Next(t.Context())
				require.NoError(t, err)
				assert.Len(t, page, 1, "it can be read all the same")
			}
		})
	}
}

func TestAPublishersIDIsFoundInTheReceiversBoxes(t *testing.T) {
	onEachStore(t, aPublishersIDIsFoundInTheReceiversBoxes)
}

func aPublishersIDIsFoundInTheReceiversBoxes(t *testing.T, newStore func(testing.TB) journal.Store) {
	store := newStore(t)
	own, err := sse.ParseID("mine")
	require.NoError(t, err)
	for n, box := range []journal.Box{alice, kiosk, news, everybody, bob} {
		record := journal.Record{ID: at(uint64(n + 1)), Event: sse.Event{ID: own}, Boxes: []journal.Box{box}, Expires: time.Now().Add(time.Hour)}
		require.NoError(t, store.Append(t.Context(), []journal.Record{record}))
	}
	for n, boxes := range [][]journal.Box{{news, alice, everybody}, {bob}} {
		id, err := sse.ParseID([]string{"in all", "bob's"}[n])
		require.NoError(t, err)
		record := journal.Record{ID: at(uint64(n + 6)), Event: sse.Event{ID: id}, Boxes: boxes, Expires: time.Now().Add(time.Hour)}
		require.NoError(t, store.Append(t.Context(), []journal.Record{record}))
	}
	for sentence, c := range map[string]struct {
		who  journal.Receiver
		id   string
		want journal.Place
	}{
		"the oldest of several":           {reader, "mine", journal.Place{ID: at(1), Several: true}},
		"what everybody got":              {journal.Receiver{Session: "other"}, "mine", journal.Place{ID: at(4), Shared: true}},
		"one that nobody has given":       {reader, "thine", journal.Place{}},
		"one that is another user's":      {journal.Receiver{User: "carol"}, "mine", journal.Place{ID: at(4), Shared: true}},
		"the receiver's own is newer":     {journal.Receiver{User: "bob"}, "mine", journal.Place{ID: at(4), Several: true, Shared: true}},
		"one event in several boxes":      {reader, "in all", journal.Place{ID: at(6)}},
		"one event in the receiver's own": {journal.Receiver{User: "bob"}, "bob's", journal.Place{ID: at(7)}},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := c.who.Find(t.Context(), store, c.id)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			assert.Equal(t, got.ID != sse.Sequence{} && !c.want.Several && !c.want.Shared, got.Acknowledges())
		})
	}
}

// An id that may be another event's takes nothing out of a mailbox.
func TestAnIDThatMayBeAnotherEventsAcknowledgesNothing(t *testing.T) {
	onEachStore(t, func(t *testing.T, newStore func(testing.TB) journal.Store) {
		for sentence, c := range map[string]struct {
			last journal.Place
			gets []uint64
			then uint64 // the device's cursor
		}{
			"it is sure":                     {journal.Place{ID: at(3)}, []uint64{4, 5}, 3},
			"it may be one behind":           {journal.Place{ID: at(3), Several: true}, []uint64{4, 5}, 1},
			"it is known by a shared box":    {journal.Place{ID: at(3), Shared: true}, []uint64{2, 4, 5}, 1},
			"and the mailbox is beyond it":   {journal.Place{ID: at(1), Shared: true}, []uint64{2, 3, 4, 5}, 1},
			"it stands behind the mailbox's": {journal.Place{ID: at(0), Several: true}, []uint64{1, 2, 3, 4, 5}, 1},
		} {
			t.Run(sentence, func(t *testing.T) {
				store := newStore(t)
				for n := range uint64(5) {
					box := alice
					if n == 2 {
						box = news
					}
					put(t, store, n+1, box)
				}
				advance(t, store, alice, "phone", 1)
				who := journal.Receiver{User: "alice", Topics: []string{"news"}, Device: "phone"}
				r := journal.NewReader(store, who, store.Newest())
				require.NoError(t, r.BeginAt(t.Context(), c.last, time.Now()))
				page, more, err := r.Next(t.Context())
				require.NoError(t, err)
				assert.False(t, more)
				var got []uint64
				for _, k := range page {
					got = append(got, k.ID.N)
				}
				assert.Equal(t, c.gets, got)
				cursors, err := store.Cursors(t.Context(), alice)
				require.NoError(t, err)
				assert.Equal(t, at(c.then), cursors.Devices["phone"])
			})
		}
	})
}
