package disk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// flaky is a file system that fails when it is told to, on a disk that looks small, so
// that tables are written often.
type flaky struct {
	*errorfs.FS
	fail  atomic.Pointer[func(errorfs.Op) error]
	empty atomic.Uint64 // bytes that seem free
}

func newFlaky() *flaky {
	f := &flaky{}
	f.empty.Store(1 << 40)
	f.FS = errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail := f.fail.Load(); fail != nil && changes(op.Kind) {
			return (*fail)(op)
		}
		return nil
	}))
	return f
}

func (f *flaky) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: f.empty.Load(), TotalBytes: 1 << 20}, nil
}

func (f *flaky) when(fail func(errorfs.Op) error) { f.fail.Store(&fail) }
func (f *flaky) heal()                            { f.fail.Store(nil) }

// changes reports whether an operation is one that a disk in trouble fails.
func changes(kind errorfs.OpKind) bool {
	switch kind {
	case errorfs.OpCreate, errorfs.OpLink, errorfs.OpRemove, errorfs.OpRename, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		return true
	}
	return false
}

// ledger is what is known to be kept, without what the store says of it.
type ledger struct {
	t     *testing.T
	store *Store
	mu    sync.Mutex
	now   time.Time
	next  int
	kept  []sse.Sequence
}

var box = journal.Box{Kind: journal.User, Name: "ann"}

func newLedger(t *testing.T, files vfs.FS) *ledger {
	l := &ledger{t: t, now: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)}
	bounds := journal.DefaultBounds()
	bounds.Records, bounds.Bytes = 1<<20, 1<<30
	l.store = openTest(t, Options{Dir: t.TempDir(), Bounds: bounds, Now: l.clock, fs: files})
	return l
}

func (l *ledger) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *ledger) later(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

func id(n int) sse.Sequence { return sse.Sequence{Milliseconds: 1_800_000_000_000 + uint64(n)} }

// append appends some records, and notes them if they are kept.
func (l *ledger) append(n, size int) error {
	var records []journal.Record
	var ids []sse.Sequence
	for range n {
		l.next++
		ids = append(ids, id(l.next))
		records = append(records, journal.Record{ID: id(l.next), Event: sse.Event{Data: noise(l.next, size)}, Boxes: []journal.Box{box}, Expires: l.clock().Add(time.Hour)})
	}
	err := l.store.Append(context.Background(), records)
	if err == nil {
		l.kept = append(l.kept, ids...)
	}
	return err
}

// noise is text that compresses badly.
func noise(seed, length int) string {
	begin := seed * 31 % (len(noises) - length)
	return fmt.Sprint(seed, " ", noises[begin:begin+length])
}

var noises = func() string {
	random := rand.New(rand.NewPCG(1, 1))
	b := make([]byte, 1<<18)
	for i := range b {
		b[i] = byte('!' + random.IntN(90))
	}
	return string(b)
}()

// check compares what the store has with what it must have.
func (l *ledger) check(when string) {
	l.t.Helper()
	require.Equal(l.t, l.kept, readAll(l.t, l.store), when)
}

func readAll(t *testing.T, s *Store) []sse.Sequence {
	t.Helper()
	var ids []sse.Sequence
	page, err := s.ReadAfter(context.Background(), box, sse.Sequence{}, sse.Sequence{Milliseconds: 1 << 62}, journal.Limit{Records: 1 << 20, Bytes: 1 << 30})
	require.NoError(t, err)
	for _, r := range page.Records {
		n := int(r.ID.Milliseconds - id(0).Milliseconds)
		begin := strings.IndexByte(r.Event.Data, ' ') + 1
		if want := noise(n, len(r.Event.Data)-begin); r.Event.Data != want {
			require.Equal(t, want, r.Event.Data)
		}
		ids = append(ids, r.ID)
	}
	return ids
}

// crashed opens a copy of the directory as it is, as after a crash of the process.
func (l *ledger) crashed() []sse.Sequence {
	l.t.Helper()
	dir := copyOf(l.t, l.store.options.Dir)
	s := openTest(l.t, Options{Dir: dir, Bounds: l.store.options.Bounds, Now: l.clock})
	ids := readAll(l.t, s)
	require.NoError(l.t, s.Close())
	return ids
}

// survives compares what is there after a crash with what must be. A disk that lets
// nothing be cut off may have what an Append has not finished.
func (l *ledger) survives(when string) {
	l.t.Helper()
	crashed := l.crashed()
	if l.store.mark == nil {
		require.Equal(l.t, l.kept, crashed, when)
		return
	}
	for _, one := range l.kept {
		_, found := slices.BinarySearchFunc(crashed, one, func(a, b sse.Sequence) int { return cmp.Compare(a.Milliseconds, b.Milliseconds) })
		require.True(l.t, found, when)
	}
}

// copyOf copies a directory, once nothing moves in it.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	var to string
	look := func() []string { return directory(t, dir) }
	require.Eventually(t, func() bool {
		to = t.TempDir()
		before := look()
		return os.CopyFS(to, os.DirFS(dir)) == nil && slices.Equal(before, look())
	}, 30*time.Second, time.Millisecond)
	return to
}

