package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"

	"github.com/sseactor/sseactor/actor/sse"
)

// When the list of tables is damaged, or one of them is missing, Pebble does not know
// what it has. But what is kept can be put together from all tables and logs in any
// order: an id is given once, so a record that was ever removed is gone; of cursors and
// floors the highest counts; the rest follows from the records. The new store is made
// beside the old one, whose files then go into a directory of their own.

const (
	rebuildDir  = "rebuild"
	rebuiltFile = "REBUILT" // in it: the new store is whole; the old one's files can go
	movedFile   = "MOVED"   // the old one's files are gone; the new one's can come
)

// finishRebuild goes on with what a stop has interrupted.
func finishRebuild(files vfs.FS, dir string) error {
	from := files.PathJoin(dir, rebuildDir)
	names, err := files.List(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, name := range names {
		has[name] = true
	}
	if !has[rebuiltFile] && !has[movedFile] {
		return files.RemoveAll(from)
	}
	if !has[movedFile] {
		if err := moveAway(files, dir); err != nil {
			return fmt.Errorf("set the damaged store aside: %w", err)
		}
		if err := writeFile(files, files.PathJoin(from, movedFile), nil); err != nil {
			return err
		}
	}
	for _, name := range names {
		if !isStore(name) {
			continue
		}
		if err := files.Rename(files.PathJoin(from, name), files.PathJoin(dir, name)); err != nil {
			return err
		}
	}
	if err := syncDir(files, dir); err != nil {
		return err
	}
	return files.RemoveAll(from)
}

// moveAway moves a store's files into a directory that is theirs alone.
func moveAway(files vfs.FS, dir string) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	to := ""
	for n := 1; to == ""; n++ {
		to = files.PathJoin(dir, fmt.Sprintf("store-%d%s", n, damagedEnding))
		if there, err := files.List(to); err == nil && !interrupted(there) {
			to = ""
		}
	}
	if err := files.MkdirAll(to, 0o700); err != nil {
		return err
	}
	// The marker goes last: until it is there, the move goes on where it was interrupted.
	marker := func(name string) bool { return strings.HasPrefix(name, manifestMarker) }
	for _, last := range []bool{false, true} {
		for _, name := range names {
			if isStore(name) && marker(name) == last {
				if err := files.Rename(files.PathJoin(dir, name), files.PathJoin(to, name)); err != nil {
					return err
				}
			}
		}
	}
	return errors.Join(syncDir(files, to), syncDir(files, dir))
}

// isStore reports whether a file is Pebble's.
func isStore(name string) bool {
	return tells(name) || strings.HasSuffix(name, tableEnding) || strings.HasPrefix(name, "OPTIONS-") || strings.HasPrefix(name, "marker.")
}

// interrupted reports whether a directory has been made, and not all was moved into it.
func interrupted(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, manifestMarker) })
}

// manifestMarker begins the name of the file that names the list of tables.
const manifestMarker = "marker.manifest"

// rebuild makes a new store of what can be read in the files of a directory.
func rebuild(files vfs.FS, dir string, report func(where string, err error)) error {
	to := files.PathJoin(dir, rebuildDir)
	if err := errors.Join(files.RemoveAll(to), files.MkdirAll(to, 0o700)); err != nil {
		return err
	}
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	g := newGuard(files, to)
	db, err := openPebble(to, pebbleOptions(g, nil, &pebble.EventListener{}))
	if err != nil {
		return err
	}
	b := rebuilding{files: files, db: db, report: report, removed: map[string]bool{}}
	for _, name := range names {
		path := files.PathJoin(dir, name)
		number, _, isLog := wal.ParseLogFilename(name)
		switch {
		case isLog:
			err = b.log(path, number)
		case strings.HasSuffix(name, tableEnding):
			err = b.table(path)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("rebuild it from %s: %w", name, err), closeDB(db, g))
		}
	}
	if b.tables > 0 && b.read == 0 {
		err = errors.New("none of its tables can be read; nothing was changed")
	}
	if err == nil {
		err = b.finish()
	}
	if err == nil {
		err = db.Flush()
	}
	if err = errors.Join(err, closeDB(db, g), g.failed()); err != nil {
		return fmt.Errorf("rebuild it: %w", err)
	}
	if err := writeFile(files, files.PathJoin(to, rebuiltFile), nil); err != nil {
		return err
	}
	return finishRebuild(files, dir)
}

// rebuilding is a rebuild under way.
type rebuilding struct {
	files   vfs.FS
	db      *pebble.DB
	report  func(where string, err error)
	removed map[string]bool // keys of records
	tables  int
	read    int // of them, in part at least
	newest  sse.Sequence
	reach   sse.Sequence
}

