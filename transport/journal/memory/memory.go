// Package memory is the journal of a server without a directory: what it keeps is gone
// with the process.
package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// DefaultTotal is what is kept at most, in bytes by Record.Size.
const DefaultTotal = 64 << 20

// Store is a journal.Store in memory.
type Store struct {
	bounds journal.Bounds
	now    func() time.Time

	mu      sync.Mutex
	boxes   map[journal.Box]*box
	acked   map[journal.Box]bool // what may hold records that all devices have passed
	expiry  expiry
	unseen  expiry       // devices
	entries uint64       // of devices, ever
	newest  sse.Sequence // appended
	reach   sse.Sequence
	records int
	bytes   uint64
	filled  uint64 // boxes that hold something
	// Visitors make up names: all devices have at most a quarter of what may be kept.
	devices     int
	deviceBytes uint64
	trimmed     journal.Trimmed
	closed      bool
}

// errClosed is the error of what is called after Close.
var errClosed = fmt.Errorf("journal: %w", fs.ErrClosed)

// box is what is known of one.
type box struct {
	records []journal.Record // by their ids; without Boxes
	bytes   int
	devices map[string]device
	lost    sse.Sequence
	until   time.Time // then what was lost would have expired
}

type device struct {
	id    sse.Sequence
	seen  time.Time
	entry uint64
}

// deviceSize is what a device counts for, with what maps and heaps add.
func deviceSize(name journal.Box, device string) uint64 {
	return uint64(len(name.Name) + len(device) + 256)
}

