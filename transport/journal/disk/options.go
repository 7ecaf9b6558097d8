package disk

import (
	"fmt"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sseactor/sseactor/transport/journal"
)

// Options are how a journal is opened. The zero value of each but Dir is a default.
type Options struct {
	// Dir is the journal's own directory; it is made, for its owner alone, if there is none.
	Dir string
	// Bounds are what is kept; Total is of the directory.
	Bounds journal.Bounds
	// Now is the clock by which records expire.
	Now func() time.Time
	// Damaged is told of what can't be read, and of what was done about it: where it is,
	// and what is wrong. It is called once for each place, from any goroutine, and must
	// not call the store. Names of sessions, which open their streams, are not in it.
	Damaged func(where string, err error)
	// Faulty is told that the disk took no more, and why; nil: that it does again. It is
	// called from any goroutine, and must not call the store.
	Faulty func(err error)

	fs       vfs.FS        // tests: a file system with faults
	reserve  uint64        // tests: bytes that are left free; zero: as reserveOf says
	patience time.Duration // tests: in the place of closing and asking, if it is not zero
}

func (o *Options) setDefaults() error {
	if o.Dir == "" {
		return fmt.Errorf("journal: no directory is given")
	}
	if o.Bounds == (journal.Bounds{}) {
		o.Bounds = journal.DefaultBounds()
	}
	if err := o.Bounds.Check(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Damaged == nil {
		o.Damaged = func(string, error) {}
	}
	if o.Faulty == nil {
		o.Faulty = func(error) {}
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	return nil
}

// memTableOf is how much is in memory, and in a log, before it goes into a table. What a
// crash leaves to be replayed is a few of them. A small disk has no room for large ones.
func memTableOf(disk vfs.DiskUsage) uint64 {
	const least, most = 256 << 10, 8 << 20
	return max(least, min(most, disk.TotalBytes/16))
}

// formatOfPebble is fixed: a newer Pebble must not make a journal that the server before
// it can't read. From FormatWALSyncChunks on, damage in a log is told from its end.
const formatOfPebble = pebble.FormatTableFormatV6

func pebbleOptions(g *guard, lock *pebble.Lock, events *pebble.EventListener) *pebble.Options {
	disk, err := g.GetDiskUsage(g.dir)
	if err != nil {
		disk.TotalBytes = math.MaxUint64
	}
	return &pebble.Options{
		FS:                 g,
		Lock:               lock,
		Logger:             g,
		EventListener:      events,
		FormatMajorVersion: formatOfPebble,
		// With this cleaner, Pebble does not write new logs over old ones: a log would end in
		// pieces of the one before it, and damage could not be told from them. What it would
		// put into the archive, the guard removes.
		Cleaner:      pebble.ArchiveCleaner{},
		CacheSize:    16 << 20,
		MaxOpenFiles: 256,
		MemTableSize: memTableOf(disk),
		// What is only read is in memory where it differs from the disk.
		DisableAutomaticCompactions: g.failed() != nil,
		// Should compactions fail because a table is damaged, tables would become many at
		// the top; reads become slower then, but writes must not wait for ever.
		L0StopWritesThreshold:      10_000,
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
	}
}
