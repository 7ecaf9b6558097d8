package journaltest

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func full(t *testing.T, s Subject) {
	size := (&rig{now: begin}).record(1).Size()
	for sentence, bound := range map[string]func(*journal.Bounds){
		"of records": func(b *journal.Bounds) { b.Records = 5 },
		"of bytes":   func(b *journal.Bounds) { b.Bytes = 5*size + size/2 },
	} {
		for _, box := range []journal.Box{ann, visit, news, all} {
			t.Run(sentence+" in the box of a "+box.Kind.String(), func(t *testing.T) {
				r := open(t, s, bound)
				r.fill(1, 5, box)
				assert.True(t, r.cursors(box).Lost.IsZero())
				r.fill(6, 8, box, bob)
				assert.Equal(t, numbered(4, 8), r.ids(box))
				assert.Equal(t, numbered(6, 8), r.ids(bob), "another box has room")
				assert.Equal(t, id(3), r.cursors(box).Lost)
				assert.True(t, r.cursors(bob).Lost.IsZero())
				r.usage(8, 2)
				assert.Equal(t, journal.Trimmed{Pushed: 3}, r.trim())
				assert.Zero(t, r.trim(), "it is said once")

				r.later(30 * time.Minute)
				r.trim()
				assert.Equal(t, id(3), r.cursors(box).Lost)
				r.later(2 * time.Hour) // and the hour is over, in which it may be forgotten
				assert.True(t, r.cursors(box).Lost.IsZero(), "what was lost would have expired")
				r.trim()
				assert.True(t, r.cursors(box).Lost.IsZero())
			})
		}
	}
	t.Run("of bytes, by one that is larger", func(t *testing.T) {
		r := open(t, s, func(b *journal.Bounds) { b.Bytes = 100 })
		r.fill(1, 1, ann)
		large := r.record(2, ann)
		large.Event.Data = strings.Repeat("x", 1000)
		r.append(large)
		assert.Equal(t, numbered(2, 2), r.ids(ann), "the newest stays")
		r.fill(3, 3, ann)
		assert.Equal(t, numbered(3, 3), r.ids(ann))
		assert.Equal(t, id(2), r.cursors(ann).Lost)
	})
}

func pushedUnlost(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Records = 4 })
	r.fill(1, 4, ann)
	r.advance(ann, "phone", id(3))
	r.advance(ann, "desk", id(2))
	r.fill(5, 6, ann)
	assert.True(t, r.cursors(ann).Lost.IsZero(), "both have read it")
	assert.Equal(t, journal.Trimmed{Acknowledged: 2}, r.trim())
	r.fill(7, 7, ann)
	assert.Equal(t, id(3), r.cursors(ann).Lost, "one has not")
	assert.Equal(t, journal.Trimmed{Pushed: 1}, r.trim())

	soon := r.record(8, bob)
	soon.Expires = r.Now().Add(time.Minute)
	r.append(soon)
	r.later(time.Minute)
	r.fill(9, 12, bob)
	assert.True(t, r.cursors(bob).Lost.IsZero(), "it had expired")
	assert.Equal(t, journal.Trimmed{Expired: 1}, r.trim())
	assert.Equal(t, numbered(9, 12), r.ids(bob))
}

// What one Append brings was answered as kept, so all of it stays until the next.
func largeBatch(t *testing.T, s Subject) {
	size := (&rig{now: begin}).record(10).Size()
	for sentence, bound := range map[string]func(*journal.Bounds){
		"of records": func(b *journal.Bounds) { b.Records = 3 },
		"of bytes":   func(b *journal.Bounds) { b.Bytes = 3*size + size/2 },
	} {
		t.Run(sentence, func(t *testing.T) {
			r := open(t, s, bound)
			r.fill(1, 2, ann)
			var batch []journal.Record
			for n := 3; n <= 12; n++ {
				record := r.record(n, ann, bob)
				record.Event.ID = must(sse.ParseID("own"))
				batch = append(batch, record)
			}
			r.append(batch...)
			for _, box := range []journal.Box{ann, bob} {
				assert.Equal(t, numbered(3, 12), r.ids(box))
				found, err := r.Find(context.Background(), box, "own")
				require.NoError(t, err)
				assert.Equal(t, journal.Match{Oldest: id(3), Several: true}, found)
			}
			assert.Equal(t, id(2), r.cursors(ann).Lost, "what was there before makes room")
			assert.True(t, r.cursors(bob).Lost.IsZero())
			r.usage(20, 2)
			assert.Equal(t, journal.Trimmed{Pushed: 2}, r.trim(), "a trim makes no room for anybody")
			if s.Reopen != nil {
				r.Store = s.Reopen(t, r.Store)
				assert.Equal(t, numbered(3, 12), r.ids(ann))
			}

			r.fill(13, 13, ann)
			assert.Equal(t, numbered(11, 13), r.ids(ann), "the next brings the box back within its bounds")
			assert.Equal(t, id(10), r.cursors(ann).Lost)
			assert.Equal(t, numbered(3, 12), r.ids(bob))
			assert.Equal(t, journal.Trimmed{Pushed: 8}, r.trim())
			r.usage(13, 2)
			r.advance(ann, "", id(13))
			r.advance(bob, "", id(12))
			assert.Equal(t, journal.Trimmed{Acknowledged: 13}, r.trim())
			r.usage(0, 0)
		})
	}
}

