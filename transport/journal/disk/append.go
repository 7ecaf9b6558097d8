package disk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Append implements journal.Store.
func (s *Store) Append(ctx context.Context, records []journal.Record) error {
	return s.writer.see(ctx, newJob(func() error { return s.append(records) }))
}

func (s *Store) append(records []journal.Record) error {
	newest := *s.newest.Load()
	if newest.Less(s.opened) {
		newest = s.opened
	}
	if err := journal.CheckRecords(records, newest); err != nil {
		return err
	}
	if err := s.writable(); err != nil {
		return err
	}
	length := 0
	for _, r := range records {
		length += r.Size() * len(r.Boxes)
	}
	if err := s.room(uint64(length)); err != nil {
		return err
	}
	fault := s.keep(records)
	if fault == nil {
		return nil
	}
	s.mend()
	if len(records) == 0 {
		return unwritable(fault)
	}
	// What is read now is in a table, and synced, whatever failed then.
	if page, err := s.ReadAfter(context.Background(), records[0].Boxes[0], before(records[0].ID), records[0].ID, journal.Limit{Records: 1}); err == nil && len(page.Records) > 0 {
		return nil
	}
	return unwritable(fault)
}

// before is the largest id below one.
func before(id sse.Sequence) sse.Sequence {
	if id.N > 0 {
		id.N--
		return id
	}
	return sse.Sequence{Milliseconds: id.Milliseconds - 1, N: ^uint64(0)}
}

// keep writes records and syncs them; without any, it writes what there is in all. After
// an error the store must be mended.
func (s *Store) keep(records []journal.Record) error {
	a := addition{store: s, db: s.db, batch: s.db.NewBatch(), now: s.options.Now(), counts: s.counts}
	defer a.batch.Close()
	boxes := a.group(records)
	for _, b := range boxes {
		if err := a.add(b); err != nil {
			return err
		}
	}
	if len(records) > 0 {
		a.counts.newest = records[len(records)-1].ID
	}
	a.set(countsKey, a.counts.encode())
	length := a.batch.Len()
	mark := s.guard.at()
	s.mark = &mark
	err := a.batch.Commit(pebble.Sync)
	if cause := s.guard.failed(); cause != nil {
		return cause
	}
	s.mark = nil
	if err != nil {
		return err
	}
	s.removed += a.removed
	s.counts = a.counts
	for _, b := range boxes {
		s.sizes.set(b.box, b.size)
	}
	s.publish()
	s.trimmed.add(a.trimmed)
	s.unseen.Add(uint64(length))
	return nil
}

// addition is an Append under way.
type addition struct {
	store   *Store
	db      *pebble.DB
	batch   *pebble.Batch
	now     time.Time
	counts  counts
	trimmed journal.Trimmed
	removed uint64 // bytes
}

// filling is what comes into a box.
type filling struct {
	box     journal.Box
	records []*journal.Record
	size    size // before, and then after it
}

func (a *addition) set(key, value []byte) { _ = a.batch.Set(key, value, nil) } // a batch takes all
func (a *addition) delete(key []byte)     { _ = a.batch.Delete(key, nil) }

// group gives what comes into each box, in the order of the ids.
func (a *addition) group(records []journal.Record) []*filling {
	var boxes []*filling
	known := map[journal.Box]*filling{}
	for i := range records {
		for _, box := range records[i].Boxes {
			b := known[box]
			if b == nil {
				b = &filling{box: box}
				known[box] = b
				boxes = append(boxes, b)
			}
			b.records = append(b.records, &records[i])
		}
	}
	return boxes
}

// add puts records into a box, and pushes out what is too much.
func (a *addition) add(b *filling) error {
	size, err := a.store.sizeOf(a.db, b.box)
	if err != nil {
		return err
	}
	wasEmpty := size.records == 0
	for _, r := range b.records {
		size.records++
		size.bytes += r.Size()
		a.counts.records++
		a.counts.bytes += uint64(r.Size())
	}
	b.size = size
	if err := a.push(b); err != nil {
		return err
	}
	for _, r := range b.records {
		key, expires := recordOf(b.box, r.ID), a.expires(r)
		a.set(key, encodeRecord(key, r.Event, expires))
		a.set(expiryOf(expires, b.box, r.ID), nil)
		if !r.Event.ID.IsZero() {
			a.set(ownOf(b.box, r.Event.ID.String(), r.ID), nil)
		}
	}
	if wasEmpty {
		a.counts.boxes++
	}
	return nil
}

// expires is when a record does, in whole milliseconds and within the bounds.
func (a *addition) expires(r *journal.Record) time.Time {
	latest := a.now.Add(a.store.options.Bounds.Age)
	if r.Expires.IsZero() || latest.Before(r.Expires) {
		return latest.Truncate(time.Millisecond)
	}
	return r.Expires.Truncate(time.Millisecond)
}

