package disk

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// trimAtOnce bounds what one Trim looks at: Appends wait for it.
const trimAtOnce = 1_000

// tally adds up what was removed until a Trim says it.
type tally struct {
	mu  sync.Mutex
	sum journal.Trimmed
}

func (t *tally) add(more journal.Trimmed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Expired += more.Expired
	t.sum.Acknowledged += more.Acknowledged
	t.sum.Pushed += more.Pushed
	t.sum.Devices += more.Devices
}

func (t *tally) take() journal.Trimmed {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := t.sum
	t.sum = journal.Trimmed{}
	return sum
}

// Trim implements journal.Store. It also makes safe what was acknowledged before.
func (s *Store) Trim(ctx context.Context, now time.Time) (journal.Trimmed, error) {
	more := make(chan bool, 1)
	err := s.writer.ask(ctx, newJob(func() error {
		if err := s.writable(); err != nil {
			return err
		}
		found, err := s.trim(now)
		if err != nil {
			return fmt.Errorf("journal: trim: %w", err)
		}
		more <- found
		return nil
	}))
	sum := s.trimmed.take()
	sum.More = err == nil && <-more
	return sum, err
}

// trim removes a part, and says whether there is more.
func (s *Store) trim(now time.Time) (more bool, err error) {
	err = s.change(func(db *pebble.DB) error {
		t := trimming{
			addition: addition{store: s, db: db, batch: db.NewBatch(), now: now, counts: s.counts},
			left:     trimAtOnce,
			sizes:    map[journal.Box]size{},
		}
		defer t.batch.Close()
		for _, part := range []func() error{t.acknowledged, t.expired, t.devices} {
			if err := part(); err != nil {
				return err
			}
		}
		more = t.left <= 0
		// What was acknowledged since the last Append is in the memory of this process.
		sync := &pebble.WriteOptions{Sync: s.unsynced.Swap(false)}
		if t.batch.Empty() && !sync.Sync {
			return nil
		}
		t.set(countsKey, t.counts.encode())
		if err := t.batch.Commit(sync); err != nil {
			return err
		}
		if cause := s.guard.failed(); cause != nil {
			return cause
		}
		s.counts = t.counts
		s.removed += t.removed
		for box, size := range t.sizes {
			s.sizes.set(box, size)
		}
		s.publish()
		s.trimmed.add(t.trimmed)
		s.measure(db)
		s.tidy()
		return nil
	})
	return more, err
}

// trimming is a Trim under way.
type trimming struct {
	addition
	left  int                  // what it may still look at
	sizes map[journal.Box]size // of the boxes that it has changed
	gone  map[string]bool      // the keys of records that it has removed
}

// drop removes a record from its box, once. Older ones may be left in it.
func (t *trimming) drop(box journal.Box, r journal.Record, oldest bool) (bool, error) {
	key := string(recordOf(box, r.ID))
	if t.gone[key] {
		return false, nil
	}
	of, ok := t.sizes[box]
	if !ok {
		var err error
		if of, err = t.store.sizeOf(t.db, box); err != nil {
			return false, err
		}
	}
	first := of.first
	t.shrink(&of, r)
	if !oldest && first.Less(r.ID) {
		of.first = first
	}
	if of.records == 0 {
		t.counts.boxes -= min(t.counts.boxes, 1)
	}
	t.sizes[box] = of
	t.remove(box, r)
	if t.gone == nil {
		t.gone = map[string]bool{}
	}
	t.gone[key] = true
	return true, nil
}