func noRoom(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Total = s.Total; b.Records, b.Bytes = 1<<20, 1<<30 })
	n := 0
	one := func() error {
		record := r.record(n+1, ann)
		record.Event.Data = noise(n, 1000)
		err := r.Append(context.Background(), []journal.Record{record})
		if err == nil {
			n++
		}
		return err
	}
	var err error
	for err = one(); err == nil && n < 100_000; {
		err = one()
	}
	require.ErrorIs(t, err, journal.ErrFull)
	require.Positive(t, n)
	assert.Equal(t, numbered(1, n), r.ids(ann), "nothing of it shows, and nothing is lost")
	assert.Equal(t, id(n), r.Newest())
	require.ErrorIs(t, one(), journal.ErrFull)

	r.advance(ann, "phone", id(n))
	r.trim()
	require.Eventually(t, func() bool { return one() == nil }, 30*time.Second, time.Millisecond, "it may make room behind the scenes")
	assert.Equal(t, numbered(n, n), r.ids(ann))
}

// One Append that is too large for the room left says nothing about smaller ones.
func littleRoom(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Total = s.Total; b.Records, b.Bytes = 1<<20, 1<<30 })
	n := 0
	some := func(count int) error {
		var records []journal.Record
		for i := range count {
			record := r.record(n+1+i, ann)
			record.Event.Data = noise(n+i, 1000)
			records = append(records, record)
		}
		err := r.Append(context.Background(), records)
		if err == nil {
			n += count
		}
		return err
	}
	for range int(s.Total) / 4 / 1000 {
		require.NoError(t, some(1))
	}
	for range 3 {
		err := some(int(s.Total) / 1000)
		require.ErrorIs(t, err, journal.ErrTooLarge)
		require.ErrorIs(t, err, journal.ErrFull)
		require.NoError(t, r.Append(context.Background(), nil), "a try")
		require.NoError(t, some(1))
		assert.Equal(t, numbered(1, n), r.ids(ann))
	}
	for err := some(1); !errors.Is(err, journal.ErrFull) || errors.Is(err, journal.ErrTooLarge); err = some(1) {
		if err != nil { // the last of the room is for those that are smaller still
			record := r.record(n+1, ann)
			if r.Append(context.Background(), []journal.Record{record}) == nil {
				n++
			}
		}
		require.Less(t, n, 100_000)
	}
	require.ErrorIs(t, r.Append(context.Background(), nil), journal.ErrFull, "in the end it is full for all")
	assert.Equal(t, numbered(1, n), r.ids(ann))
}

// noise is text that compresses badly.
func noise(seed, length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	var b strings.Builder
	x := uint64(seed)*0x9e3779b97f4a7c15 + 0x1234567
	for b.Len() < length {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b.WriteByte(letters[x%64])
	}
	return b.String()
}

func boundedTrim(t *testing.T, s Subject) {
	const n = 2_500
	r := open(t, s, func(b *journal.Bounds) { b.Records = 2 * n })
	var batch []journal.Record
	for i := 1; i <= n; i++ {
		batch = append(batch, r.record(i, ann, news))
	}
	r.append(batch...)
	r.advance(ann, "phone", id(n))
	first, err := r.Trim(context.Background(), r.Now())
	require.NoError(t, err)
	assert.True(t, first.More)
	assert.Less(t, first.Acknowledged, uint64(n))
	assert.Equal(t, n-first.Acknowledged, r.trim().Acknowledged)
	assert.Empty(t, r.ids(ann))
	assert.Len(t, r.ids(news), n)

	r.later(2 * time.Hour)
	first, err = r.Trim(context.Background(), r.Now())
	require.NoError(t, err)
	assert.True(t, first.More)
	assert.Equal(t, n-first.Expired, r.trim().Expired)
	r.usage(0, 0)
}

func ended(t *testing.T, s Subject) {
	r := open(t, s)
	r.fill(1, 1, ann)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, r.Append(ctx, []journal.Record{r.record(2, ann)}), context.Canceled)
	assert.ErrorIs(t, r.Advance(ctx, []journal.Position{{Box: ann, ID: id(1)}}, r.Now()), context.Canceled)
	_, err := r.Trim(ctx, r.Now())
	assert.ErrorIs(t, err, context.Canceled)
	_, err = r.ReadAfter(ctx, ann, sse.Sequence{}, endless, journal.Limit{Records: 1})
	assert.ErrorIs(t, err, context.Canceled)
	_, err = r.Find(ctx, ann, "x")
	assert.ErrorIs(t, err, context.Canceled)
	_, err = r.Cursors(ctx, ann)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, numbered(1, 1), r.ids(ann))
	assert.Empty(t, r.cursors(ann).Devices)
}

func closed(t *testing.T, s Subject) {
	r := open(t, s)
	r.fill(1, 1, ann)
	require.NoError(t, r.Close())
	ctx := context.Background()
	for what, call := range map[string]func() error{
		"Append":    func() error { return r.Append(ctx, []journal.Record{r.record(2, ann)}) },
		"a try":     func() error { return r.Append(ctx, nil) },
		"Advance":   func() error { return r.Advance(ctx, []journal.Position{{Box: ann, ID: id(1)}}, r.Now()) },
		"Trim":      func() error { _, err := r.Trim(ctx, r.Now()); return err },
		"Clear":     func() error { return r.Clear(ctx) },
		"Reach":     func() error { return r.Reach(id(3)) },
		"Sync":      r.Sync,
		"ReadAfter": func() error { _, err := r.ReadAfter(ctx, ann, sse.Sequence{}, endless, journal.Limit{}); return err },
		"Find":      func() error { _, err := r.Find(ctx, ann, "own"); return err },
		"Cursors":   func() error { _, err := r.Cursors(ctx, ann); return err },
	} {
		assert.ErrorIs(t, call(), fs.ErrClosed, what)
	}
	require.NoError(t, r.Close(), "again")
}
