package disk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/journaltest"
)

func TestStore(t *testing.T) {
	journaltest.Run(t, journaltest.Subject{
		Open: func(t *testing.T, bounds journal.Bounds, now func() time.Time) journal.Store {
			return openTest(t, Options{Dir: t.TempDir(), Bounds: bounds, Now: now})
		},
		Reopen: func(t *testing.T, store journal.Store) journal.Store {
			old := store.(*Store)
			require.NoError(t, old.Close())
			return openTest(t, old.options)
		},
		Total: 1 << 20,
	})
}

// openTest opens a store that must meet no damage, and closes it when the test ends.
func openTest(t *testing.T, options Options) *Store {
	if options.Damaged == nil {
		options.Damaged = func(where string, err error) { assert.NoError(t, err, where) }
	}
	s, err := Open(options)
	require.NoError(t, err)
	t.Cleanup(func() {
		if s.db != nil {
			require.NoError(t, s.Close())
		}
	})
	return s
}
