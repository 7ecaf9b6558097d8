package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/journal"
)

// A real disk that is full: others have filled it, or the journal itself has.
func TestARealDiskThatIsFull(t *testing.T) {
	for sentence, c := range map[string]struct {
		size    string
		reserve uint64
	}{
		"a small one":                           {"size=8m", 0},
		"a larger one":                          {"size=20m", 0},
		"a small one, used up to the last byte": {"size=8m", 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, c.size); err != nil {
				// A machine that lets nobody mount has no small disk to offer.
				if os.Getenv("REQUIRE_ALL") == "1" && !errors.Is(err, syscall.EPERM) {
					t.Fatalf("mount a tmpfs: %v, and REQUIRE_ALL=1", err)
				}
				t.Skipf("mount a tmpfs: %v", err)
			}
			t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
			ballast := filepath.Join(dir, "ballast")
			require.NoError(t, os.WriteFile(ballast, make([]byte, 4<<20), 0o600))

			l := newLedger(t, nil)
			require.NoError(t, l.store.Close())
			options := l.store.options
			options.Dir, options.fs, options.reserve = filepath.Join(dir, "journal"), nil, c.reserve
			l.store = openTest(t, options)
			for _, left := range []int64{2 << 20, 0} {
				failed := 0
				for i := 0; i < 10_000 && failed < 10; i++ {
					if err := l.append(20, 4000); err != nil {
						require.ErrorIs(t, err, journal.ErrFull)
						failed++
						l.later(retryAfter)
					}
				}
				require.Equal(t, 10, failed, "it is full")
				l.check("while it is full")
				require.NoError(t, l.store.Close())
				l.store = openTest(t, options)
				l.check("after a restart while it is full")

				require.NoError(t, os.Truncate(ballast, left))
				err := journal.ErrFull
				for tries := 0; err != nil && tries < 20; tries++ { // a compaction may be making room, and take some
					l.later(retryAfter)
					err = l.append(1, 1000)
				}
				require.NoError(t, err, "there is room")
				l.check("after there is room")
			}
			assert.Greater(t, len(l.kept), 500)
			require.NoError(t, l.store.Close())
		})
	}
}
