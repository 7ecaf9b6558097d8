package journaltest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func comesBack(t *testing.T, s Subject) {
	r := open(t, s)
	expires := r.Now().Add(90 * time.Minute).Add(123 * time.Millisecond)
	events := []sse.Event{
		{Data: "the least"},
		{Data: ""},
		{Data: "lines\r\nof\ntext, and \x00 and ☃"},
		{Name: must(sse.ParseName("order placed")), ID: must(sse.ParseID("order-1")), Data: `{"a":1}`, Retry: 1500 * time.Millisecond, Priority: sse.High, Persistent: true, TTL: 90 * time.Minute},
		{Name: must(sse.ParseName(strings.Repeat("ü", sse.MaxFieldLength))), Data: strings.Repeat("x", 64<<10), Priority: sse.Low},
	}
	var want []journal.Record
	for i, e := range events {
		record := journal.Record{ID: sse.Sequence{Milliseconds: 1_800_000_000_000, N: uint64(i)}, Event: e, Boxes: []journal.Box{ann, visit, news, all}, Expires: expires}
		r.append(record)
		record.Event.Persistent = true
		record.Boxes = nil
		want = append(want, record)
	}
	for _, box := range []journal.Box{ann, visit, news, all} {
		page := r.page(box, sse.Sequence{}, endless, journal.Limit{Records: 10, Bytes: 1 << 20})
		assert.Equal(t, want, page.Records, box)
		assert.False(t, page.More)
	}
	assert.Empty(t, r.ids(bob))
	r.usage(20, 4)
}

func pages(t *testing.T, s Subject) {
	r := open(t, s)
	r.fill(1, 10, ann) // "event 1", 7 bytes each
	for sentence, c := range map[string]struct {
		after, through sse.Sequence
		limit          journal.Limit
		want           []sse.Sequence
		more           bool
	}{
		"all":                            {sse.Sequence{}, endless, journal.Limit{Records: 10, Bytes: 1000}, numbered(1, 10), false},
		"above one":                      {id(3), endless, journal.Limit{Records: 10, Bytes: 1000}, numbered(4, 10), false},
		"up to one":                      {sse.Sequence{}, id(4), journal.Limit{Records: 10, Bytes: 1000}, numbered(1, 4), false},
		"between two that are not there": {sse.Sequence{Milliseconds: id(3).Milliseconds, N: 5}, sse.Sequence{Milliseconds: id(6).Milliseconds, N: 1}, journal.Limit{Records: 10, Bytes: 1000}, numbered(4, 6), false},
		"some, and there is more":        {id(2), endless, journal.Limit{Records: 3, Bytes: 1000}, numbered(3, 5), true},
		"as many as there are":           {id(2), id(5), journal.Limit{Records: 3, Bytes: 1000}, numbered(3, 5), false},
		"as many bytes as may be":        {sse.Sequence{}, endless, journal.Limit{Records: 10, Bytes: 15}, numbered(1, 2), true},
		"one, however large":             {sse.Sequence{}, endless, journal.Limit{Records: 10, Bytes: 1}, numbered(1, 1), true},
		"one, if none is asked for":      {id(9), endless, journal.Limit{}, numbered(10, 10), false},
		"none above the last":            {id(10), endless, journal.Limit{Records: 10, Bytes: 1000}, nil, false},
		"none in what is no range":       {id(6), id(3), journal.Limit{Records: 10, Bytes: 1000}, nil, false},
		"none from the highest that is":  {endless, endless, journal.Limit{Records: 10, Bytes: 1000}, nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			page := r.page(ann, c.after, c.through, c.limit)
			var got []sse.Sequence
			for _, record := range page.Records {
				got = append(got, record.ID)
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.more, page.More)
		})
	}
}

