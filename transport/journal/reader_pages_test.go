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

	"github.com/sseactor/sseactor/transport/journal"
)

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
