package disk

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func TestAPageSaysThatItIsDamaged(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir(), Bounds: journal.DefaultBounds(), Damaged: func(string, error) {}})
	box := journal.Box{Kind: journal.User, Name: "ann"}
	ids := make([]sse.Sequence, 8)
	for n := range ids {
		ids[n] = sse.Sequence{Milliseconds: 1_800_000_000_000 + uint64(n)}
		record := journal.Record{ID: ids[n], Event: sse.Event{Data: "x"}, Boxes: []journal.Box{box}, Expires: time.Now().Add(time.Hour)}
		require.NoError(t, s.Append(t.Context(), []journal.Record{record}))
	}
	require.NoError(t, s.db.Set(recordOf(box, ids[4]), []byte("no record"), pebble.NoSync))
	read := func(after sse.Sequence) journal.Page {
		page, err := s.ReadAfter(t.Context(), box, after, s.Newest(), journal.Limit{Records: 2, Bytes: 100})
		require.NoError(t, err)
		return page
	}
	for n, damaged := range []bool{false, true, true, true, false} { // two behind the nth, and one to see if there are more
		page := read(ids[n])
		assert.Equal(t, damaged, page.Damaged, "behind number %d", n)
		assert.Len(t, page.Records, 2)
	}
}
