package journaltest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Readers follow a box while it is filled, acknowledged and trimmed by others.
func concurrent(t *testing.T, s Subject) {
	r := open(t, s)
	const n = 300
	var working sync.WaitGroup
	ctx := t.Context()
	working.Go(func() {
		for i := 1; i <= n; i++ {
			assert.NoError(t, r.Append(ctx, []journal.Record{r.record(i, ann, news)}))
		}
	})
	for reader := range 3 {
		working.Go(func() {
			var last sse.Sequence
			seen := 0
			for seen < n && ctx.Err() == nil {
				page, err := r.ReadAfter(ctx, news, last, endless, journal.Limit{Records: 7, Bytes: 1000})
				if !assert.NoError(t, err) {
					return
				}
				for _, record := range page.Records {
					seen++
					if !assert.Equal(t, id(seen), record.ID) {
						return
					}
					last = record.ID
				}
				assert.NoError(t, r.Advance(ctx, []journal.Position{{Box: ann, Device: fmt.Sprint(reader), ID: last}}, r.Now()))
				_, err = r.Find(ctx, news, "none")
				assert.NoError(t, err)
			}
		})
	}
	working.Go(func() {
		for ctx.Err() == nil {
			_, err := r.Trim(ctx, r.Now())
			assert.NoError(t, err)
			_, err = r.Cursors(ctx, ann)
			assert.NoError(t, err)
			r.Usage()
			if r.Newest() == id(n) {
				return
			}
		}
	})
	working.Wait()
	r.trim()
	assert.Empty(t, r.ids(ann))
	assert.Len(t, r.ids(news), n)
	r.usage(n, 1)
}

// plain is what a store is to do, done in the plainest way, without bounds of size.
type plain struct {
	records map[journal.Box][]journal.Record
	devices map[journal.Box]map[string]sse.Sequence
}

func (p *plain) trim(now time.Time) {
	for box, records := range p.records {
		least, first := sse.Sequence{}, true
		for _, through := range p.devices[box] {
			if first || through.Less(least) {
				least, first = through, false
			}
		}
		p.records[box] = slices.DeleteFunc(records, func(r journal.Record) bool {
			return !now.Before(r.Expires) || !least.Less(r.ID)
		})
	}
}

func model(t *testing.T, s Subject) {
	boxes := []journal.Box{ann, bob, visit, news, all}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			r := open(t, s)
			p := plain{map[journal.Box][]journal.Record{}, map[journal.Box]map[string]sse.Sequence{}}
			last := 0
			for range 300 {
				switch random.IntN(6) {
				case 0, 1:
					var batch []journal.Record
					for range 1 + random.IntN(5) {
						last += 1 + random.IntN(3)
						record := r.record(last)
						record.Expires = r.Now().Add(time.Duration(1+random.IntN(100)) * time.Minute)
						for _, i := range random.Perm(len(boxes))[:1+random.IntN(len(boxes))] {
							record.Boxes = append(record.Boxes, boxes[i])
						}
						batch = append(batch, record)
						for _, box := range record.Boxes {
							p.records[box] = append(p.records[box], record)
						}
					}
					r.append(batch...)
				case 2:
					box, device := boxes[random.IntN(3)], fmt.Sprint(random.IntN(3))
					through := id(max(0, last-random.IntN(10)))
					r.advance(box, device, through)
					if p.devices[box] == nil {
						p.devices[box] = map[string]sse.Sequence{}
					}
					if p.devices[box][device].Less(through) {
						p.devices[box][device] = through
					}
				case 3:
					r.trim()
					p.trim(r.Now())
				case 4:
					r.later(time.Duration(random.IntN(20)) * time.Minute)
				case 5:
					if s.Reopen != nil && random.IntN(10) == 0 {
						r.Store = s.Reopen(t, r.Store)
					}
				}
				for _, box := range boxes {
					p.matches(r, box, id(max(0, last-random.IntN(20))))
				}
			}
			r.trim()
			p.trim(r.Now())
			total, filled := 0, 0
			for _, box := range boxes {
				total += len(p.records[box])
				filled += min(1, len(p.records[box]))
			}
			r.usage(uint64(total), uint64(filled))
		})
	}
}

// matches compares what is above an id. What a trim would remove may be there still.
func (p *plain) matches(r *rig, box journal.Box, after sse.Sequence) {
	r.t.Helper()
	var want []sse.Sequence
	for _, record := range p.records[box] {
		if after.Less(record.ID) && r.Now().Before(record.Expires) {
			want = append(want, record.ID)
		}
	}
	var got []sse.Sequence
	for more := true; more; {
		page := r.page(box, after, endless, journal.Limit{Records: 3, Bytes: 1000})
		for _, record := range page.Records {
			got = append(got, record.ID)
			after = record.ID
		}
		more = page.More
	}
	require.Equal(r.t, want, got, "%v %q", box.Kind, box.Name)
	c := r.cursors(box)
	require.Len(r.t, c.Devices, len(p.devices[box]))
	for device, through := range p.devices[box] {
		require.Equal(r.t, through, c.Devices[device])
	}
	require.True(r.t, c.Lost.IsZero())
}

func restart(t *testing.T, s Subject) {
	if s.Reopen == nil {
		r := open(t, s)
		assert.False(t, r.Durable(), "what is gone with the process is not safe")
		return // there is nothing to open again
	}
	r := open(t, s, func(b *journal.Bounds) { b.Records = 5 })
	assert.True(t, r.Durable())
	r.fill(1, 7, ann, news)
	own := r.record(8, ann)
	own.Event.ID = must(sse.ParseID("own"))
	r.append(own)
	r.advance(ann, "phone", id(5))
	require.NoError(t, r.Reach(id(20)))
	check := func() {
		assert.Equal(t, numbered(4, 8), r.ids(ann))
		assert.Equal(t, numbered(3, 7), r.ids(news))
		assert.Equal(t, journal.Cursors{Devices: map[string]sse.Sequence{"phone": id(5)}, Lost: id(3)}, r.cursors(ann))
		assert.Equal(t, id(2), r.cursors(news).Lost)
		found, err := r.Find(context.Background(), ann, "own")
		require.NoError(t, err)
		assert.Equal(t, journal.Match{Oldest: id(8)}, found)
		assert.Equal(t, id(20), r.Newest())
		r.usage(10, 2)
	}
	check()
	for range 2 {
		r.Store = s.Reopen(t, r.Store)
		check()
	}
	r.trim()
	assert.Equal(t, numbered(6, 8), r.ids(ann), "what was acknowledged before goes after it")
	assert.ErrorIs(t, r.Append(context.Background(), []journal.Record{r.record(20, ann)}), journal.ErrNotAbove)
	r.fill(21, 23, ann)
	assert.Equal(t, append(numbered(7, 8), numbered(21, 23)...), r.ids(ann), "how full it is is known")
	r.later(2 * time.Hour)
	r.Store = s.Reopen(t, r.Store)
	r.trim()
	r.usage(0, 0)
}
