package disk

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

var damages = flag.Int("damages", 1, "how often each kind of damage is done")

// reports is what was said to be damaged.
type reports struct {
	mu    sync.Mutex
	lines []string
}

func (r *reports) note(where string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s: %v", where, err))
}

func (r *reports) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

var bob = journal.Box{Kind: journal.User, Name: "bob"}

// written gives a directory of a store that was killed: with tables, a log, a device, and
// a record of bob's that was acknowledged and removed, and is in no file any more.
func written(t *testing.T) (l *ledger, dir string) {
	l = newLedger(t, newFlaky())
	ctx := context.Background()
	for n := range 60 {
		require.NoError(t, l.append(20, 1000))
		if n == 20 {
			l.next++
			own := must(sse.ParseID("own"))
			require.NoError(t, l.store.Append(ctx, []journal.Record{{ID: id(l.next), Event: sse.Event{ID: own, Data: "bob's"}, Boxes: []journal.Box{bob}, Expires: l.clock().Add(time.Hour)}}))
			require.NoError(t, l.store.Advance(ctx, []journal.Position{{Box: bob, Device: "phone", ID: id(l.next)}, {Box: box, Device: "desk", ID: id(0)}}, l.clock()))
			_, err := l.store.Trim(ctx, l.clock())
			require.NoError(t, err)
			require.NoError(t, l.store.db.Compact(ctx, []byte{0}, []byte{0xff}, false))
		}
	}
	live := func() (names []string) {
		for _, level := range must(l.store.db.SSTables()) {
			for _, table := range level {
				names = append(names, fmt.Sprintf("%06d%s", table.FileNum, tableEnding))
			}
		}
		return names
	}
	// A table is in the list of tables on disk before the store shows it.
	quiet := func() bool {
		now := l.store.db.Metrics()
		return now.Flush.NumInProgress == 0 && now.Compact.NumInProgress == 0
	}
	var tables []string
	require.Eventually(t, func() bool {
		if tables = live(); !quiet() {
			return false
		}
		dir = copyOf(t, l.store.options.Dir)
		return quiet() && slices.Equal(tables, live())
	}, 30*time.Second, time.Millisecond)
	require.NoError(t, l.store.Close())
	for _, file := range filesOf(t, dir, tableEnding) {
		if !slices.Contains(tables, filepath.Base(file)) {
			require.NoError(t, os.Remove(file)) // it was being made, or removed
		}
	}
	return l, dir
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// open opens a damaged directory; what is reported is noted.
func (l *ledger) open(t *testing.T, dir string) (*Store, *reports) {
	t.Helper()
	var r reports
	s := openTest(t, Options{Dir: dir, Bounds: l.store.options.Bounds, Now: l.clock, Damaged: r.note, fs: newFlaky()})
	return s, &r
}

// filesOf are a directory's files whose names have a part, and that are not empty.
func filesOf(t *testing.T, dir, part string) (files []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		if strings.Contains(entry.Name(), part) && info.Size() > 0 {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	return files
}

func TestDamageIsReportedAndWhatIsWholeIsRead(t *testing.T) {
	l, dir := written(t)
	flip := func(b []byte, random *rand.Rand) []byte {
		b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		return b
	}
	for sentence, c := range map[string]struct {
		part   string // of the file's name
		damage func([]byte, *rand.Rand) []byte
		lost   int // at most, of 1,200
		always bool
	}{
		"a flipped bit in a log":               {".log", flip, 80, true},
		"a log that is cut off":                {".log", func(b []byte, random *rand.Rand) []byte { return b[:random.IntN(len(b))] }, 260, false},
		"a log whose last byte is missing":     {".log", func(b []byte, random *rand.Rand) []byte { return b[:len(b)-1] }, 20, true},
		"a log whose last byte is another one": {".log", func(b []byte, random *rand.Rand) []byte { b[len(b)-1]++; return b }, 20, true},
		"a log with zeros in it":               {".log", func(b []byte, random *rand.Rand) []byte { clear(b[40_000:41_000]); return b }, 80, true},
		"a log of which all is zero":           {".log", func(b []byte, random *rand.Rand) []byte { clear(b); return b }, 260, false},
		"a flipped bit in a table":             {".sst", flip, 16, true},
		"a table with another end":             {".sst", func(b []byte, random *rand.Rand) []byte { return append(b[:len(b)-10], make([]byte, 10)...) }, 1200, true},
		"a table that is cut off":              {".sst", func(b []byte, random *rand.Rand) []byte { return b[:len(b)/2] }, 1200, true},
		"a flipped bit in the list of tables":  {"MANIFEST", flip, 0, true},
		"a list of tables that is cut off":     {"MANIFEST", func(b []byte, random *rand.Rand) []byte { return b[:len(b)-3] }, 0, true},
		"a list of tables that is empty":       {"MANIFEST", func(b []byte, random *rand.Rand) []byte { return nil }, 0, true},
		"a flipped bit in the list of options": {"OPTIONS", flip, 0, false},
		"no list of options, but other bytes":  {"OPTIONS", func(b []byte, random *rand.Rand) []byte { return []byte("[Version\n") }, 0, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			for range *damages {
				to := t.TempDir()
				require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
				files := filesOf(t, to, c.part)
				file := files[random.IntN(len(files))]
				text := must(os.ReadFile(file))
				require.NoError(t, os.WriteFile(file, c.damage(slices.Clone(text), random), 0o600))
				s, told := l.open(t, to)
				require.NoError(t, s.fault)
				got := readAll(t, s)
				assert.LessOrEqual(t, len(l.kept)-len(got), c.lost)
				assert.Subset(t, l.kept, got)
				if c.always {
					assert.NotEmpty(t, told.all(), file)
					assert.Positive(t, s.Usage().Damaged)
				}
				if at := must(s.Cursors(context.Background(), bob)); len(at.Devices) > 0 {
					assert.Equal(t, map[string]sse.Sequence{"phone": id(421)}, at.Devices)
				}
				assert.Empty(t, readBox(t, s, bob), "what was removed stays so")

				// It is written to, and opens again; logs are whole then.
				next := id(l.next + 1)
				require.NoError(t, s.Append(context.Background(), []journal.Record{{ID: next, Event: sse.Event{Data: noise(l.next+1, 10)}, Boxes: []journal.Box{box}, Expires: l.clock().Add(time.Hour)}}))
				require.NoError(t, s.Close())
				s, told = l.open(t, to)
				assert.Equal(t, append(got, next), readAll(t, s))
				if c.part != ".sst" {
					assert.Empty(t, told.all())
				}
				require.NoError(t, s.Close())
			}
		})
	}
}

// A removal that no compaction has carried out yet may be in another table than its record,
// and be damaged alone: then the record comes again. It is said that something is wrong.
func TestARemovalIsLostWithItsTable(t *testing.T) {
	l := newLedger(t, newFlaky())
	require.NoError(t, l.append(5, 100))
	require.NoError(t, l.store.db.Flush())
	require.NoError(t, l.store.Close())
	dir := l.store.options.Dir
	still := pebbleOptions(newGuard(newFlaky(), dir), nil, &pebble.EventListener{})
	still.DisableAutomaticCompactions = true
	db := must(pebble.Open(dir, still))
	for n := range 3 {
		require.NoError(t, db.Delete(recordOf(box, id(n+1)), nil))
	}
	require.NoError(t, errors.Join(db.Flush(), db.Close()))
	tables := filesOf(t, dir, tableEnding)
	require.Len(t, tables, 2)
	text := must(os.ReadFile(tables[1]))
	require.NoError(t, os.WriteFile(tables[1], text[:len(text)/2], 0o600))
	s, told := l.open(t, dir)
	require.NoError(t, s.fault)
	assert.Equal(t, l.kept, readAll(t, s))
	assert.NotEmpty(t, told.all())
	require.NoError(t, s.Advance(t.Context(), []journal.Position{{Box: box, Device: "phone", ID: id(3)}}, l.clock()))
	_, err := s.Trim(t.Context(), l.clock())
	require.NoError(t, err)
	assert.Equal(t, l.kept[3:], readAll(t, s), "and can be acknowledged again")
	require.NoError(t, s.Close())
}

func readBox(t *testing.T, s *Store, of journal.Box) []journal.Record {
	page, err := s.ReadAfter(context.Background(), of, sse.Sequence{}, sse.Sequence{Milliseconds: 1 << 62}, journal.Limit{Records: 1 << 20, Bytes: 1 << 30})
	require.NoError(t, err)
	return page.Records
}

func TestDamagedBytesAreSetAside(t *testing.T) {
	l, dir := written(t)
	logs := filesOf(t, dir, ".log")
	file := logs[len(logs)-1]
	text := must(os.ReadFile(file))
	t.Run("the whole log, if something whole is behind the damage", func(t *testing.T) {
		to := t.TempDir()
		require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
		bad := slices.Clone(text)
		bad[len(bad)/2]++
		name := filepath.Join(to, filepath.Base(file))
		require.NoError(t, os.WriteFile(name, bad, 0o600))
		s, told := l.open(t, to)
		require.Len(t, told.all(), 1)
		assert.Contains(t, told.all()[0], filepath.Base(name)+": not whole from byte ")
		assert.Equal(t, bad, must(os.ReadFile(name+damagedEnding)))
		require.NoError(t, s.Close())
	})
	t.Run("the end, if nothing is, and nothing that was set aside is lost", func(t *testing.T) {
		to := t.TempDir()
		require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
		name := filepath.Join(to, filepath.Base(file))
		require.NoError(t, os.WriteFile(name, text[:len(text)-1], 0o600))
		require.NoError(t, os.WriteFile(name+damagedEnding, []byte("of another time"), 0o600))
		s, told := l.open(t, to)
		require.Len(t, told.all(), 1)
		aside := must(os.ReadFile(name + "-2" + damagedEnding))
		assert.True(t, strings.HasSuffix(string(text[:len(text)-1]), string(aside)))
		assert.Equal(t, "of another time", string(must(os.ReadFile(name+damagedEnding))))
		require.NoError(t, s.Close())
	})
	t.Run("the old store, if it is put together anew", func(t *testing.T) {
		to := t.TempDir()
		require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
		tables := filesOf(t, to, ".sst")
		require.NoError(t, os.Remove(tables[0]))
		before := filesOf(t, to, "")
		s, told := l.open(t, to)
		assert.NotEmpty(t, told.all())
		for _, name := range before {
			if isStore(filepath.Base(name)) {
				assert.FileExists(t, filepath.Join(to, "store-1"+damagedEnding, filepath.Base(name)))
			}
		}
		require.NoError(t, s.Close())
	})
}

func TestAFileThatIsMissingIsMadeUpFor(t *testing.T) {
	l, dir := written(t)
	for _, part := range []string{"MANIFEST", "marker.manifest", "marker.format", "OPTIONS", ".sst", ".log"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			to := t.TempDir()
			require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
			files := must(filepath.Glob(filepath.Join(to, "*"+part+"*")))
			require.NotEmpty(t, files)
			require.NoError(t, os.Remove(files[len(files)-1]))
			s, told := l.open(t, to)
			got := readAll(t, s)
			assert.Subset(t, l.kept, got)
			switch part {
			case "OPTIONS":
				assert.Equal(t, l.kept, got)
			case "MANIFEST", "marker.manifest", "marker.format":
				assert.Equal(t, l.kept, got)
				assert.NotEmpty(t, told.all())
			default:
				assert.NotEmpty(t, got)
			}
			require.NoError(t, s.Close())
		})
	}
}

// Whatever operation of a rebuild fails, the next one goes on.
func TestARebuildMayBeInterrupted(t *testing.T) {
	t.Parallel()
	l, dir := written(t)
	manifest := filesOf(t, dir, "MANIFEST")[0]
	text := must(os.ReadFile(manifest))
	text[len(text)/2]++
	require.NoError(t, os.WriteFile(manifest, text, 0o600))
	for stop, done := 0, false; !done; stop += 1 + stop {
		to := t.TempDir()
		require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
		files := newFlaky()
		var mu sync.Mutex
		left := stop
		files.when(func(errorfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			if left--; left < 0 {
				return syscall.EIO
			}
			return nil
		})
		s, err := Open(Options{Dir: to, Bounds: l.store.options.Bounds, Now: l.clock, fs: files})
		if done = err == nil && s.fault == nil; err == nil {
			require.NoError(t, s.Close())
		}
		s, _ = l.open(t, to)
		require.Equal(t, l.kept, readAll(t, s), "stopped at operation %d", stop)
		require.NoError(t, s.Close())
		_, err = os.Stat(filepath.Join(to, rebuildDir))
		require.ErrorIs(t, err, os.ErrNotExist)
	}
}
