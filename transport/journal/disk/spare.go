package disk

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A compaction may fail: what it writes is not needed yet, and the next one does it
// again. So a fault of one does not freeze the disk. But Pebble would begin the next at
// once, and would fill a disk to the last byte, so that what is needed finds no room.

// spareCategory is what Pebble says of what a compaction writes.
const spareCategory = vfs.DiskWriteCategory("pebble-compaction")

// spare keeps compactions from what others need.
type spare struct {
	mu      sync.Mutex
	failed  time.Time // when the last one did
	closing chan struct{}
	once    sync.Once
}

// pause waits until a compaction may begin: a while after one that failed.
func (s *spare) pause() {
	s.mu.Lock()
	wait := retryAfter - time.Since(s.failed)
	s.mu.Unlock()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}

func (s *spare) note(err error) {
	if err != nil {
		s.mu.Lock()
		s.failed = time.Now()
		s.mu.Unlock()
	}
}

// close lets who waits go on: the database is to be closed.
func (s *spare) close() { s.once.Do(func() { close(s.closing) }) }

// spareFile is what a compaction writes.
type spareFile struct {
	vfs.File
	guard   *guard
	written int
}

// spareStep is how much is written until it is looked at how much is left. As much, and the
// reserve, is left to records: they must not be refused because a compaction is trying.
const spareStep = 256 << 10

// Write implements vfs.File.
func (f *spareFile) Write(p []byte) (n int, err error) {
	if cause := f.guard.failed(); cause != nil {
		return 0, cause
	}
	defer func() { f.guard.spare.note(err) }()
	if f.written == 0 || f.written >= spareStep {
		f.written = 0
		if disk, err := f.guard.GetDiskUsage(f.guard.dir); err == nil && disk.AvailBytes < reserveOf(disk)+2*spareStep+uint64(len(p)) {
			return 0, fmt.Errorf("a compaction leaves the rest of the disk to others: %w", syscall.ENOSPC)
		}
	}
	n, err = f.File.Write(p)
	f.written += max(n, 1)
	return n, err
}

func (f *spareFile) sync(do func() error) error {
	if cause := f.guard.failed(); cause != nil {
		return cause
	}
	err := do()
	f.guard.spare.note(err)
	return err
}

// Sync implements vfs.File.
func (f *spareFile) Sync() error { return f.sync(f.File.Sync) }

// SyncData implements vfs.File.
func (f *spareFile) SyncData() error { return f.sync(f.File.SyncData) }
