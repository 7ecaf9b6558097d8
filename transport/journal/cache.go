package journal

import (
	"context"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Cache is a Store that remembers what each connect asks: where the devices of a box
// stand, and above which id there is nothing in it. Most boxes are empty, and most devices
// come back soon.
//
// It is for a store that no other process changes, and is used in its place by all.
type Cache struct {
	Store
	notedFor time.Duration

	mu       sync.Mutex
	changes  uint64 // what was read while this moved is not remembered
	appended sse.Sequence
	young    map[Box]*remembered
	weight   int                 // of the young, in bytes
	old      map[Box]*remembered // the generation before it
}

// remembered is what is known of a box.
type remembered struct {
	cursors *Cursors // nil: not known. Those who have asked share it: it is never changed
	noted   []noting // devices that the store was told of not long ago
	quiet   bool     // there is nothing above
	above   sse.Sequence
	weight  int // in bytes, as it was last counted
}

type noting struct {
	device string
	at     time.Time
}

const (
	// maxRemembered is how many boxes one of the two generations has, and maxWeight how
	// many bytes: visitors choose how long the names of their devices are.
	maxRemembered = 1 << 14
	maxWeight     = 8 << 20
	// maxNotedFor is how long, at most, a device that comes back where it stands need not
	// be noted again: the store knows to that when it was seen.
	maxNotedFor = 10 * time.Minute
	// maxNoted is how many of a box's devices are remembered so.
	maxNoted = 16
)

// NewCache puts a cache before a store that is used by nobody yet, and that forgets
// devices which were not seen for so long as age.
func NewCache(store Store, age time.Duration) *Cache {
	return &Cache{Store: store, notedFor: min(maxNotedFor, age/10), appended: store.Newest(), young: map[Box]*remembered{}}
}

// recall gives what is known of a box; nil: nothing is. The caller has the lock.
func (c *Cache) recall(box Box) *remembered {
	m := c.young[box]
	if m == nil {
		if m = c.old[box]; m != nil {
			c.keep(box, m)
		}
	}
	return m
}

// memoryOf is recall for something to be remembered.
func (c *Cache) memoryOf(box Box) *remembered {
	m := c.recall(box)
	if m == nil {
		m = &remembered{}
		c.keep(box, m)
	}
	return m
}

func (c *Cache) keep(box Box, m *remembered) {
	if len(c.young) >= maxRemembered || c.weight >= maxWeight {
		c.young, c.weight, c.old = map[Box]*remembered{}, 0, c.young
	}
	c.young[box] = m
	c.weight += m.weight
}

// weigh counts what is known of a box, which is among the young, when it may have grown.
func (c *Cache) weigh(box Box, m *remembered) {
	const each, entry = 256, 64 // with what maps and slices add
	w := each + len(box.Name)
	if m.cursors != nil {
		for device := range m.cursors.Devices {
			w += entry + len(device)
		}
	}
	for _, n := range m.noted {
		w += entry + len(n.device)
	}
	c.weight += w - m.weight
	m.weight = w
}

// changing forgets by forget, now and once change has been done: what was read in between
// may be of before it.
func (c *Cache) changing(forget func(), change func() error) error {
	locked := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changes++
		forget()
	}
	locked()
	defer locked()
	return change()
}

// Append implements Store.
func (c *Cache) Append(ctx context.Context, records []Record) error {
	return c.changing(func() {
		for i := range records {
			if c.appended.Less(records[i].ID) {
				c.appended = records[i].ID
			}
			for _, box := range records[i].Boxes {
				if m := c.recall(box); m != nil {
					m.cursors, m.quiet = nil, false // what is pushed out moves Cursors.Lost
				}
			}
		}
	}, func() error { return c.Store.Append(ctx, records) })
}

// ReadAfter implements Store.
func (c *Cache) ReadAfter(ctx context.Context, box Box, after, through sse.Sequence, limit Limit) (Page, error) {
	c.mu.Lock()
	m, changes, all := c.recall(box), c.changes, !through.Less(c.appended)
	if m != nil && m.quiet && !after.Less(m.above) {
		c.mu.Unlock()
		return Page{}, ctx.Err()
	}
	c.mu.Unlock()
	page, err := c.Store.ReadAfter(ctx, box, after, through, limit)
	if err == nil && all && len(page.Records) == 0 && !page.More && !page.Damaged {
		c.remember(changes, box, func(m *remembered) { m.quiet, m.above = true, after })
	}
	return page, err
}

// Cursors implements Store. Its map belongs to all who ask.
func (c *Cache) Cursors(ctx context.Context, box Box) (Cursors, error) {
	c.mu.Lock()
	m, changes := c.recall(box), c.changes
	if m != nil && m.cursors != nil {
		defer c.mu.Unlock()
		return *m.cursors, ctx.Err()
	}
	c.mu.Unlock()
	cursors, err := c.Store.Cursors(ctx, box)
	if err == nil && cursors.Lost.IsZero() { // which ends at its time
		c.remember(changes, box, func(m *remembered) { m.cursors = &cursors })
	}
	return cursors, err
}

// remember notes what was read when there had been so many changes.
func (c *Cache) remember(changes uint64, box Box, note func(*remembered)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == changes {
		m := c.memoryOf(box)
		note(m)
		c.weigh(box, m)
	}
}

// Advance implements Store. A device that stands where it stood, and was noted not long
// ago, is not noted again.
func (c *Cache) Advance(ctx context.Context, positions []Position, now time.Time) error {
	news := c.news(positions, now)
	if len(news) == 0 {
		return ctx.Err()
	}
	err := c.changing(func() {
		for _, p := range news {
			if m := c.recall(p.Box); m != nil {
				m.cursors = nil
			}
		}
	}, func() error { return c.Store.Advance(ctx, news, now) })
	if err == nil {
		c.noted(news, now)
	}
	return err
}

// news are the positions that the store does not know.
func (c *Cache) news(positions []Position, now time.Time) (news []Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range positions {
		if m := c.recall(p.Box); m == nil || !m.knows(p, now.Add(-c.notedFor)) {
			news = append(news, p)
		}
	}
	return news
}

// knows reports whether a device stands there already and was noted since then.
func (m *remembered) knows(p Position, since time.Time) bool {
	if m.cursors == nil {
		return false
	}
	if at, known := m.cursors.Devices[p.Device]; !known || at.Less(p.ID) {
		return false
	}
	for _, n := range m.noted {
		if n.device == p.Device {
			return since.Before(n.at)
		}
	}
	return false
}

func (c *Cache) noted(positions []Position, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range positions {
		m := c.memoryOf(p.Box)
		kept := m.noted[:0]
		for _, n := range m.noted {
			if n.device != p.Device {
				kept = append(kept, n)
			}
		}
		if len(kept) == maxNoted {
			kept = append(kept[:0], kept[1:]...)
		}
		m.noted = append(kept, noting{p.Device, now})
		c.weigh(p.Box, m)
	}
}

// Trim implements Store.
func (c *Cache) Trim(ctx context.Context, now time.Time) (removed Trimmed, err error) {
	removed, err = c.Store.Trim(ctx, now)
	if err != nil || removed.Devices > 0 {
		c.forgetAll()
	}
	return removed, err
}

// Clear implements Store.
func (c *Cache) Clear(ctx context.Context) error {
	defer c.forgetAll()
	return c.Store.Clear(ctx)
}

func (c *Cache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.young, c.weight, c.old = map[Box]*remembered{}, 0, nil
}
