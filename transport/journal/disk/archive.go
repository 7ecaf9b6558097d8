package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Archive is a journal that is read as a whole, and not changed. Not safe for concurrent
// use.
type Archive struct {
	store  *Store
	format int
}

// OpenArchive opens the journal of a directory without changing anything in it but its
// lock: what is damaged is told to damaged, and left out, but stays as it is. It fails
// with ErrInUse if a server has the journal open.
func OpenArchive(dir string, damaged func(where string, err error)) (*Archive, error) {
	options := Options{Dir: dir, Damaged: damaged}
	if err := options.setDefaults(); err != nil {
		return nil, err
	}
	format, err := checkFormat(options.fs, dir, false)
	if err != nil {
		return nil, fmt.Errorf("journal: open %s: %w", dir, err)
	}
	lock, err := lockDir(options.fs, dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	s := newStore(options, lock)
	if err := s.startArchive(); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: open %s: %w", dir, err), lock.Close())
	}
	return &Archive{s, format}, nil
}

func (s *Store) startArchive() error {
	dir := s.options.Dir
	if _, err := s.options.fs.Stat(s.options.fs.PathJoin(dir, rebuildDir)); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("a server was putting it together anew; let one open it, which goes on with that")
	}
	if err := checkManifest(s.options.fs, dir); err != nil {
		return fmt.Errorf("its list of tables is damaged; a server that opens it puts it together anew of what can be read: %w", err)
	}
	g := newGuard(s.options.fs, dir)
	g.freeze(errOnlyRead)
	if _, err := repairLogs(g, dir, s.damage.found); err != nil {
		return err
	}
	s.fault = errOnlyRead
	return s.openWith(g)
}

// Format is the version of what is in the directory.
func (a *Archive) Format() int { return a.format }

// Usage is what the journal holds.
func (a *Archive) Usage() journal.Usage { return a.store.Usage() }

// Newest is the highest id that may have been given.
func (a *Archive) Newest() sse.Sequence { return a.store.Newest() }

// Records visits the records of all boxes: box by box, in each in the order of their ids.
func (a *Archive) Records(visit func(journal.Box, journal.Record) error) error {
	lower := []byte{recordKey}
	return a.store.scan(a.store.db, lower, after(lower), func(key, value []byte) (bool, error) {
		r, err := decodeRecord(key, value)
		if err != nil {
			a.store.damage.found(describe(key), err)
			return true, nil
		}
		p := parts{left: key[1:]}
		return true, visit(p.box(), r)
	})
}

// Devices visits the devices of all boxes: up to where each has acknowledged, and when it
// was seen.
func (a *Archive) Devices(visit func(p journal.Position, seen time.Time) error) error {
	lower := []byte{cursorKey}
	return a.store.scan(a.store.db, lower, after(lower), func(key, value []byte) (bool, error) {
		p := parts{left: key[1:]}
		position := journal.Position{Box: p.box(), Device: p.text()}
		c, err := decodeCursor(value)
		if err = errors.Join(p.end(), err); err != nil {
			a.store.damage.found("a device", err)
			return true, nil
		}
		position.ID = c.id
		return true, visit(position, c.seen)
	})
}

// Verify reads everything, tells what is damaged, and gives how many records are whole.
func (a *Archive) Verify() (whole uint64, err error) {
	db, found := a.store.db, a.store.damage.found
	err = a.Records(func(box journal.Box, r journal.Record) error {
		whole++
		for what, key := range map[string][]byte{"expires": expiryOf(r.Expires, box, r.ID), "has an own id": ownOf(box, r.Event.ID.String(), r.ID)} {
			if what == "has an own id" && r.Event.ID.IsZero() {
				continue
			}
			if there, err := has(db, key); err == nil && !there {
				found(describe(recordOf(box, r.ID)), fmt.Errorf("no index says that it %s", what))
			}
		}
		return nil
	})
	if err != nil {
		return whole, err
	}
	if c := a.store.counts; c.records != whole {
		found("the counts", fmt.Errorf("there should be %d records, and %d are whole", c.records, whole))
	}
	if err := a.Devices(func(journal.Position, time.Time) error { return nil }); err != nil {
		return whole, err
	}
	for _, prefix := range []byte{ownKey, expiryKey, seenKey, lostKey, ackedKey, metaKey} {
		lower := []byte{prefix}
		err := a.store.scan(db, lower, after(lower), func(key, value []byte) (bool, error) {
			if err := verify(key, value); err != nil {
				found(describe(key), err)
			}
			return true, nil
		})
		if err != nil {
			return whole, err
		}
	}
	return whole, nil
}

func has(db *pebble.DB, key []byte) (bool, error) {
	_, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, closer.Close()
}

// verify reads what is neither a record nor a device.
func verify(key, value []byte) error {
	p := parts{left: key[1:]}
	var err error
	switch key[0] {
	case ownKey:
		p.box()
		p.text()
		p.id()
	case expiryKey:
		p.time()
		p.box()
		p.id()
	case seenKey:
		p.time()
		p.box()
		p.text()
	case lostKey:
		p.box()
		_, err = decodeFloor(value)
	case ackedKey:
		p.box()
	case metaKey:
		p.left = nil
		if string(key) == string(countsKey) {
			_, err = decodeCounts(value)
		} else {
			_, err = decodeID(value)
		}
	}
	return errors.Join(p.end(), err)
}

// Close gives the journal free.
func (a *Archive) Close() error { return a.store.Close() }
