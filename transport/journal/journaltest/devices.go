package journaltest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func devices(t *testing.T, s Subject) {
	r := open(t, s)
	assert.Empty(t, r.cursors(ann).Devices)
	r.advance(ann, "phone", sse.Sequence{})
	r.advance(ann, "", id(2))
	r.advance(visit, "phone", id(7))
	assert.Equal(t, map[string]sse.Sequence{"phone": {}, "": id(2)}, r.cursors(ann).Devices)
	r.advance(ann, "phone", id(5))
	r.advance(ann, "", id(1))
	assert.Equal(t, map[string]sse.Sequence{"phone": id(5), "": id(2)}, r.cursors(ann).Devices)
	require.NoError(t, r.Advance(context.Background(), []journal.Position{
		{Box: ann, Device: "phone", ID: id(6)}, {Box: ann, Device: "phone", ID: id(4)}, {Box: visit, Device: "phone", ID: id(8)}, {Box: ann, Device: "new", ID: id(3)},
	}, r.Now()))
	assert.Equal(t, map[string]sse.Sequence{"phone": id(6), "": id(2), "new": id(3)}, r.cursors(ann).Devices)
	assert.Equal(t, map[string]sse.Sequence{"phone": id(8)}, r.cursors(visit).Devices)
}

func tooManyDevices(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Devices = 3 })
	r.fill(1, 4, ann)
	for n, device := range []string{"a", "b", "c"} {
		r.later(time.Second)
		r.advance(ann, device, id(n+1))
	}
	r.later(time.Second)
	r.advance(ann, "a", sse.Sequence{}) // it moves nothing, but was seen
	r.later(time.Second)
	r.advance(ann, "d", id(4))
	assert.Equal(t, map[string]sse.Sequence{"a": id(1), "c": id(3), "d": id(4)}, r.cursors(ann).Devices, "b was not seen for longest")
	assert.Equal(t, journal.Trimmed{Devices: 1, Acknowledged: 1}, r.trim())
	assert.True(t, r.cursors(ann).Lost.IsZero(), "b had passed all that went")
	r.later(time.Second)
	r.advance(ann, "e", id(4))
	r.later(time.Second)
	r.advance(ann, "f", id(4))
	assert.Equal(t, map[string]sse.Sequence{"d": id(4), "e": id(4), "f": id(4)}, r.cursors(ann).Devices)
	assert.Equal(t, journal.Trimmed{Devices: 2, Acknowledged: 3}, r.trim(), "whom a forgotten device has kept, the others have passed")
	assert.Equal(t, id(4), r.cursors(ann).Lost, "and the forgotten one has not had it")
}

func unseenDevices(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Age = time.Hour })
	r.advance(ann, "phone", id(1))
	r.advance(ann, "desk", id(2))
	r.later(40 * time.Minute)
	r.fill(1, 4, ann)
	r.advance(ann, "desk", id(3))
	r.advance(ann, "desk", id(1))
	assert.Equal(t, journal.Trimmed{Acknowledged: 1}, r.trim())
	r.later(20*time.Minute - time.Millisecond)
	assert.Zero(t, r.trim())
	r.later(time.Millisecond)
	sum := r.trim()
	sum = journal.Trimmed{Devices: sum.Devices, Acknowledged: sum.Acknowledged + r.trim().Acknowledged}
	assert.Equal(t, journal.Trimmed{Devices: 1, Acknowledged: 2}, sum)
	assert.Equal(t, map[string]sse.Sequence{"desk": id(3)}, r.cursors(ann).Devices)
	assert.Equal(t, numbered(4, 4), r.ids(ann))
	assert.Equal(t, id(3), r.cursors(ann).Lost, "the phone has not had it")
	r.later(2 * time.Hour)
	assert.Equal(t, journal.Trimmed{Expired: 1, Devices: 1}, r.trim())
	assert.Empty(t, r.cursors(ann).Devices)
}

func acknowledgements(t *testing.T, s Subject) {
	for _, box := range []journal.Box{ann, visit} {
		t.Run(box.Kind.String(), func(t *testing.T) {
			r := open(t, s)
			r.fill(1, 6, box)
			assert.Zero(t, r.trim(), "nobody has read it")
			r.advance(box, "phone", id(4))
			assert.Equal(t, journal.Trimmed{Acknowledged: 4}, r.trim())
			assert.Equal(t, numbered(5, 6), r.ids(box))
			r.advance(box, "desk", id(5))
			r.advance(box, "phone", id(6))
			assert.Equal(t, journal.Trimmed{Acknowledged: 1}, r.trim())
			assert.Equal(t, numbered(6, 6), r.ids(box), "the desk has not read it")
			r.fill(7, 7, box)
			r.advance(box, "desk", id(9))
			assert.Equal(t, journal.Trimmed{Acknowledged: 1}, r.trim())
			assert.Equal(t, numbered(7, 7), r.ids(box))
			assert.True(t, r.cursors(box).Lost.IsZero())
			r.advance(box, "phone", id(8))
			assert.Equal(t, journal.Trimmed{Acknowledged: 1}, r.trim())
			r.usage(0, 0)
			r.fill(8, 8, box)
			assert.Equal(t, numbered(8, 8), r.ids(box), "what is new is kept, wherever the devices are")
		})
	}
}

func topics(t *testing.T, s Subject) {
	r := open(t, s)
	r.fill(1, 3, news, all, ann)
	r.advance(ann, "phone", id(3))
	assert.Equal(t, journal.Trimmed{Acknowledged: 3}, r.trim())
	assert.Empty(t, r.ids(ann))
	assert.Equal(t, numbered(1, 3), r.ids(news))
	assert.Equal(t, numbered(1, 3), r.ids(all))
}

// Visitors make up sessions, as many as they like.
func crowd(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Total = 24 * s.Total })
	r.fill(1, 1, ann)
	r.advance(ann, "laptop", sse.Sequence{})
	r.later(time.Second)
	r.advance(ann, "phone", id(1))
	var err error
	n := 0
	for ; err == nil && n < 5_000; n++ {
		positions := []journal.Position{{Box: ann, Device: "phone", ID: id(n)}}
		for i := range 100 {
			name := noise(100*n+i, 128)
			positions = append(positions, journal.Position{Box: journal.Box{Kind: journal.Session, Name: name}, Device: name})
		}
		positions[1].ID = id(1)   // most have read nothing, and one has
		slices.Reverse(positions) // the last is behind what is refused
		err = r.Advance(context.Background(), positions, r.Now())
	}
	require.ErrorIs(t, err, journal.ErrFull)
	cursors := r.cursors(ann)
	assert.Equal(t, map[string]sse.Sequence{"laptop": {}, "phone": id(n - 1)}, cursors.Devices, "others' devices stay, and move")
	r.trim()
	assert.Equal(t, numbered(1, 1), r.ids(ann))
	assert.True(t, cursors.Lost.IsZero())
	r.fill(2, 20, ann, bob)
	r.advance(bob, "new", id(3))
	assert.Len(t, r.cursors(bob).Devices, 1, "whoever has mail is noted")
}
