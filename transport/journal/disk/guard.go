package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// guard is the file system that Pebble sees. Until something fails it is the real one.
// At the first write, sync or change of a name that fails, it freezes: from then on
// nothing reaches the disk. Logs, manifests and lists of options that are open take
// everything and keep nothing; new files are in memory; what is removed is hidden. Pebble
// meets no fault that it would end the process for, no write waits for room that does not
// come, and the disk is as it would be had the machine stopped at that moment.
//
// One that is frozen from the start shows a directory without ever changing it.
type guard struct {
	vfs.FS
	dir   string
	spare spare

	mu     sync.RWMutex
	cause  error           // what failed first; nil: nothing has
	memory *vfs.MemFS      // nil until it is frozen
	hidden map[string]bool // what was removed since
	last   position        // of the newest log
}

// position is a place in a log, up to which it was written.
type position struct {
	log     string // the file's name; empty: there is no log yet
	written int64
}

// errOnlyRead freezes a guard that is only to be read through.
var errOnlyRead = errors.New("it is only to be read")

func newGuard(real vfs.FS, dir string) *guard {
	return &guard{FS: real, dir: dir, spare: spare{closing: make(chan struct{})}}
}

// freeze keeps the first cause, and that what comes goes nowhere.
func (g *guard) freeze(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cause != nil {
		return
	}
	g.cause, g.memory, g.hidden = cause, vfs.NewMem(), map[string]bool{}
	_ = g.memory.MkdirAll(g.dir, 0o700) // memory has room
}

// failed is the cause, once it is frozen.
func (g *guard) failed() error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.cause
}

// overlay is the memory, once it is frozen.
func (g *guard) overlay() *vfs.MemFS {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.memory
}

// truncate makes a file shorter, in memory: the guard is frozen.
func (g *guard) truncate(path string, size int64) error {
	text, err := readFile(g, path)
	if err != nil || int64(len(text)) <= size {
		return err
	}
	return writeFile(g, path, text[:size])
}

// at is how far the newest log is written.
func (g *guard) at() position {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.last
}

// try does what changes the disk, or nothing if that is over.
func (g *guard) try(change func() error, instead func(*vfs.MemFS)) error {
	if g.overlay() == nil {
		err := change()
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return err
		}
		g.freeze(err)
	}
	instead(g.overlay())
	return nil
}

func isLog(name string) bool {
	_, _, ok := wal.ParseLogFilename(name)
	return ok
}

// tells reports whether a file says what is in the store, or how it has changed.
func tells(name string) bool { return isLog(name) || strings.HasPrefix(name, "MANIFEST-") }

// swallows reports whether Pebble takes an error of the file for its own end, or, of the
// list of options that it writes when it opens a store, leaves goroutines behind.
func swallows(name string) bool { return tells(name) || strings.HasPrefix(name, "temporary.") }

// Create implements vfs.FS.
func (g *guard) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if g.overlay() == nil && category == spareCategory {
		g.spare.pause()
	}
	if g.overlay() == nil {
		f, err := g.FS.Create(name, category)
		if category == spareCategory {
			g.spare.note(err)
			if err != nil {
				return nil, err
			}
			return &spareFile{File: f, guard: g}, nil
		}
		if err == nil {
			base := g.PathBase(name)
			if isLog(base) {
				g.mu.Lock()
				g.last = position{log: base}
				g.mu.Unlock()
			}
			return &guardedFile{File: f, guard: g, base: base}, nil
		}
		g.freeze(err)
	}
	return g.overlay().Create(name, category)
}

// OpenReadWrite implements vfs.FS.
func (g *guard) OpenReadWrite(name string, category vfs.DiskWriteCategory, options ...vfs.OpenOption) (vfs.File, error) {
	if m := g.overlay(); m != nil {
		return m.OpenReadWrite(name, category, options...)
	}
	f, err := g.FS.OpenReadWrite(name, category, options...)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g, base: g.PathBase(name)}, nil
}

// ReuseForWrite implements vfs.FS. It is not used: old logs are not written again.
func (g *guard) ReuseForWrite(_, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.Create(newname, category)
}

// where gives the file system that has a file: the memory, once it is frozen, or the
// disk, or neither.
func (g *guard) where(name string) (vfs.FS, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.memory != nil {
		if _, err := g.memory.Stat(name); err == nil {
			return g.memory, nil
		}
	}
	if g.hidden[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return g.FS, nil
}

// Open implements vfs.FS.
func (g *guard) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	files, err := g.where(name)
	if err != nil {
		return nil, err
	}
	return files.Open(name, options...)
}

// OpenDir implements vfs.FS.
func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g, dir: true}, nil
}

// Stat implements vfs.FS.
func (g *guard) Stat(name string) (vfs.FileInfo, error) {
	files, err := g.where(name)
	if err != nil {
		return nil, err
	}
	return files.Stat(name)
}