// acknowledged removes what all devices of a box have passed.
func (t *trimming) acknowledged() error {
	lower := []byte{ackedKey}
	return t.store.scan(t.db, lower, after(lower), func(key, _ []byte) (bool, error) {
		if t.left--; t.left < 0 {
			return false, nil
		}
		p := parts{left: key[1:]}
		box := p.box()
		if err := p.end(); err != nil {
			t.store.damage.found("the state of a box", err)
			t.delete(key)
			return true, nil
		}
		devices, err := t.store.devices(t.db, box)
		if err != nil {
			return false, err
		}
		through := acknowledged(devices)
		var first sse.Sequence
		if known, ok := t.store.sizes.get(box); ok {
			first = known.first
		}
		err = t.store.scan(t.db, recordOf(box, first), recordOf(box, follow(through)), func(key, value []byte) (bool, error) {
			if t.left--; t.left < 0 {
				return false, nil
			}
			r, err := decodeRecord(key, value)
			if err != nil {
				t.store.damage.found(describe(key), err)
				return true, nil
			}
			if dropped, err := t.drop(box, r, true); !dropped {
				return true, err
			}
			if t.now.Before(r.Expires) {
				t.trimmed.Acknowledged++
			} else {
				t.trimmed.Expired++
			}
			return true, nil
		})
		if err != nil {
			return false, err
		}
		if t.left >= 0 {
			t.delete(key)
		}
		return t.left >= 0, nil
	})
}

// expired removes what has, and forgets what boxes have lost that would have.
func (t *trimming) expired() error {
	lower, upper := []byte{expiryKey}, appendTime([]byte{expiryKey}, t.now.Add(time.Millisecond))
	return t.store.scan(t.db, lower, upper, func(key, _ []byte) (bool, error) {
		if t.left--; t.left < 0 {
			return false, nil
		}
		t.delete(key)
		p := parts{left: key[1:]}
		_, box, id := p.time(), p.box(), p.id()
		if err := p.end(); err != nil {
			t.store.damage.found("the times of records", err)
			return true, nil
		}
		if id.IsZero() {
			return true, t.forgetLost(box)
		}
		name := recordOf(box, id)
		r, err := get(t.db, name, func(v []byte) (journal.Record, error) { return decodeRecord(name, v) })
		if err != nil {
			t.store.damage.found(describe(name), err)
			t.delete(name) // it can't be read, and would have expired
			return true, nil
		}
		if r.ID.IsZero() {
			return true, nil
		}
		dropped, err := t.drop(box, r, false)
		if dropped {
			t.trimmed.Expired++
		}
		return true, err
	})
}

func (t *trimming) forgetLost(box journal.Box) error {
	key := boxKey(lostKey, box)
	lost, err := get(t.db, key, decodeFloor)
	if err != nil {
		t.store.damage.found("the state of a box", err)
	}
	if !t.now.Before(lost.expires) {
		t.delete(key)
	}
	return nil
}

// devices forgets those that were not seen for as long as records are kept. What they had
// not passed and goes for it, since the others have, is lost to them.
func (t *trimming) devices() error {
	lower := []byte{seenKey}
	upper := appendTime(lower, t.now.Add(-t.store.options.Bounds.Age).Add(time.Millisecond))
	forgotten := map[journal.Box]map[string]bool{}
	err := t.store.scan(t.db, lower, upper, func(key, _ []byte) (bool, error) {
		if t.left--; t.left < 0 {
			return false, nil
		}
		t.delete(key)
		p := parts{left: key[1:]}
		_, box, name := p.time(), p.box(), p.text()
		if err := p.end(); err != nil {
			t.store.damage.found("a device", err)
			return true, nil
		}
		if forgotten[box] == nil {
			forgotten[box] = map[string]bool{}
		}
		forgotten[box][name] = true
		t.delete(cursorOf(box, name))
		t.set(boxKey(ackedKey, box), nil)
		t.trimmed.Devices++
		return true, nil
	})
	if err != nil {
		return err
	}
	for box, names := range forgotten {
		devices, err := t.store.devices(t.db, box)
		if err != nil {
			return err
		}
		from := acknowledged(devices) // where the last of all is
		left := slices.DeleteFunc(devices, func(d device) bool { return names[d.name] })
		if err := t.loseTo(box, from, acknowledged(left)); err != nil {
			return err
		}
	}
	return nil
}