// directory lists the names and sizes of files.
func directory(t *testing.T, dir string) (files []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			files = append(files, fmt.Sprint(info.Name(), info.Size()))
		}
	}
	return files
}

func isTable(path string) bool { return strings.HasSuffix(path, ".sst") }

func TestAFaultOfTheDiskLosesNothingAndShowsNothing(t *testing.T) {
	base := func(op errorfs.Op) string { return op.Path[strings.LastIndexByte(op.Path, '/')+1:] }
	for sentence, hit := range map[string]func(errorfs.Op) bool{
		"a write to the log": func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileWrite && isLog(base(op)) },
		"a sync of the log":  func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileSyncData && isLog(base(op)) },
		"a new log":          func(op errorfs.Op) bool { return op.Kind == errorfs.OpCreate && isLog(base(op)) },
		"a new table":        func(op errorfs.Op) bool { return op.Kind == errorfs.OpCreate && isTable(op.Path) },
		"a write to a table": func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileWrite && isTable(op.Path) },
		"a sync of a table":  func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileSyncData && isTable(op.Path) },
		"a write to the manifest": func(op errorfs.Op) bool {
			return op.Kind == errorfs.OpFileWrite && strings.HasPrefix(base(op), "MANIFEST")
		},
		"a sync of the manifest": func(op errorfs.Op) bool {
			return op.Kind == errorfs.OpFileSync && strings.HasPrefix(base(op), "MANIFEST")
		},
		"a sync of the directory": func(op errorfs.Op) bool {
			return op.Kind == errorfs.OpFileSync && !strings.Contains(base(op), ".") && !strings.HasPrefix(base(op), "MANIFEST")
		},
		"a removal":  func(op errorfs.Op) bool { return op.Kind == errorfs.OpRemove },
		"everything": func(errorfs.Op) bool { return true },
	} {
		for name, fault := range map[string]error{"no room": syscall.ENOSPC, "an input or output error": syscall.EIO} {
			t.Run(sentence+", for "+name, func(t *testing.T) {
				t.Parallel()
				files := newFlaky()
				l := newLedger(t, files)
				for range 10 {
					require.NoError(t, l.append(20, 1000))
				}
				var hits atomic.Int64
				files.when(func(op errorfs.Op) error {
					if hit(op) {
						hits.Add(1)
						return fault
					}
					return nil
				})
				failed := 0
				for i := 0; i < 200 && failed < 5; i++ {
					if err := l.append(20, 1000); err != nil {
						failed++
						assert.Equal(t, errors.Is(fault, syscall.ENOSPC), errors.Is(err, journal.ErrFull), "%v", err)
						assert.ErrorIs(t, err, fault)
						l.check("while it fails")
						l.survives("a crash while it fails")
						l.later(retryAfter)
					}
				}
				require.Positive(t, hits.Load(), "the fault was never met")
				files.heal()
				l.later(retryAfter)
				require.NoError(t, l.append(20, 1000), "it recovers by itself")
				l.check("after it was mended")
				assert.Equal(t, l.kept, l.crashed())
				require.NoError(t, l.store.Close())
				l.store = openTest(t, l.store.options)
				l.check("after a restart")
				require.NoError(t, l.append(1, 1000))
				l.check("after more")
			})
		}
	}
}

