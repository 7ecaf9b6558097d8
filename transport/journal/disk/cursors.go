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

// notedAtOnce bounds the positions that one commit notes.
const notedAtOnce = 256

// Advance implements journal.Store.
func (s *Store) Advance(ctx context.Context, positions []journal.Position, now time.Time) error {
	if err := journal.CheckPositions(positions); err != nil {
		return err
	}
	j := newJob(nil)
	j.positions, j.now = positions, now
	return s.writer.ask(ctx, j)
}

// note notes the positions of some, and tells them.
func (s *Store) note(jobs []*job) {
	err := s.writable()
	if err == nil {
		err = s.change(func(db *pebble.DB) error { return s.advanceAll(db, jobs) })
		if err != nil {
			err = fmt.Errorf("journal: advance: %w", err)
		}
	}
	for _, j := range jobs {
		if err != nil {
			j.refused = err
		}
		j.done <- j.refused
	}
}

func (s *Store) advanceAll(db *pebble.DB, jobs []*job) error {
	batch := db.NewIndexedBatch()
	defer batch.Close()
	forgotten := uint64(0)
	for _, j := range jobs {
		a := addition{store: s, db: db, batch: batch, now: j.now}
		for _, p := range j.positions {
			n, err := s.advance(a, p)
			if errors.Is(err, journal.ErrFull) {
				j.refused = err
				continue
			}
			if err != nil {
				return err
			}
			forgotten += n
		}
	}
	length := batch.Len()
	if err := batch.Commit(pebble.NoSync); err != nil {
		return err
	}
	s.unsynced.Store(true)
	s.unseen.Add(uint64(length))
	s.trimmed.add(journal.Trimmed{Devices: forgotten})
	return nil
}

// advance moves a device, and says how many others had to go for it.
func (s *Store) advance(a addition, p journal.Position) (forgotten uint64, err error) {
	batch, now := a.batch, a.now
	devices, err := s.devices(batch, p.Box)
	if err != nil {
		return 0, err
	}
	if len(devices) == 0 {
		if err := s.roomForDevice(p.Box); err != nil {
			return 0, err
		}
	}
	was := acknowledged(devices)
	var gone []device
	at := -1
	for i, d := range devices {
		if d.name == p.Device {
			at = i
		}
	}
	if at < 0 {
		for len(devices) >= s.options.Bounds.Devices {
			oldest := 0
			for i, d := range devices {
				if d.seen.Before(devices[oldest].seen) {
					oldest = i
				}
			}
			forget(batch, p.Box, devices[oldest])
			gone = append(gone, devices[oldest])
			devices = append(devices[:oldest], devices[oldest+1:]...)
			forgotten++
		}
		devices = append(devices, device{name: p.Device})
		at = len(devices) - 1
	} else {
		forget(batch, p.Box, devices[at])
	}
	d := &devices[at]
	if d.id.Less(p.ID) {
		d.id = p.ID
	}
	if d.seen.Before(now) {
		d.seen = now
	}
	_ = batch.Set(cursorOf(p.Box, d.name), d.encode(), nil) // a batch takes all
	_ = batch.Set(seenOf(d.seen, p.Box, d.name), nil, nil)
	if was.Less(acknowledged(devices)) {
		_ = batch.Set(boxKey(ackedKey, p.Box), nil, nil)
	}
	for _, d := range gone {
		if err := a.loseTo(p.Box, d.id, acknowledged(devices)); err != nil {
			return 0, err
		}
	}
	return forgotten, nil
}

// roomForDevice refuses the first device of an empty box when little room is left:
// visitors make up names, and the last quarter is for records.
func (s *Store) roomForDevice(box journal.Box) error {
	most := s.options.Bounds.Total / 4 * 3
	size := func() uint64 { return s.onDisk.Load() + s.unseen.Load() }
	if s.unseen.Load() > measureEvery || size() > most && s.unseen.Load() > 0 {
		s.measure(s.db)
	}
	if size() <= most {
		return nil
	}
	held, err := s.sizeOf(s.db, box)
	if err == nil && held.records == 0 {
		err = fmt.Errorf("%w: a new device is not noted: the journal has %d bytes, and may have %d", journal.ErrFull, size(), s.options.Bounds.Total)
	}
	return err
}

// forget deletes what is kept of a device.
func forget(batch *pebble.Batch, box journal.Box, d device) {
	_ = batch.Delete(cursorOf(box, d.name), nil)
	_ = batch.Delete(seenOf(d.seen, box, d.name), nil)
}

// Reach implements journal.Store.
func (s *Store) Reach(id sse.Sequence) error {
	// It holds for this process whatever becomes of the disk.
	if !s.Newest().Less(id) || !s.raise(id) {
		return nil
	}
	return s.askSoon(func() error {
		if err := s.writable(); err != nil {
			return err
		}
		s.unsynced.Store(true)
		err := s.change(func(db *pebble.DB) error { return db.Set(reachKey, appendID(nil, id), pebble.NoSync) })
		if err != nil {
			return fmt.Errorf("journal: note the highest id: %w", err)
		}
		return nil
	})
}

// Sync implements journal.Store: what is not synced may be in this process alone.
func (s *Store) Sync() error {
	return s.askSoon(func() error {
		if !s.unsynced.Swap(false) {
			return nil
		}
		if err := s.change(func(db *pebble.DB) error { return db.LogData(nil, pebble.Sync) }); err != nil {
			s.unsynced.Store(true)
			return fmt.Errorf("journal: sync: %w", err)
		}
		return nil
	})
}
