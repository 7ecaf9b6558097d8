package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Store is a journal.Store in a directory.
type Store struct {
	options Options
	lock    *pebble.Lock

	// The writer changes these, the first two while the door is shut. Readers look at the
	// first two, and at fault, inside.
	db      *pebble.DB // nil: it could not be opened
	guard   *guard
	fault   error     // why it is only to be read; nil: it is to be written to as well
	retry   time.Time // not before then is it opened again
	mark    *position // where the log was before an Append that has not succeeded
	counts  counts
	removed uint64 // bytes of records since the last compaction

	writer writer
	door   door
	sizes  sizes

	newest  atomic.Pointer[sse.Sequence] // appended: what is above it is not read
	reach   atomic.Pointer[sse.Sequence]
	opened  sse.Sequence  // Newest when it was opened: below it, any id may have been given
	records atomic.Uint64 // counts, for Usage
	boxes   atomic.Uint64
	onDisk  atomic.Uint64
	unseen  atomic.Uint64 // bytes appended since onDisk was found out

	unsynced atomic.Bool // Advance or Reach has noted something since the last Sync

	trimmed tally
	damage  damage
	compact compaction
	shut    func() error // closes it, once
}

// Open opens the journal of a directory, and makes it if there is none. It fails if
// another process has it open, if a newer sseactor wrote it, or if it can't be read; a
// log that is damaged is recovered up to the damage, and behind it, which is reported.
func Open(options Options) (*Store, error) {
	if err := options.setDefaults(); err != nil {
		return nil, err
	}
	if err := options.fs.MkdirAll(options.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: make the directory: %w", err)
	}
	lock, err := lockDir(options.fs, options.Dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	s := newStore(options, lock)
	if err := s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: open %s: %w", options.Dir, err), lock.Close())
	}
	s.writer.start(s.write)
	return s, nil
}

func newStore(options Options, lock *pebble.Lock) *Store {
	s := &Store{options: options, lock: lock}
	s.writer.init()
	s.door.life = s.writer.life
	s.shut = sync.OnceValue(s.close)
	s.newest.Store(&sse.Sequence{})
	s.reach.Store(&sse.Sequence{})
	s.damage.report = options.Damaged
	return s
}

func (s *Store) start() error {
	files, dir := s.options.fs, s.options.Dir
	if _, err := checkFormat(files, dir, true); err != nil {
		return err
	}
	if err := finishRebuild(files, dir); err != nil {
		return err
	}
	damaged := checkManifest(files, dir)
	if damaged == nil {
		if _, err := repairLogs(files, dir, s.damage.found); err != nil && !full(err) {
			return err
		}
		s.open()
		if isDamage(s.fault) {
			damaged = s.fault
		} else if s.db != nil {
			// A table with a damaged end can't be read at all, and would spoil each reading.
			if _, err := s.db.SSTables(pebble.WithProperties()); pebble.IsCorruptionError(err) {
				damaged = err
			}
		}
	}
	if damaged != nil {
		if err := s.rebuild(damaged); err != nil {
			return err
		}
	}
	if s.db == nil {
		return s.fault
	}
	if s.fault != nil {
		s.options.Faulty(s.fault)
	}
	s.opened = s.Newest()
	return nil
}

// isDamage reports whether a store does not open because of what is in its files, and not
// because the system does not let it.
func isDamage(err error) bool {
	var number syscall.Errno
	return err != nil && (pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) || !errors.As(err, &number))
}

// rebuild puts the store together anew, and opens it.
func (s *Store) rebuild(damaged error) error {
	if s.db != nil {
		_ = closeDB(s.db, s.guard) // nothing is written to it
		s.db = nil
	}
	if err := rebuild(s.options.fs, s.options.Dir, s.damage.found); err != nil {
		return errors.Join(damaged, err)
	}
	s.damage.found("the list of tables", fmt.Errorf("%w; the store is put together anew of what can be read, the old one is set aside in a directory", damaged))
	s.open()
	return nil
}

// ErrInUse is the error of opening a journal that another process has open.
var ErrInUse = errors.New("another process has it open, and only one can")

