package memory

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/journaltest"
)

func TestStore(t *testing.T) {
	journaltest.Run(t, journaltest.Subject{
		Open: func(t *testing.T, bounds journal.Bounds, now func() time.Time) journal.Store {
			s, err := New(bounds, now)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		},
		Total: 300 << 10,
	})
}

// Visitors come and go, each with a device: what is known of them is bounded, and so are
// the deadlines of what is gone.
func TestWhatIsKnownOfVisitorsIsBounded(t *testing.T) {
	bounds := journal.DefaultBounds()
	bounds.Total = 1 << 20
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	s, err := New(bounds, func() time.Time { return now })
	require.NoError(t, err)
	visit := func(n int) journal.Box { return journal.Box{Kind: journal.Session, Name: fmt.Sprint("visit-", n)} }
	const visits = 20_000
	for n := range visits {
		now = now.Add(time.Second)
		if err := s.Advance(t.Context(), []journal.Position{{Box: visit(n), Device: "x"}}, now); err != nil {
			require.ErrorIs(t, err, journal.ErrFull, "a new one finds no room")
		}
		require.NoError(t, s.Advance(t.Context(), []journal.Position{{Box: visit(0), Device: "always"}}, now))
		if n%1_000 == 0 {
			_, err := s.Trim(t.Context(), now)
			require.NoError(t, err)
		}
	}
	for sum := (journal.Trimmed{More: true}); sum.More; {
		sum, err = s.Trim(t.Context(), now)
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, s.deviceBytes, bounds.Total/4)
	assert.Less(t, len(s.boxes), 2_000)
	assert.Less(t, len(s.unseen), 4_000)
	c, err := s.Cursors(t.Context(), visit(0))
	require.NoError(t, err)
	assert.Contains(t, c.Devices, "always", "nobody is pushed out by them")

	// One device after the other of one user.
	for n := range visits {
		require.NoError(t, s.Advance(t.Context(), []journal.Position{{Box: visit(0), Device: fmt.Sprint(n)}}, now.Add(time.Duration(n))))
	}
	assert.Less(t, len(s.unseen), 4_000)
}

func TestDeadlinesOfWhatIsGoneAreBounded(t *testing.T) {
	bounds := journal.DefaultBounds()
	bounds.Records = 10
	s, err := New(bounds, time.Now)
	require.NoError(t, err)
	for n := range 20_000 {
		require.NoError(t, s.Append(t.Context(), []journal.Record{{ID: sse.Sequence{Milliseconds: uint64(n + 1)}, Boxes: []journal.Box{{Kind: journal.Everybody}}, Expires: time.Now().Add(time.Hour)}}))
	}
	assert.Less(t, len(s.expiry), 2_000)
	assert.Equal(t, uint64(10), s.Usage().Records)
}

func TestBoundsThatAreNoneAreRefused(t *testing.T) {
	_, err := New(journal.Bounds{Records: 1, Bytes: 1, Age: time.Millisecond, Devices: 1}, time.Now)
	require.EqualError(t, err, "journal: age: 1ms; at least 1s")
}