// log takes what is whole in a log.
func (b *rebuilding) log(path string, number wal.NumWAL) error {
	text, err := readFile(b.files, path)
	if err != nil {
		return err
	}
	for _, entry := range surveyLog(text, number, batchrepr.HeaderLen).good {
		for r := batchrepr.Read(entry); ; {
			kind, key, value, ok, err := r.Next()
			if err != nil || !ok {
				break
			}
			if err := b.take(kind, key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// table takes what can be read in a table.
func (b *rebuilding) table(path string) error {
	name := b.files.PathBase(path)
	b.tables++
	f, err := b.files.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	var options pebble.Options
	options.EnsureDefaults()
	r, err := sstable.NewReader(context.Background(), readable, options.MakeReaderOptions())
	if err != nil {
		b.report(name, fmt.Errorf("nothing in it can be read: %w", err))
		return readable.Close()
	}
	defer r.Close()
	b.read++
	lower, upper := []byte{0}, []byte{0xff}
	for skips := 0; skips < maxSkips; skips++ {
		last, damage, err := b.tableWhole(r, lower, upper, b.take)
		if err != nil || damage == nil {
			return err
		}
		lower = behind(func(key []byte) error {
			_, damage, _ := b.tableWhole(r, key, upper, nil)
			return damage
		}, last, upper)
		b.report(fmt.Sprintf("%s, %s to %s", name, describe(last), describe(lower)), damage)
		if bytes.Compare(lower, upper) >= 0 {
			break
		}
	}
	return nil
}

// tableWhole takes what is in a table until it meets damage, and says which key was the
// last; without take, it looks at the first alone.
func (b *rebuilding) tableWhole(r *sstable.Reader, lower, upper []byte, take func(pebble.InternalKeyKind, []byte, []byte) error) (last []byte, damage, err error) {
	last = lower
	it, damage := r.NewIter(sstable.NoTransforms, lower, upper, sstable.AssertNoBlobHandles)
	if damage != nil {
		return last, damage, nil
	}
	defer it.Close()
	for kv := it.SeekGE(lower, 0); kv != nil; kv = it.Next() {
		value, _, damage := kv.Value(nil)
		if damage != nil || take == nil {
			return last, damage, nil
		}
		last = bytes.Clone(kv.K.UserKey)
		if err := take(kv.Kind(), last, value); err != nil {
			return last, nil, err
		}
	}
	return last, it.Error(), nil
}

// take adds one part of what was written.
func (b *rebuilding) take(kind pebble.InternalKeyKind, key, value []byte) error {
	if len(key) == 0 {
		return nil
	}
	switch kind {
	case pebble.InternalKeyKindDelete, pebble.InternalKeyKindSingleDelete, pebble.InternalKeyKindDeleteSized:
		if key[0] == recordKey {
			b.removed[string(key)] = true
		}
		return nil
	case pebble.InternalKeyKindSet, pebble.InternalKeyKindSetWithDelete:
	default:
		return nil
	}
	switch {
	case key[0] == recordKey:
		if r, err := decodeRecord(key, value); err != nil {
			b.report(describe(key), err)
			return nil
		} else if b.newest.Less(r.ID) {
			b.newest = r.ID
		}
		return b.db.Set(key, value, pebble.NoSync)
	case key[0] == cursorKey:
		return keepHighest(b.db, key, value, decodeCursor, func(c cursor) sse.Sequence { return c.id })
	case key[0] == lostKey:
		return keepHighest(b.db, key, value, decodeFloor, func(f floor) sse.Sequence { return f.id })
	case bytes.Equal(key, countsKey):
		if c, err := decodeCounts(value); err == nil && b.newest.Less(c.newest) {
			b.newest = c.newest
		}
	case bytes.Equal(key, reachKey):
		if id, err := decodeID(value); err == nil && b.reach.Less(id) {
			b.reach = id
		}
	}
	return nil
}

// keepHighest sets a value, if it is higher than the one that is there.
func keepHighest[T any](db *pebble.DB, key, value []byte, decode func([]byte) (T, error), of func(T) sse.Sequence) error {
	new, err := decode(value)
	if err != nil {
		return nil
	}
	was, err := get(db, key, decode)
	if err != nil {
		return err
	}
	if of(new).Less(of(was)) {
		return nil
	}
	return db.Set(key, value, pebble.NoSync)
}

// finish removes what was removed, and adds what follows from the rest.
func (b *rebuilding) finish() error {
	for key := range b.removed {
		if err := b.db.Delete([]byte(key), pebble.NoSync); err != nil {
			return err
		}
	}
	it, err := b.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer it.Close()
	c := counts{newest: b.newest}
	last := ""
	set := func(key, value []byte) { err = errors.Join(err, b.db.Set(key, value, pebble.NoSync)) }
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		key, value := it.Key(), it.Value()
		p := parts{left: key[1:]}
		switch key[0] {
		case recordKey:
			r, errDecode := decodeRecord(key, value)
			if errDecode != nil {
				return errDecode // it was read before
			}
			box := p.box()
			set(expiryOf(r.Expires, box, r.ID), nil)
			if !r.Event.ID.IsZero() {
				set(ownOf(box, r.Event.ID.String(), r.ID), nil)
			}
			if begin := string(boxKey(recordKey, box)); begin != last {
				c.boxes++
				last = begin
			}
			c.records++
			c.bytes += uint64(r.Size())
		case cursorKey:
			box, device := p.box(), p.text()
			seen, errDecode := decodeCursor(value)
			if errDecode != nil {
				return errDecode
			}
			set(seenOf(seen.seen, box, device), nil)
			set(boxKey(ackedKey, box), nil)
		case lostKey:
			box := p.box()
			lost, errDecode := decodeFloor(value)
			if errDecode != nil {
				return errDecode
			}
			set(expiryOf(lost.expires, box, sse.Sequence{}), nil)
		}
	}
	if err = errors.Join(err, it.Error()); err != nil {
		return err
	}
	set(countsKey, c.encode())
	set(reachKey, appendID(nil, b.reach))
	return err
}
