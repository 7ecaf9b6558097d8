package journal_test

import (
	"fmt"
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