func lockDir(files vfs.FS, dir string) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, files)
	// The last is this process, for which Pebble has no error of its own.
	if err != nil && (errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) || strings.Contains(err.Error(), "held by current process")) {
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return lock, nil
}

// open opens the database, without what an Append has not finished. If the disk takes no
// changes, the database is as it would be with them, to be read. Nobody reads.
func (s *Store) open() {
	var err error
	if s.mark != nil {
		if err = cut(s.options.fs, s.options.Dir, *s.mark, truncate); err == nil {
			s.mark = nil
		}
	}
	if err == nil {
		if err = s.openWith(newGuard(s.options.fs, s.options.Dir)); err == nil {
			s.fault = nil
			return
		}
	}
	s.fault, s.retry = err, s.options.Now().Add(retryAfter)
	g := newGuard(s.options.fs, s.options.Dir)
	g.freeze(errOnlyRead)
	if s.mark != nil {
		if cut(g, s.options.Dir, *s.mark, g.truncate) != nil {
			return
		}
	}
	_ = s.openWith(g) // the first error says more
}

// retryAfter is how long a store that could not be written to is left alone.
const retryAfter = time.Second

// openWith opens the database that a guard shows. It is repaired if need be.
func (s *Store) openWith(g *guard) error {
	onlyRead := g.failed() != nil
	for repaired := false; ; repaired = true {
		db, err := openPebble(s.options.Dir, pebbleOptions(g, s.lock, s.events()))
		if cause := g.failed(); cause != nil && !onlyRead {
			if err == nil {
				_ = closeDB(db, g) // what it has written since went nowhere
			}
			return cause
		}
		if err == nil {
			if err = s.load(db); err != nil {
				return errors.Join(err, closeDB(db, g))
			}
			s.db, s.guard = db, g
			return nil
		}
		if repaired || s.writer.life.Err() != nil {
			return err
		}
		if did, errRepair := repair(g, s.options.Dir, s.damage.found); !did || errRepair != nil {
			return errors.Join(err, errRepair)
		}
	}
}

// openPebble opens a database. What Pebble panics at is in the files, so it is an error.
func openPebble(dir string, options *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the store is damaged: %v", r)
		}
	}()
	return pebble.Open(dir, options)
}

// closeDB closes a database, once what goes on in it has ended.
func closeDB(db *pebble.DB, g *guard) error {
	g.spare.close()
	return db.Close()
}

func (s *Store) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			if pebble.IsCorruptionError(err) {
				s.damage.found("a table", err)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			s.damage.found(s.options.fs.PathBase(info.Path), info.Details)
		},
	}
}

// load reads what the store keeps in memory.
func (s *Store) load(db *pebble.DB) error {
	c, err := get(db, countsKey, decodeCounts)
	if err != nil {
		s.damage.found("the counts", err)
		if c, err = s.recount(db); err != nil {
			return fmt.Errorf("count the records: %w", err)
		}
	}
	reach, err := get(db, reachKey, decodeID)
	if err != nil {
		s.damage.found("the highest id", err) // the clock is above it, most likely
	}
	s.counts = c
	s.removed = 1 // how much was removed before is not known; a store that is full may look
	s.sizes.forget()
	s.publish()
	s.raise(reach)
	s.measure(db)
	return nil
}

// publish shows the counts to readers, the newest last: who sees it sees what it belongs to.
func (s *Store) publish() {
	newest := s.counts.newest
	s.records.Store(s.counts.records)
	s.boxes.Store(s.counts.boxes)
	s.newest.Store(&newest)
}

// get reads a single value; without it, the zero.
func get[T any](db pebble.Reader, key []byte, decode func([]byte) (T, error)) (T, error) {
	var zero T
	v, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return zero, nil
	}
	if err != nil {
		return zero, err
	}
	defer closer.Close()
	return decode(v)
}