// New makes an empty store. A zero Total is DefaultTotal; now is the clock by which
// records expire.
func New(bounds journal.Bounds, now func() time.Time) (*Store, error) {
	if bounds.Total == 0 {
		bounds.Total = DefaultTotal
	}
	if err := bounds.Check(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &Store{bounds: bounds, now: now, boxes: map[journal.Box]*box{}, acked: map[journal.Box]bool{}}, nil
}

// Append implements journal.Store.
func (s *Store) Append(ctx context.Context, records []journal.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if err := journal.CheckRecords(records, s.newest); err != nil {
		return err
	}
	more := uint64(0)
	for _, r := range records {
		more += uint64(r.Size() * len(r.Boxes))
	}
	if err := s.bounds.Room(s.bytes, more); err != nil {
		return err
	}
	now := s.now()
	for _, r := range records {
		boxes := r.Boxes
		r.Boxes = nil
		r.Event.Persistent = true
		latest := now.Add(s.bounds.Age)
		if r.Expires.IsZero() || latest.Before(r.Expires) {
			r.Expires = latest
		}
		r.Expires = r.Expires.UTC().Truncate(time.Millisecond)
		for _, name := range boxes {
			s.put(name, r, records[0].ID, now)
		}
		s.newest = r.ID
	}
	s.tidy()
	return nil
}

// put adds a record to a box, and pushes out what is too much, but only of what was there
// before: what comes, from the first id on, is answered as kept.
func (s *Store) put(name journal.Box, r journal.Record, first sse.Sequence, now time.Time) {
	b := s.box(name)
	if len(b.records) == 0 {
		s.filled++
	}
	b.records = append(b.records, r)
	b.bytes += r.Size()
	s.records++
	s.bytes += uint64(r.Size())
	s.expiry.add(deadline{at: r.Expires, box: name, id: r.ID})
	read := b.acknowledged()
	for b.records[0].ID.Less(first) && (len(b.records) > s.bounds.Records || b.bytes > s.bounds.Bytes) {
		oldest := b.records[0]
		s.remove(b, 0)
		switch {
		case !now.Before(oldest.Expires):
			s.trimmed.Expired++
		case !read.Less(oldest.ID):
			s.trimmed.Acknowledged++
		default:
			s.trimmed.Pushed++
			b.lost = oldest.ID
			if b.until.Before(oldest.Expires) {
				b.until = oldest.Expires
			}
			s.expiry.add(deadline{at: b.until, box: name})
		}
	}
}

func (s *Store) box(name journal.Box) *box {
	b := s.boxes[name]
	if b == nil {
		b = &box{}
		s.boxes[name] = b
	}
	return b
}

// remove takes a record out of its box.
func (s *Store) remove(b *box, i int) {
	size := b.records[i].Size()
	b.bytes -= size
	s.bytes -= uint64(size)
	s.records--
	if i == 0 {
		b.records[0] = journal.Record{} // the array behind it lives on
		b.records = b.records[1:]
	} else {
		b.records = slices.Delete(b.records, i, i+1)
	}
	if len(b.records) == 0 {
		s.filled--
		b.records = nil
	}
}

// acknowledged is up to where all devices have; without any, nothing is.
func (b *box) acknowledged() sse.Sequence {
	var least sse.Sequence
	first := true
	for _, d := range b.devices {
		if first || d.id.Less(least) {
			least, first = d.id, false
		}
	}
	return least
}

// from is the place of the first record above an id.
func (b *box) from(id sse.Sequence) int {
	i, found := slices.BinarySearchFunc(b.records, id, func(r journal.Record, id sse.Sequence) int { return compare(r.ID, id) })
	if found {
		i++
	}
	return i
}

func compare(a, b sse.Sequence) int {
	return cmp.Or(cmp.Compare(a.Milliseconds, b.Milliseconds), cmp.Compare(a.N, b.N))
}

// ReadAfter implements journal.Store.
func (s *Store) ReadAfter(ctx context.Context, name journal.Box, after, through sse.Sequence, limit journal.Limit) (journal.Page, error) {
	if err := errors.Join(ctx.Err(), name.Check()); err != nil {
		return journal.Page{}, fmt.Errorf("journal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return journal.Page{}, errClosed
	}
	var page journal.Page
	b := s.boxes[name]
	if b == nil {
		return page, nil
	}
	now, bytes := s.now(), 0
	for _, r := range b.records[b.from(after):] {
		if through.Less(r.ID) {
			break
		}
		if !now.Before(r.Expires) {
			continue
		}
		if len(page.Records) > 0 && (len(page.Records) >= limit.Records || bytes+len(r.Event.Data) > limit.Bytes) {
			page.More = true
			break
		}
		bytes += len(r.Event.Data)
		page.Records = append(page.Records, r)
	}
	return page, nil
}

// Find implements journal.Store.
func (s *Store) Find(ctx context.Context, name journal.Box, own string) (found journal.Match, err error) {
	if err := errors.Join(ctx.Err(), name.Check()); err != nil {
		return found, fmt.Errorf("journal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return found, errClosed
	}
	if b := s.boxes[name]; b != nil && own != "" {
		now := s.now()
		for _, r := range b.records {
			if r.Event.ID.String() != own || !now.Before(r.Expires) {
				continue
			}
			if found.Several = !found.Oldest.IsZero(); found.Several {
				break
			}
			found.Oldest = r.ID
		}
	}
	return found, nil
}

// Cursors implements journal.Store.
func (s *Store) Cursors(ctx context.Context, name journal.Box) (journal.Cursors, error) {
	if err := errors.Join(ctx.Err(), name.Check()); err != nil {
		return journal.Cursors{}, fmt.Errorf("journal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return journal.Cursors{}, errClosed
	}
	var c journal.Cursors
	b := s.boxes[name]
	if b == nil {
		return c, nil
	}
	if len(b.devices) > 0 {
		c.Devices = make(map[string]sse.Sequence, len(b.devices))
	}
	for device, d := range b.devices {
		c.Devices[device] = d.id
	}
	if s.now().Before(b.until) {
		c.Lost = b.lost
	}
	return c, nil
}

// Advance implements journal.Store.
func (s *Store) Advance(ctx context.Context, positions []journal.Position, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := journal.CheckPositions(positions); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	var refused error
	for _, p := range positions {
		b := s.boxes[p.Box]
		if (b == nil || b.records == nil && b.devices == nil) && !s.hasRoom(p) {
			refused = fmt.Errorf("%w: a new device is not noted: all have %d bytes in memory", journal.ErrFull, s.deviceBytes)
			continue
		}
		b = s.box(p.Box)
		was := b.acknowledged()
		d, known := b.devices[p.Device]
		var forgotten []device
		for !known && len(b.devices) >= s.bounds.Devices {
			forgotten = append(forgotten, s.forget(p.Box, b, b.longestUnseen()))
		}
		if !known {
			s.entries++
			s.devices++
			d.entry = s.entries
			s.deviceBytes += deviceSize(p.Box, p.Device)
			s.unseen.add(deadline{at: now, box: p.Box, device: p.Device, entry: d.entry})
		}
		if b.devices == nil {
			b.devices = map[string]device{}
		}
		if d.id.Less(p.ID) {
			d.id = p.ID
		}
		if d.seen.Before(now) {
			d.seen = now
		}
		b.devices[p.Device] = d
		if was.Less(b.acknowledged()) {
			s.acked[p.Box] = true
		}
		for _, gone := range forgotten {
			s.loseTo(p.Box, b, gone.id, now)
		}
	}
	s.tidy()
	return refused
}

// hasRoom reports whether there is room for the first device of a box that is empty.
func (s *Store) hasRoom(p journal.Position) bool {
	return s.deviceBytes+deviceSize(p.Box, p.Device) <= s.bounds.Total/4
}

// loseTo notes what a device that was forgotten had not passed, and goes since the others
// have.
func (s *Store) loseTo(name journal.Box, b *box, id sse.Sequence, now time.Time) {
	through := b.acknowledged()
	if !id.Less(through) {
		return
	}
	for _, r := range b.records[b.from(id):b.from(through)] {
		if !now.Before(r.Expires) {
			continue
		}
		if b.lost.Less(r.ID) {
			b.lost = r.ID
		}
		if b.until.Before(r.Expires) {
			b.until = r.Expires
		}
		s.expiry.add(deadline{at: b.until, box: name})
	}
}

func (b *box) longestUnseen() string {
	var oldest string
	first := true
	for name, d := range b.devices {
		if first || d.seen.Before(b.devices[oldest].seen) || d.seen.Equal(b.devices[oldest].seen) && name < oldest {
			oldest, first = name, false
		}
	}
	return oldest
}

// Clear implements journal.Store.
func (s *Store) Clear(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.boxes, s.acked = map[journal.Box]*box{}, map[journal.Box]bool{}
	s.expiry, s.unseen = nil, nil
	s.records, s.bytes, s.filled = 0, 0, 0
	s.devices, s.deviceBytes = 0, 0
	s.trimmed = journal.Trimmed{}
	return nil
}

// Newest implements journal.Store.
func (s *Store) Newest() sse.Sequence {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest.Less(s.reach) {
		return s.reach
	}
	return s.newest
}

// Sync implements journal.Store: there is nothing to do.
func (s *Store) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	return nil
}

// Reach implements journal.Store.
func (s *Store) Reach(id sse.Sequence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.reach.Less(id) {
		s.reach = id
	}
	return nil
}

// Durable implements journal.Store.
func (s *Store) Durable() bool { return false }

// Usage implements journal.Store.
func (s *Store) Usage() journal.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return journal.Usage{Records: uint64(s.records), Bytes: s.bytes, Boxes: s.filled}
}

// Close implements journal.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

var _ journal.Store = (*Store)(nil)