// List implements vfs.FS.
func (g *guard) List(dir string) ([]string, error) {
	names, err := g.FS.List(dir)
	if m := g.overlay(); m != nil && err == nil {
		g.mu.RLock()
		names = slices.DeleteFunc(names, func(name string) bool { return g.hidden[g.PathJoin(dir, name)] })
		g.mu.RUnlock()
		more, _ := m.List(dir) // a directory that memory does not have holds nothing more
		names = append(names, more...)
		slices.Sort(names)
		names = slices.Compact(names)
	}
	return names, err
}

// Remove implements vfs.FS.
func (g *guard) Remove(name string) error {
	return g.try(func() error { return g.FS.Remove(name) }, func(m *vfs.MemFS) {
		_ = m.Remove(name)
		g.mu.Lock()
		g.hidden[name] = true
		g.mu.Unlock()
	})
}

// RemoveAll implements vfs.FS.
func (g *guard) RemoveAll(name string) error {
	return g.try(func() error { return g.FS.RemoveAll(name) }, func(m *vfs.MemFS) { _ = m.RemoveAll(name) })
}

// archive is where Pebble's ArchiveCleaner moves files that are obsolete.
const archive = "archive"

// MkdirAll implements vfs.FS.
func (g *guard) MkdirAll(dir string, mode fs.FileMode) error {
	if dir == g.PathJoin(g.dir, archive) {
		return nil
	}
	return g.try(func() error { return g.FS.MkdirAll(dir, mode) }, func(m *vfs.MemFS) { _ = m.MkdirAll(dir, mode) })
}

// Rename implements vfs.FS. What goes to the archive is removed.
func (g *guard) Rename(from, to string) error {
	if g.PathDir(to) == g.PathJoin(g.dir, archive) {
		return g.Remove(from)
	}
	return g.try(func() error { return g.FS.Rename(from, to) }, func(m *vfs.MemFS) { _ = m.Rename(from, to) })
}

// Link implements vfs.FS.
func (g *guard) Link(from, to string) error {
	return g.try(func() error { return g.FS.Link(from, to) }, func(m *vfs.MemFS) { _ = m.Link(from, to) })
}

// Unwrap implements vfs.FS.
func (g *guard) Unwrap() vfs.FS { return g.FS }

// Infof implements pebble.Logger.
func (g *guard) Infof(string, ...any) {}

// Errorf implements pebble.Logger.
func (g *guard) Errorf(string, ...any) {}

// Fatalf implements pebble.Logger. Pebble calls it where it can't go on; so it must not,
// and will be closed.
func (g *guard) Fatalf(format string, args ...any) { g.freeze(fmt.Errorf(format, args...)) }

// guardedFile is a file on disk that was opened to be changed, or a directory.
type guardedFile struct {
	vfs.File
	guard *guard
	base  string // the file's name
	dir   bool
}

// fault freezes the guard. What Pebble can't live without then seems to succeed; other
// files fail, and are written anew, to memory.
func (f *guardedFile) fault(err error) error {
	f.guard.freeze(err)
	if f.dir || swallows(f.base) {
		return nil
	}
	return err
}

func (f *guardedFile) change(do func() error) error {
	if cause := f.guard.failed(); cause != nil {
		return f.fault(cause)
	}
	if err := do(); err != nil {
		return f.fault(err)
	}
	return nil
}

// Write implements vfs.File.
func (f *guardedFile) Write(p []byte) (written int, err error) {
	length := len(p)
	err = f.change(func() error {
		n, err := f.File.Write(p)
		f.guard.mu.Lock()
		if f.base == f.guard.last.log {
			f.guard.last.written += int64(n)
		}
		f.guard.mu.Unlock()
		return err
	})
	if err != nil {
		return 0, err
	}
	return length, nil
}

// WriteAt implements vfs.File.
func (f *guardedFile) WriteAt(p []byte, offset int64) (written int, err error) {
	if err := f.change(func() error { _, err := f.File.WriteAt(p, offset); return err }); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Sync implements vfs.File.
func (f *guardedFile) Sync() error { return f.change(f.File.Sync) }

// SyncData implements vfs.File.
func (f *guardedFile) SyncData() error { return f.change(f.File.SyncData) }

// SyncTo implements vfs.File.
func (f *guardedFile) SyncTo(length int64) (full bool, err error) {
	err = f.change(func() error { full, err = f.File.SyncTo(length); return err })
	return full && err == nil, err
}

// Preallocate implements vfs.File. Without room it does nothing: the write will tell.
func (f *guardedFile) Preallocate(offset, length int64) error {
	if f.guard.failed() != nil {
		return nil
	}
	_ = f.File.Preallocate(offset, length)
	return nil
}

// Close implements vfs.File.
func (f *guardedFile) Close() error {
	err := f.File.Close()
	if err != nil && f.guard.failed() == nil {
		return f.fault(err)
	}
	return nil
}