// mend closes a database that has met a fault, cuts off what an Append has not finished,
// and opens it again. Without a fault it does nothing. The writer calls it.
func (s *Store) mend() {
	if s.fault == nil && s.guard.failed() == nil || s.fault != nil && s.options.Now().Before(s.retry) {
		return
	}
	s.door.close()
	defer s.door.open()
	was := s.fault
	if s.db != nil {
		s.compact.stop()
		_ = closeDB(s.db, s.guard) // what it could not write is what is mended
		s.db = nil
	}
	s.open()
	if (was == nil) != (s.fault == nil) {
		s.options.Faulty(s.fault)
	}
}

// cut takes from the logs what was written after a place in them.
func cut(files vfs.FS, dir string, mark position, truncate func(path string, size int64) error) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	marked, _, _ := wal.ParseLogFilename(mark.log)
	removed := false
	for _, name := range names {
		number, _, ok := wal.ParseLogFilename(name)
		if !ok || number < marked {
			continue
		}
		if number == marked {
			err = truncate(files.PathJoin(dir, name), mark.written)
		} else {
			removed = true
			err = files.Remove(files.PathJoin(dir, name))
		}
		if err != nil {
			return fmt.Errorf("cut off what was not finished: %w", err)
		}
	}
	if removed {
		return syncDir(files, dir)
	}
	return nil
}

func truncate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > size {
		if err = f.Truncate(size); err == nil {
			err = f.Sync()
		}
	}
	return errors.Join(err, f.Close())
}

// writable gets the store ready to be written to, or says why it is not. The writer calls it.
func (s *Store) writable() error {
	fault := s.fault
	if fault == nil {
		fault = s.guard.failed()
	} else if s.options.Now().Before(s.retry) || !s.hasRoom(0) {
		return unwritable(fault)
	}
	if fault == nil {
		return nil
	}
	s.mend()
	return unwritable(s.fault)
}

// change calls do with the database; a fault of the disk is an error of it. The writer
// calls it.
func (s *Store) change(do func(*pebble.DB) error) error {
	if s.fault != nil {
		return unwritable(s.fault)
	}
	err := do(s.db)
	if cause := s.guard.failed(); cause != nil {
		s.mend()
		return unwritable(cause)
	}
	return err
}

// unwritable is what the store's callers are told of a fault.
func unwritable(fault error) error {
	switch {
	case fault == nil:
		return nil
	case full(fault):
		return fmt.Errorf("%w: %w", journal.ErrFull, fault)
	}
	return fmt.Errorf("journal: can't be written to: %w", fault)
}

func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// errClosed is the error of what is called after Close. By then another process may have
// the directory.
var errClosed = fmt.Errorf("journal: %w", fs.ErrClosed)

// closing is how long Close waits. A disk that hangs must not hold up the end of a process;
// what is under way then is as it would be after a crash.
const closing = 3 * time.Second

// Close implements journal.Store. It gives up after 3 seconds.
func (s *Store) Close() error {
	closed := make(chan error, 1)
	go func() { closed <- s.shut() }()
	patience := closing
	if s.options.patience > 0 {
		patience = s.options.patience
	}
	select {
	case err := <-closed:
		return err
	case <-time.After(patience):
		return fmt.Errorf("journal: close: reads or writes under way have not ended within %v; the disk does not answer", patience)
	}
}

func (s *Store) close() error {
	s.writer.stop() // from here on each call is an error
	s.door.close()  // for good
	s.compact.stop()
	var err error
	if s.db != nil {
		err = closeDB(s.db, s.guard)
		s.db = nil
	}
	if s.mark != nil {
		err = errors.Join(err, cut(s.options.fs, s.options.Dir, *s.mark, truncate))
	}
	s.fault = errClosed
	return errors.Join(err, s.lock.Close())
}

// Durable implements journal.Store.
func (s *Store) Durable() bool { return true }

// Newest implements journal.Store.
func (s *Store) Newest() sse.Sequence {
	newest, reach := *s.newest.Load(), *s.reach.Load()
	if newest.Less(reach) {
		return reach
	}
	return newest
}

// raise notes that ids may have been given up to one, and reports whether that is news.
func (s *Store) raise(id sse.Sequence) bool {
	for {
		was := s.reach.Load()
		if !was.Less(id) {
			return false
		}
		if s.reach.CompareAndSwap(was, &id) {
			return true
		}
	}
}