func boxesAreApart(t *testing.T, s Subject) {
	r := open(t, s)
	var boxes []journal.Box
	for _, kind := range []journal.Kind{journal.User, journal.Session, journal.Topic} {
		for _, name := range []string{"a", "aa", "a\x00", "a\x00a", "\x00", "\xff\xff", "b", strings.Repeat("n", journal.MaxName)} {
			boxes = append(boxes, journal.Box{Kind: kind, Name: name})
		}
	}
	boxes = append(boxes, all)
	for i, box := range boxes {
		r.append(r.record(i+1, box))
	}
	for i, box := range boxes {
		assert.Equal(t, numbered(i+1, i+1), r.ids(box), "%v %q", box.Kind, box.Name)
		if box.Acknowledged() {
			r.advance(box, "a", id(i+1))
			r.advance(box, "a\x00", id(i+2))
		}
	}
	for i, box := range boxes {
		if box.Acknowledged() {
			assert.Equal(t, map[string]sse.Sequence{"a": id(i + 1), "a\x00": id(i + 2)}, r.cursors(box).Devices, "%v %q", box.Kind, box.Name)
		}
	}
	r.usage(uint64(len(boxes)), uint64(len(boxes)))
}

func refusals(t *testing.T, s Subject) {
	r := open(t, s)
	ctx := context.Background()
	r.fill(5, 5, ann)
	long := strings.Repeat("n", journal.MaxName+1)
	for sentence, records := range map[string][]journal.Record{
		"an id as the newest":          {r.record(5, ann)},
		"an id below it":               {r.record(4, ann)},
		"ids that go back":             {r.record(7, ann), r.record(6, ann)},
		"an id twice":                  {r.record(6, ann), r.record(6, ann)},
		"a record for no box":          {r.record(6, ann), r.record(7)},
		"a box twice":                  {r.record(6, ann, bob, ann)},
		"a box of no kind":             {r.record(6, journal.Box{Name: "x"})},
		"a box of a kind that is none": {r.record(6, journal.Box{Kind: 9, Name: "x"})},
		"a box without its name":       {r.record(6, journal.Box{Kind: journal.Topic})},
		"everybody with a name":        {r.record(6, journal.Box{Kind: journal.Everybody, Name: "x"})},
		"a name that is too long":      {r.record(6, journal.Box{Kind: journal.User, Name: long})},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Error(t, r.Append(ctx, records)) })
	}
	assert.ErrorIs(t, r.Append(ctx, []journal.Record{r.record(5, ann)}), journal.ErrNotAbove)
	for sentence, p := range map[string]journal.Position{
		"a device of a topic":       {Box: news, Device: "x", ID: id(5)},
		"a device of everybody":     {Box: all, Device: "x", ID: id(5)},
		"a device of no box":        {Device: "x", ID: id(5)},
		"a device with a long name": {Box: ann, Device: long, ID: id(5)},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Error(t, r.Advance(ctx, []journal.Position{{Box: ann, Device: "good", ID: id(5)}, p}, r.Now()))
		})
	}
	for sentence, box := range map[string]journal.Box{"no box": {}, "a box without a name": {Kind: journal.User}} {
		t.Run(sentence, func(t *testing.T) {
			_, err := r.ReadAfter(ctx, box, sse.Sequence{}, endless, journal.Limit{Records: 1})
			assert.Error(t, err)
			_, err = r.Find(ctx, box, "x")
			assert.Error(t, err)
			_, err = r.Cursors(ctx, box)
			assert.Error(t, err)
		})
	}
	assert.NoError(t, r.Append(ctx, nil))
	assert.NoError(t, r.Advance(ctx, nil, r.Now()))
	assert.Equal(t, numbered(5, 5), r.ids(ann))
	assert.Empty(t, r.ids(bob))
	assert.Empty(t, r.cursors(ann).Devices)
	assert.Equal(t, id(5), r.Newest())
	r.usage(1, 1)
	r.fill(6, 6, ann)
	assert.Equal(t, numbered(5, 6), r.ids(ann))
}

func newest(t *testing.T, s Subject) {
	r := open(t, s)
	assert.True(t, r.Newest().IsZero())
	r.append(r.record(1, ann), r.record(3, bob))
	assert.Equal(t, id(3), r.Newest())
	require.NoError(t, r.Reach(id(2)))
	assert.Equal(t, id(3), r.Newest(), "reached before")
	require.NoError(t, r.Reach(id(9)))
	assert.Equal(t, id(9), r.Newest())
	r.append(r.record(4, ann))
	assert.Equal(t, id(9), r.Newest(), "what was reached ahead of time bounds no Append")
	assert.Equal(t, []sse.Sequence{id(1), id(4)}, r.ids(ann))
	r.append(r.record(10, ann))
	assert.Equal(t, id(10), r.Newest())
}

