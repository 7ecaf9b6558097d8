package disk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// reading calls do with the database, which stays open until it returns.
func (s *Store) reading(ctx context.Context, do func(*pebble.DB) error) error {
	if err := s.door.enter(ctx); err != nil {
		return err
	}
	defer s.door.leave()
	if s.db == nil {
		return fmt.Errorf("journal: can't be read: %w", s.fault)
	}
	return do(s.db)
}

// safe bounds what is read to what Append has finished.
func (s *Store) safe(through sse.Sequence) sse.Sequence {
	if newest := *s.newest.Load(); newest.Less(through) {
		return newest
	}
	return through
}

// ReadAfter implements journal.Store.
func (s *Store) ReadAfter(ctx context.Context, box journal.Box, after, through sse.Sequence, limit journal.Limit) (journal.Page, error) {
	if err := box.Check(); err != nil {
		return journal.Page{}, fmt.Errorf("journal: %w", err)
	}
	var page journal.Page
	damages := s.damage.times.Load()
	err := s.reading(ctx, func(db *pebble.DB) error {
		through := s.safe(through)
		if !after.Less(through) {
			return nil
		}
		if known, ok := s.sizes.get(box); ok && after.Less(known.first) {
			after = known.first
		} else {
			after = follow(after)
		}
		bytes := 0
		now := s.options.Now()
		return s.scan(db, recordOf(box, after), recordOf(box, follow(through)), func(key, value []byte) (bool, error) {
			r, err := decodeRecord(key, value)
			if err != nil {
				s.damage.found(describe(key), err)
				return true, nil
			}
			if !now.Before(r.Expires) {
				return true, nil
			}
			if len(page.Records) > 0 && (len(page.Records) >= limit.Records || bytes+len(r.Event.Data) > limit.Bytes) {
				page.More = true
				return false, nil
			}
			bytes += len(r.Event.Data)
			page.Records = append(page.Records, r)
			return true, nil
		})
	})
	if err != nil {
		return journal.Page{}, fmt.Errorf("journal: read a %v box: %w", box.Kind, err)
	}
	page.Damaged = s.damage.times.Load() != damages
	return page, nil
}

// follow is the smallest id above one.
func follow(id sse.Sequence) sse.Sequence { return id.Next(0) }

// Find implements journal.Store.
func (s *Store) Find(ctx context.Context, box journal.Box, own string) (journal.Match, error) {
	var found journal.Match
	if err := box.Check(); err != nil {
		return found, fmt.Errorf("journal: %w", err)
	}
	if len(own) > journal.MaxName {
		return found, nil // no event has it
	}
	err := s.reading(ctx, func(db *pebble.DB) error {
		newest, now := *s.newest.Load(), s.options.Now()
		lower, upper := ownOf(box, own, sse.Sequence{}), ownOf(box, own, follow(newest))
		it, err := db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			return err
		}
		defer it.Close()
		for ok := it.First(); ok && !found.Several; ok = it.Next() {
			p := parts{left: it.Key()[len(lower)-idLength:]}
			id := p.id()
			key := recordOf(box, id)
			r, err := get(db, key, func(v []byte) (journal.Record, error) { return decodeRecord(key, v) })
			if err != nil {
				s.damage.found(describe(key), err)
				continue
			}
			switch {
			case r.ID.IsZero(), !now.Before(r.Expires):
			case found.Oldest.IsZero():
				found.Oldest = id
			default:
				found.Several = true
			}
		}
		return it.Error()
	})
	if err != nil {
		return journal.Match{}, fmt.Errorf("journal: find an id: %w", err)
	}
	return found, nil
}

// Cursors implements journal.Store.
func (s *Store) Cursors(ctx context.Context, box journal.Box) (journal.Cursors, error) {
	if err := box.Check(); err != nil {
		return journal.Cursors{}, fmt.Errorf("journal: %w", err)
	}
	var c journal.Cursors
	err := s.reading(ctx, func(db *pebble.DB) error {
		devices, err := s.devices(db, box)
		if err != nil {
			return err
		}
		if len(devices) > 0 {
			c.Devices = make(map[string]sse.Sequence, len(devices))
		}
		for _, d := range devices {
			c.Devices[d.name] = d.id
		}
		lost, err := get(db, boxKey(lostKey, box), decodeFloor)
		if pebble.IsCorruptionError(err) || errors.Is(err, errShort) {
			s.damage.found("the state of a box", err)
			err = nil
		}
		if s.options.Now().Before(lost.expires) {
			c.Lost = lost.id
		}
		return err
	})
	if err != nil {
		return journal.Cursors{}, fmt.Errorf("journal: read the cursors of a %v: %w", box.Kind, err)
	}
	return c, nil
}

// device is one that has acknowledged, or was seen.
type device struct {
	name string
	cursor
}

// devices gives those of a box, in the order of their names.
func (s *Store) devices(db pebble.Reader, box journal.Box) ([]device, error) {
	var devices []device
	lower := boxKey(cursorKey, box)
	err := s.scan(db, lower, after(lower), func(key, value []byte) (bool, error) {
		p := parts{left: key[len(lower):]}
		name := p.text()
		c, err := decodeCursor(value)
		if err = errors.Join(p.end(), err); err != nil {
			s.damage.found("a device", err)
			return true, nil
		}
		devices = append(devices, device{name, c})
		return true, nil
	})
	return devices, err
}

// acknowledged is up to where all devices have; without any, nothing is.
func acknowledged(devices []device) sse.Sequence {
	var least sse.Sequence
	for i, d := range devices {
		if i == 0 || d.id.Less(least) {
			least = d.id
		}
	}
	return least
}
