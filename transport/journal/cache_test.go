package journal_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/journaltest"
	"github.com/sseactor/sseactor/transport/journal/memory"
)

func TestACacheIsAStore(t *testing.T) {
	journaltest.Run(t, journaltest.Subject{
		Open: func(t *testing.T, bounds journal.Bounds, now func() time.Time) journal.Store {
			store, err := memory.New(bounds, now)
			require.NoError(t, err)
			return journal.NewCache(store, bounds.Age)
		},
		Total: 300 << 10,
	})
}

// What most connects ask does not reach the store again, and what has changed does.
func TestWhatACacheAsksItsStore(t *testing.T) {
	inner := &watched{Store: newStore(t)}
	c := journal.NewCache(inner, time.Hour)
	now := time.Now()
	asked := func(ask func()) (reads, cursors, advances int) {
		before := [...]int{inner.reads, inner.cursors, inner.advances}
		ask()
		return inner.reads - before[0], inner.cursors - before[1], inner.advances - before[2]
	}
	connect := func(who journal.Receiver, last sse.Sequence) func() {
		return func() {
			r := journal.NewReader(c, who, c.Newest())
			require.NoError(t, r.Begin(t.Context(), last, now))
			_, _, err := r.Next(t.Context())
			require.NoError(t, err)
		}
	}
	phone, laptop := journal.Receiver{User: "alice", Device: "phone"}, journal.Receiver{User: "alice", Device: "laptop"}
	for _, step := range []struct {
		sentence                 string
		do                       func()
		reads, cursors, advances int
	}{
		{"the first time all is asked", connect(phone, sse.Sequence{}), 1, 1, 1},
		{"what was noted is read once more", connect(phone, sse.Sequence{}), 0, 1, 0},
		{"and then nothing is asked", connect(phone, sse.Sequence{}), 0, 0, 0},
		{"another device is noted", connect(laptop, sse.Sequence{}), 0, 0, 1},
		{"a record for somebody else", func() { put(t, c, 10, bob) }, 0, 0, 0},
		{"changes nothing for her", connect(laptop, sse.Sequence{}), 0, 1, 0},
		{"a record for her", func() { put(t, c, 11, alice) }, 0, 0, 0},
		{"is read", connect(laptop, sse.Sequence{}), 1, 1, 0},
		{"again, until it is acknowledged", connect(laptop, sse.Sequence{}), 1, 0, 0},
		{"which is noted, and gives it a place for what is for everybody", connect(laptop, at(11)), 2, 0, 1},
		{"and remembered", connect(laptop, at(11)), 0, 1, 0},
		{"for everything above", connect(laptop, at(12)), 0, 0, 1},
		{"but not for what is below", connect(phone, sse.Sequence{}), 1, 1, 0},
		{"after a while it is noted again", func() { now = now.Add(10 * time.Minute); connect(laptop, sse.Sequence{})() }, 0, 0, 1},
		{"devices that were forgotten are asked for", func() {
			_, err := c.Trim(t.Context(), now.Add(24*365*time.Hour))
			require.NoError(t, err)
			connect(phone, sse.Sequence{})()
		}, 1, 1, 1},
		{"and what was cleared is", func() { require.NoError(t, c.Clear(t.Context())); connect(phone, sse.Sequence{})() }, 1, 1, 1},
	} {
		reads, cursors, advances := asked(step.do)
		assert.Equal(t, [...]int{step.reads, step.cursors, step.advances}, [...]int{reads, cursors, advances}, step.sentence)
	}
}

// What a box has lost ends at a time that a cache does not know.
func TestWhatWasLostIsAskedEachTime(t *testing.T) {
	inner := &watched{Store: newStore(t)}
	c := journal.NewCache(inner, time.Hour)
	for n := range uint64(boxEvents + 1) {
		put(t, c, n+1, alice)
	}
	for range 2 {
		cursors, err := c.Cursors(t.Context(), alice)
		require.NoError(t, err)
		assert.Equal(t, at(1), cursors.Lost)
	}
	assert.Equal(t, 2, inner.cursors)
}

// Readers and devices while records come in and go: when all is quiet, the cache says what
// its store does.
func TestACacheIsOfOneMindWithItsStore(t *testing.T) {
	for seed := range uint64(5) {
		inner := newStore(t)
		c := journal.NewCache(inner, time.Hour)
		boxes := []journal.Box{alice, bob, kiosk, news, everybody}
		var work sync.WaitGroup
		work.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for n := uint64(1); n <= 2000; n++ {
				put(t, c, n, boxes[random.IntN(len(boxes))])
				if n%100 == 0 {
					_, err := c.Trim(t.Context(), time.Now())
					assert.NoError(t, err)
				}
			}
		})
		for worker := range uint64(3) {
			work.Go(func() {
				random := rand.New(rand.NewPCG(seed, 2+worker))
				for range 2000 {
					box, newest := boxes[random.IntN(len(boxes))], c.Newest()
					after := sse.Sequence{Milliseconds: 1000, N: newest.N - min(newest.N, random.Uint64N(20))}
					_, err := c.ReadAfter(t.Context(), box, after, newest, journal.Limit{Records: 5, Bytes: 1000})
					assert.NoError(t, err)
					_, err = c.Cursors(t.Context(), box)
					assert.NoError(t, err)
					if box.Acknowledged() {
						assert.NoError(t, c.Advance(t.Context(), []journal.Position{{Box: box, Device: fmt.Sprint("d", random.IntN(30)), ID: after}}, time.Now()))
					}
				}
			})
		}
		work.Wait()
		for _, box := range boxes {
			want, err := inner.Cursors(t.Context(), box)
			require.NoError(t, err)
			got, err := c.Cursors(t.Context(), box)
			require.NoError(t, err)
			require.Equal(t, want, got, "seed %d", seed)
			for n := range uint64(2000) {
				want, err := inner.ReadAfter(t.Context(), box, at(n), c.Newest(), journal.Limit{Records: 1, Bytes: 1})
				require.NoError(t, err)
				got, err := c.ReadAfter(t.Context(), box, at(n), c.Newest(), journal.Limit{Records: 1, Bytes: 1})
				require.NoError(t, err)
				require.Equal(t, len(want.Records), len(got.Records), "seed %d, after %d", seed, n)
			}
		}
	}
}