// push makes a box as small as it must be: the oldest go, but only of what was there
// before. What comes is answered as kept, so it stays, although the box may then exceed its
// bounds by it until something else comes.
func (a *addition) push(b *filling) error {
	bounds := a.store.options.Bounds
	over := func() bool { return b.size.records > bounds.Records || b.size.bytes > bounds.Bytes }
	if !over() {
		return nil
	}
	var read sse.Sequence
	if b.box.Acknowledged() {
		devices, err := a.store.devices(a.db, b.box)
		if err != nil {
			return err
		}
		read = acknowledged(devices)
	}
	var lost floor
	// The database shows nothing of the batch: the scan ends where the new ones begin.
	err := a.store.scan(a.db, recordOf(b.box, b.size.first), after(boxKey(recordKey, b.box)), func(key, value []byte) (bool, error) {
		if !over() {
			return false, nil
		}
		r, err := decodeRecord(key, value)
		if err != nil {
			a.store.damage.found(describe(key), err)
			return true, nil
		}
		a.remove(b.box, r)
		a.shrink(&b.size, r)
		switch {
		case !a.now.Before(r.Expires):
			a.trimmed.Expired++
		case !read.Less(r.ID):
			a.trimmed.Acknowledged++
		default:
			a.trimmed.Pushed++
			lost.id = r.ID
			if lost.expires.Before(r.Expires) {
				lost.expires = r.Expires
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	return a.lose(b.box, lost)
}

// shrink notes that a record is in a box no longer.
func (a *addition) shrink(of *size, r journal.Record) {
	of.records--
	of.bytes -= r.Size()
	of.first = follow(r.ID)
	a.removed += uint64(r.Size())
	a.counts.records -= min(a.counts.records, 1)
	a.counts.bytes -= min(a.counts.bytes, uint64(r.Size()))
}

// remove deletes what is kept of a record in a box.
func (a *addition) remove(box journal.Box, r journal.Record) {
	a.delete(recordOf(box, r.ID))
	a.delete(expiryOf(r.Expires, box, r.ID))
	if !r.Event.ID.IsZero() {
		a.delete(ownOf(box, r.Event.ID.String(), r.ID))
	}
}

// reader sees what the batch has changed, if it is one that can be read.
func (a *addition) reader() pebble.Reader {
	if a.batch.Indexed() {
		return a.batch
	}
	return a.db
}

// loseTo notes what a device that was forgotten had not passed, and goes since the others
// have, up to where they are.
func (a *addition) loseTo(box journal.Box, from, through sse.Sequence) error {
	var lost floor
	err := a.store.scan(a.db, recordOf(box, follow(from)), recordOf(box, follow(through)), func(key, value []byte) (bool, error) {
		r, err := decodeRecord(key, value)
		if err != nil {
			a.store.damage.found(describe(key), err)
			return true, nil
		}
		if a.now.Before(r.Expires) {
			lost.id = r.ID
			if lost.expires.Before(r.Expires) {
				lost.expires = r.Expires
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	return a.lose(box, lost)
}

// lose raises what a box has lost. It is forgotten with the hour in which it would have
// expired: a time of its own for each would leave a trace of each.
func (a *addition) lose(box journal.Box, lost floor) error {
	if lost.id.IsZero() {
		return nil
	}
	key := boxKey(lostKey, box)
	was, err := get(a.reader(), key, decodeFloor)
	if pebble.IsCorruptionError(err) || errors.Is(err, errShort) {
		a.store.damage.found("the state of a box", err)
		err = nil
	}
	if err != nil {
		return err
	}
	lost.expires = lost.expires.Truncate(time.Hour).Add(time.Hour)
	if lost.expires.Before(was.expires) {
		lost.expires = was.expires
	}
	if lost.id.Less(was.id) {
		lost.id = was.id
	}
	a.set(key, lost.encode())
	a.set(expiryOf(lost.expires, box, sse.Sequence{}), nil)
	return nil
}

// sizeOf gives a box's size, which is counted when the box was not used lately.
func (s *Store) sizeOf(db *pebble.DB, box journal.Box) (size, error) {
	if known, ok := s.sizes.get(box); ok {
		return known, nil
	}
	var counted size
	lower := boxKey(recordKey, box)
	err := s.scan(db, lower, after(lower), func(key, value []byte) (bool, error) {
		r, err := decodeRecord(key, value)
		if err != nil {
			s.damage.found(describe(key), err)
			return true, nil
		}
		if counted.records == 0 {
			counted.first = r.ID
		}
		counted.records++
		counted.bytes += r.Size()
		return true, nil
	})
	if err != nil {
		return size{}, fmt.Errorf("count what is in a %v box: %w", box.Kind, err)
	}
	s.sizes.set(box, counted)
	return counted, nil
}
