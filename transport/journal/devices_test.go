package journal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// model is what should be known: written from the rules, without a store.
type model struct {
	records []journal.Record
	cursors map[journal.Box]map[string]sse.Sequence
	gone    map[place]bool // what may be: all devices there were had passed it
}

type place struct {
	box journal.Box
	id  sse.Sequence
}

func (m *model) note(box journal.Box, device string, id sse.Sequence) {
	if m.cursors[box] == nil {
		m.cursors[box] = map[string]sse.Sequence{}
	}
	if was, known := m.cursors[box][device]; !known || was.Less(id) {
		m.cursors[box][device] = id
	}
	for _, r := range m.records {
		if m.passed(box, r.ID) {
			m.gone[place{box, r.ID}] = true
		}
	}
}

// inUse reports whether a box has devices, or was given something: then none could remove it.
func (m *model) inUse(box journal.Box) bool {
	return len(m.cursors[box]) > 0 || slices.ContainsFunc(m.records, func(r journal.Record) bool { return slices.Contains(r.Boxes, box) })
}

// begins is where a device goes on in a box.
func (m *model) begins(box journal.Box, device string) (highest sse.Sequence) {
	if at, known := m.cursors[box][device]; known {
		return at
	}
	for _, at := range m.cursors[box] {
		if highest.Less(at) {
			highest = at
		}
	}
	return highest
}

// passed reports whether all devices of a box have an id behind them.
func (m *model) passed(box journal.Box, id sse.Sequence) bool {
	for _, at := range m.cursors[box] {
		if at.Less(id) {
			return false
		}
	}
	return true
}

// visit is a connect: what must be read, and what may be.
func (m *model) visit(who journal.Receiver, last sse.Sequence) (must, may []sse.Sequence) {
	from := map[journal.Box]sse.Sequence{}
	shared := last
	for _, box := range []journal.Box{{Kind: journal.User, Name: who.User}, {Kind: journal.Session, Name: who.Session}} {
		if box.Name == "" {
			continue
		}
		if from[box] = last; last.IsZero() {
			from[box] = m.begins(box, who.Device)
		}
		if shared.IsZero() {
			shared = from[box]
		}
	}
	if !shared.IsZero() {
		from[everybody] = shared
		for _, topic := range who.Topics {
			from[journal.Box{Kind: journal.Topic, Name: topic}] = shared
		}
	}
	// Noted before it is read: what this connect acknowledges may go at once.
	for box, at := range from {
		if box.Kind == journal.User || box.Kind == journal.Session && !last.IsZero() && m.inUse(box) {
			m.note(box, who.Device, at)
		}
	}
	for _, r := range m.records {
		certain, possible := false, false
		for _, box := range r.Boxes {
			if at, reads := from[box]; reads && at.Less(r.ID) {
				possible = true
				certain = certain || !box.Acknowledged() || !m.gone[place{box, r.ID}]
			}
		}
		if certain {
			must = append(must, r.ID)
		}
		if possible {
			may = append(may, r.ID)
		}
	}
	return must, may
}

// Devices that come and go with and without a Last-Event-ID, that acknowledge and fall
// back, users at sessions of others, while records come in and are removed.
func TestEachDeviceGetsWhatItHasNotAcknowledged(t *testing.T) {
	onEachStore(t, eachDeviceGetsWhatItHasNotAcknowledged)
}

func eachDeviceGetsWhatItHasNotAcknowledged(t *testing.T, newStore func(testing.TB) journal.Store) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 11))
		store := newStore(t)
		m := &model{cursors: map[journal.Box]map[string]sse.Sequence{}, gone: map[place]bool{}}
		boxes := []journal.Box{alice, bob, kiosk, news, weather, everybody}
		receiver := func() journal.Receiver {
			who := journal.Receiver{User: []string{"", "alice", "bob"}[random.IntN(3)], Device: fmt.Sprint("device", random.IntN(3))}
			if who.User == "" || random.IntN(2) == 0 {
				who.Session = "kiosk"
			}
			who.Topics = []string{"news", "weather"}[:random.IntN(3)]
			return who
		}
		for n := uint64(1); n < 300; {
			switch random.IntN(5) {
			case 0, 1:
				to := slices.Clone(boxes)
				random.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
				to = to[:1+random.IntN(2)]
				put(t, store, n, to...)
				m.records = append(m.records, journal.Record{ID: at(n), Boxes: to})
				n++
			case 2:
				who, last := receiver(), sse.Sequence{}
				if random.IntN(2) == 0 {
					last = at(random.Uint64N(n))
				}
				must, may := m.visit(who, last)
				ids, lost := readAll(t, store, who, last)
				require.False(t, lost)
				require.True(t, slices.IsSorted(ids))
				for _, id := range must {
					if !slices.Contains(ids, id.N) {
						require.FailNow(t, "a record is missing", "seed %d: %v for %+v after %v", seed, id, who, last)
					}
				}
				for _, id := range ids {
					if !slices.Contains(may, at(id)) {
						require.FailNow(t, "a record too many", "seed %d: %v for %+v after %v", seed, id, who, last)
					}
				}
			case 3:
				who, id := receiver(), at(random.Uint64N(n))
				require.NoError(t, who.Acknowledge(t.Context(), store, id, time.Now()))
				for _, box := range []journal.Box{{Kind: journal.User, Name: who.User}, {Kind: journal.Session, Name: who.Session}} {
					if box.Name != "" && (box.Kind == journal.User || m.inUse(box)) {
						m.note(box, who.Device, id)
					}
				}
			case 4:
				for more := true; more; {
					trimmed, err := store.Trim(t.Context(), time.Now())
					require.NoError(t, err)
					more = trimmed.More
				}
			}
		}
	}
}
