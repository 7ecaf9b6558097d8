package transport

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// mailStore is a journal that notes what it is given, and fails when it is told to.
type mailStore struct {
	journal.Store // that is read: an empty one, unless a test has another
	durable       bool

	mu      sync.Mutex
	records []journal.Record
	fault   error
}

func withStore(store *mailStore) func(*Options) {
	if store.Store == nil {
		store.Store = newMailboxes()
	}
	return func(o *Options) { o.Journal, o.MailboxAge = store, time.Hour }
}

func (m *mailStore) Append(_ context.Context, records []journal.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault == nil {
		m.records = append(m.records, records...)
	}
	return m.fault
}

func (m *mailStore) fail(fault error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// kept is the data of what was kept.
func (m *mailStore) kept() (data []string) {
	for _, r := range m.all() {
		data = append(data, r.Event.Data)
	}
	return data
}

func (m *mailStore) all() []journal.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.records)
}

func (m *mailStore) Newest() sse.Sequence {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.records) == 0 {
		return sse.Sequence{}
	}
	return m.records[len(m.records)-1].ID
}

func (m *mailStore) Trim(context.Context, time.Time) (journal.Trimmed, error) {
	return journal.Trimmed{}, nil
}
func (m *mailStore) Clear(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault == nil {
		m.records = nil
	}
	return m.fault
}
func (m *mailStore) Reach(sse.Sequence) error { return nil }
func (m *mailStore) Sync() error              { return nil }
func (m *mailStore) Durable() bool            { return m.durable }
func (m *mailStore) Usage() journal.Usage {
	return journal.Usage{Records: uint64(len(m.all())), Bytes: 7, Boxes: 1}
}