func finds(t *testing.T, s Subject) {
	r := open(t, s)
	own := func(n int, text string, boxes ...journal.Box) {
		record := r.record(n, boxes...)
		record.Event.ID = must(sse.ParseID(text))
		r.append(record)
	}
	own(1, "a", ann, news)
	own(2, "ab", ann)
	own(3, "a", ann)
	r.fill(4, 4, ann)
	find := func(box journal.Box, text string) journal.Match {
		found, err := r.Find(context.Background(), box, text)
		require.NoError(t, err)
		return found
	}
	var none journal.Match
	assert.Equal(t, journal.Match{Oldest: id(1), Several: true}, find(ann, "a"))
	assert.Equal(t, journal.Match{Oldest: id(2)}, find(ann, "ab"))
	assert.Equal(t, journal.Match{Oldest: id(1)}, find(news, "a"))
	for _, text := range []string{"", "b", "abc", id(4).String(), strings.Repeat("x", 10_000)} {
		assert.Equal(t, none, find(ann, text), "%.20q", text)
	}
	assert.Equal(t, none, find(bob, "a"))
	r.advance(ann, "phone", id(2))
	r.trim()
	assert.Equal(t, none, find(ann, "ab"), "it is kept no longer")
	assert.Equal(t, journal.Match{Oldest: id(3)}, find(ann, "a"))
	r.later(2 * time.Hour)
	assert.Equal(t, none, find(ann, "a"), "it has expired")
}

func expiry(t *testing.T, s Subject) {
	r := open(t, s)
	for n, minutes := range []int{30, 10, 20, 60, 40} {
		record := r.record(n+1, ann, news)
		record.Expires = r.Now().Add(time.Duration(minutes) * time.Minute)
		r.append(record)
	}
	assert.Equal(t, numbered(1, 5), r.ids(ann))
	r.later(20*time.Minute - time.Millisecond)
	assert.Equal(t, []sse.Sequence{id(1), id(3), id(4), id(5)}, r.ids(ann))
	r.later(time.Millisecond)
	assert.Equal(t, []sse.Sequence{id(1), id(4), id(5)}, r.ids(ann), "it is not read from then on")
	page := r.page(ann, id(1), endless, journal.Limit{Records: 2, Bytes: 1000})
	assert.Len(t, page.Records, 2)
	assert.False(t, page.More, "what has expired is no more")
	r.usage(10, 2)
	assert.Equal(t, journal.Trimmed{Expired: 4}, r.trim())
	r.usage(6, 2)
	assert.Equal(t, []sse.Sequence{id(1), id(4), id(5)}, r.ids(news))
	r.later(time.Hour)
	assert.Equal(t, journal.Trimmed{Expired: 6}, r.trim())
	assert.Zero(t, r.trim())
	r.usage(0, 0)
	assert.True(t, r.cursors(ann).Lost.IsZero(), "what expires is not lost")
	r.fill(6, 6, ann)
	r.usage(1, 1)
	assert.Equal(t, numbered(6, 6), r.ids(ann))
}

func age(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Age = 10 * time.Minute })
	never, long, short := r.record(1, ann), r.record(2, ann), r.record(3, ann)
	never.Expires, long.Expires, short.Expires = time.Time{}, r.Now().Add(1000*time.Hour), r.Now().Add(time.Minute)
	r.append(never, long, short)
	for i, record := range r.page(ann, sse.Sequence{}, endless, journal.Limit{Records: 3, Bytes: 1000}).Records {
		assert.Equal(t, r.Now().Add([]time.Duration{10 * time.Minute, 10 * time.Minute, time.Minute}[i]), record.Expires)
	}
	r.later(10 * time.Minute)
	assert.Empty(t, r.ids(ann))
	assert.Equal(t, journal.Trimmed{Expired: 3}, r.trim())
}
