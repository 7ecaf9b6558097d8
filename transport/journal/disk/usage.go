package disk

import (
	"context"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sseactor/sseactor/transport/journal"
)

// Usage implements journal.Store.
func (s *Store) Usage() journal.Usage {
	return journal.Usage{
		Records: s.records.Load(),
		Bytes:   s.onDisk.Load() + s.unseen.Load(),
		Boxes:   s.boxes.Load(),
		Damaged: s.damage.times.Load(),
	}
}

// measureEvery is how much may be appended until the size on disk is found out again.
const measureEvery = 4 << 20

func (s *Store) measure(db *pebble.DB) {
	s.onDisk.Store(db.Metrics().DiskSpaceUsage())
	s.unseen.Store(0)
}

// room refuses what would make the store too large, or leave too little of the disk.
func (s *Store) room(length uint64) error {
	within := func() error {
		return s.options.Bounds.Room(s.onDisk.Load()+s.unseen.Load(), length)
	}
	if s.unseen.Load() > measureEvery || within() != nil {
		s.measure(s.db)
	}
	if err := within(); err != nil {
		s.tidy()
		return err
	}
	switch {
	case s.hasRoom(length):
		return nil
	case s.hasRoom(0):
		return fmt.Errorf("%w: the disk is nearly full", journal.ErrTooLarge)
	}
	return fmt.Errorf("%w: the disk is nearly full", journal.ErrFull)
}

// hasRoom reports whether what is left free stays so. Logs that a crash leaves must be
// written into tables before the store can be opened again; that takes room.
func (s *Store) hasRoom(length uint64) bool {
	usage, err := s.options.fs.GetDiskUsage(s.options.Dir)
	if err != nil {
		return true // the write will tell
	}
	reserve := s.options.reserve
	if reserve == 0 {
		reserve = reserveOf(usage)
	}
	return usage.AvailBytes >= reserve+2*length
}

// reserveOf is what is left free of a disk: two of the tables that are in memory.
func reserveOf(disk vfs.DiskUsage) uint64 { return 2 * memTableOf(disk) }

// recount counts the records anew.
func (s *Store) recount(db *pebble.DB) (counts, error) {
	var c counts
	var last journal.Box
	lower := []byte{recordKey}
	err := s.scan(db, lower, after(lower), func(key, value []byte) (bool, error) {
		box, id, err := parseRecordKey(key)
		if err != nil {
			s.damage.found(describe(key), err)
			return true, nil
		}
		if c.records == 0 || box != last {
			c.boxes++
			last = box
		}
		if c.newest.Less(id) {
			c.newest = id
		}
		c.records++
		c.bytes += uint64(len(value))
		return true, nil
	})
	return c, err
}

// compaction is the one that makes room on disk, at most one at a time.
type compaction struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// tidy compacts the store when it is large and much of it was removed: Pebble does so by
// itself, but only when there is more to write, and a store that is full takes nothing.
// The writer calls it.
func (s *Store) tidy() {
	size, total := s.onDisk.Load(), s.options.Bounds.Total
	much := s.counts.bytes / 2
	if size > total {
		much = 0
	}
	if size < total/4*3 || s.removed <= much {
		return
	}
	db := s.db
	if s.compact.start(func(ctx context.Context) {
		_ = db.Compact(ctx, []byte{0}, []byte{0xff}, false) // it fails when it is stopped
	}) {
		s.removed = 0
	}
}

// start does it, unless one is under way.
func (c *compaction) start(do func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done != nil {
		select {
		case <-c.done:
		default:
			return false
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	c.cancel, c.done = cancel, done
	go func() {
		defer close(done)
		defer cancel()
		do(ctx)
	}()
	return true
}

// stop ends it, and waits for its end.
func (c *compaction) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done != nil {
		c.cancel()
		<-c.done
		c.done = nil
	}
}

var _ journal.Store = (*Store)(nil)