// Any operation may fail at any time, once or for a while.
func TestWhateverFailsWhenever(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			files := newFlaky()
			l := newLedger(t, files)
			failed := 0
			for range 80 {
				switch random.IntN(10) {
				case 0:
					left := atomic.Int64{}
					left.Store(int64(random.IntN(20)))
					once := random.IntN(2) == 0
					files.when(func(errorfs.Op) error {
						if n := left.Add(-1); n < 0 && (!once || n == -1) {
							return syscall.ENOSPC
						}
						return nil
					})
				case 1:
					files.heal()
					l.later(retryAfter)
				case 2:
					_ = l.store.Advance(context.Background(), []journal.Position{{Box: journal.Box{Kind: journal.User, Name: "bob"}, Device: "x", ID: id(l.next)}}, l.clock())
				case 3:
					_, _ = l.store.Trim(context.Background(), l.clock())
				case 4:
					l.check("in between")
					l.survives("a crash")
				default:
					if l.append(1+random.IntN(30), 1000) != nil {
						failed++
					}
				}
			}
			files.heal()
			l.later(retryAfter)
			require.NoError(t, l.append(1, 10))
			l.check("at the end")
			require.NoError(t, l.store.Close())
			l.store = openTest(t, l.store.options)
			l.check("after a restart")
			t.Logf("%d of the Appends failed", failed)
		})
	}
}

func TestADiskThatIsNearlyFullIsLeftAlone(t *testing.T) {
	files := newFlaky()
	l := newLedger(t, files)
	require.NoError(t, l.append(10, 1000))
	files.empty.Store(1)
	for range 3 {
		err := l.append(1, 1000)
		require.ErrorIs(t, err, journal.ErrFull)
		require.NotErrorIs(t, err, journal.ErrTooLarge)
	}
	l.check("while there is no room")
	require.NoError(t, l.store.Advance(context.Background(), []journal.Position{{Box: box, ID: id(5)}}, l.clock()))
	trimmed, err := l.store.Trim(context.Background(), l.clock())
	require.NoError(t, err, "what makes room is done")
	assert.Equal(t, uint64(5), trimmed.Acknowledged)
	files.empty.Store(1 << 40)
	require.NoError(t, l.append(1, 1000))
	l.kept = l.kept[5:]
	l.check("after there is room")

	files.empty.Store(reserveOf(must(files.GetDiskUsage(""))) + 10_000)
	for range 3 {
		require.ErrorIs(t, l.append(1, 6000), journal.ErrTooLarge)
		require.NoError(t, l.append(1, 1000), "a smaller one has room")
	}
	l.check("while there is little room")
}

func TestAStoreOpensOnAFullDiskToBeRead(t *testing.T) {
	files := newFlaky()
	l := newLedger(t, files)
	require.NoError(t, l.append(10, 1000))
	dir := copyOf(t, l.store.options.Dir)
	options := l.store.options
	require.NoError(t, l.store.Close())
	files.when(func(errorfs.Op) error { return syscall.ENOSPC })
	var told []error
	options.Dir, options.Faulty = dir, func(err error) { told = append(told, err) }
	l.store = openTest(t, options)
	l.check("while it is full")
	require.ErrorIs(t, l.append(1, 10), journal.ErrFull)
	require.ErrorIs(t, l.store.Advance(context.Background(), []journal.Position{{Box: box, ID: id(5)}}, l.clock()), journal.ErrFull)
	_, err := l.store.Trim(context.Background(), l.clock())
	require.ErrorIs(t, err, journal.ErrFull)
	files.heal()
	require.ErrorIs(t, l.append(1, 10), journal.ErrFull, "it was tried just now")
	l.later(retryAfter)
	require.NoError(t, l.append(1, 10))
	l.check("after there is room")
	require.Len(t, told, 2)
	assert.ErrorIs(t, told[0], syscall.ENOSPC)
	assert.NoError(t, told[1])
}
