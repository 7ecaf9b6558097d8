// Package journaltest holds what every journal.Store must do, as tests.
package journaltest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Subject is a store to be tested.
type Subject struct {
	// Open gives an empty store, and closes it when the test ends.
	Open func(t *testing.T, bounds journal.Bounds, now func() time.Time) journal.Store
	// Reopen closes a store and opens what it has kept; nil: it keeps nothing.
	Reopen func(t *testing.T, store journal.Store) journal.Store
	// Total is a bound of bytes that a few hundred records of a kilobyte exceed.
	Total uint64
}

// Run runs the tests.
func Run(t *testing.T, s Subject) {
	for sentence, test := range map[string]func(*testing.T, Subject){
		"a record comes back as it was, from each of its boxes":              comesBack,
		"a page is of what is above, up to where, and as large as it may be": pages,
		"no box sees another one's":                                          boxesAreApart,
		"what can't be taken is refused, and changes nothing":                refusals,
		"the newest id is the highest appended or reached":                   newest,
		"an own id is found where it is kept":                                finds,
		"what has expired is not read, and goes with a trim":                 expiry,
		"nothing is kept longer than the bounds say":                         age,
		"a full box loses its oldest, and says so":                           full,
		"what was read by all or has expired is not lost when it is pushed":  pushedUnlost,
		"a batch may be larger than a box":                                   largeBatch,
		"a device goes forward only, and is made known":                      devices,
		"of too many devices the longest unseen goes":                        tooManyDevices,
		"made-up devices push nobody out":                                    crowd,
		"a device that was not seen for long is forgotten":                   unseenDevices,
		"what all devices have passed goes with a trim":                      acknowledgements,
		"topics are not acknowledged":                                        topics,
		"a store without room says so, and takes more when there is":         noRoom,
		"what is too large for the room left is refused alone":               littleRoom,
		"a try says whether records would be taken":                          tries,
		"what is cleared is as if it had not been, but for its ids":          cleared,
		"a trim is bounded, and says when there is more":                     boundedTrim,
		"a context that has ended changes nothing":                           ended,
		"a closed store refuses everything":                                  closed,
		"readers see what is appended, in order, while it is":                concurrent,
		"whatever is done, it holds what a plain list would":                 model,
		"everything is there after a restart":                                restart,
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel() // a store waits for its disk most of the time
			test(t, s)
		})
	}
}

// Some boxes.
var (
	ann   = journal.Box{Kind: journal.User, Name: "ann"}
	bob   = journal.Box{Kind: journal.User, Name: "bob"}
	visit = journal.Box{Kind: journal.Session, Name: "visit-1"}
	news  = journal.Box{Kind: journal.Topic, Name: "news"}
	all   = journal.Box{Kind: journal.Everybody}
)

// rig is a store with a clock that stands until it is moved.
type rig struct {
	t       *testing.T
	subject Subject
	journal.Store
	mu  sync.Mutex
	now time.Time
}

var begin = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

func open(t *testing.T, s Subject, change ...func(*journal.Bounds)) *rig {
	bounds := journal.DefaultBounds()
	for _, c := range change {
		c(&bounds)
	}
	r := &rig{t: t, subject: s, now: begin}
	r.Store = s.Open(t, bounds, r.Now)
	return r
}

// Now is the clock.
func (r *rig) Now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// id is the nth.
func id(n int) sse.Sequence { return sse.Sequence{Milliseconds: 1_800_000_000_000 + uint64(n)} }

// record is the nth, for an hour.
func (r *rig) record(n int, boxes ...journal.Box) journal.Record {
	return journal.Record{ID: id(n), Event: sse.Event{Data: fmt.Sprintf("event %d", n)}, Boxes: boxes, Expires: r.Now().Add(time.Hour)}
}

// fill appends the records from one up to another.
func (r *rig) fill(from, through int, boxes ...journal.Box) {
	r.t.Helper()
	for n := from; n <= through; n++ {
		r.append(r.record(n, boxes...))
	}
}

func (r *rig) append(records ...journal.Record) {
	r.t.Helper()
	require.NoError(r.t, r.Append(context.Background(), records))
}

var endless = sse.Sequence{Milliseconds: ^uint64(0)}

func (r *rig) page(box journal.Box, after, through sse.Sequence, limit journal.Limit) journal.Page {
	r.t.Helper()
	page, err := r.ReadAfter(context.Background(), box, after, through, limit)
	require.NoError(r.t, err)
	return page
}

// ids are those of all that is in a box.
func (r *rig) ids(box journal.Box) []sse.Sequence {
	r.t.Helper()
	var ids []sse.Sequence
	for _, record := range r.page(box, sse.Sequence{}, endless, journal.Limit{Records: 1 << 20, Bytes: 1 << 30}).Records {
		ids = append(ids, record.ID)
	}
	return ids
}

func numbered(from, through int) []sse.Sequence {
	var ids []sse.Sequence
	for n := from; n <= through; n++ {
		ids = append(ids, id(n))
	}
	return ids
}

func (r *rig) advance(box journal.Box, device string, through sse.Sequence) {
	r.t.Helper()
	require.NoError(r.t, r.Advance(context.Background(), []journal.Position{{Box: box, Device: device, ID: through}}, r.Now()))
}

func (r *rig) cursors(box journal.Box) journal.Cursors {
	r.t.Helper()
	c, err := r.Cursors(context.Background(), box)
	require.NoError(r.t, err)
	return c
}

// trim trims until there is no more to do.
func (r *rig) trim() journal.Trimmed {
	r.t.Helper()
	var sum journal.Trimmed
	for {
		one, err := r.Trim(context.Background(), r.Now())
		require.NoError(r.t, err)
		sum.Expired += one.Expired
		sum.Acknowledged += one.Acknowledged
		sum.Pushed += one.Pushed
		sum.Devices += one.Devices
		if !one.More {
			return sum
		}
	}
}

func (r *rig) usage(records, boxes uint64) {
	r.t.Helper()
	u := r.Usage()
	assert.Equal(r.t, records, u.Records, "records")
	assert.Equal(r.t, boxes, u.Boxes, "boxes")
	assert.Zero(r.t, u.Damaged)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
