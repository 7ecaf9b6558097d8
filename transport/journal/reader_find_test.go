package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

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
