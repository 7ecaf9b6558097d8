package main

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/transport/handover"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
	"github.com/sseactor/sseactor/transport/journal/memory"
)

// mailboxes is what the program keeps of events beyond the moment: the journal, and in its
// directory the history, from one process to the next.
type mailboxes struct {
	store journal.Store
	log   *slog.Logger
	dir   string      // empty: nothing outlives the process
	past  *actor.Past // that the process before has left; nil: none
}

// openMailboxes opens what is configured. It is the program's alone until close.
func openMailboxes(c *config.Config, log *slog.Logger) (*mailboxes, error) {
	bounds := journal.Bounds{Records: c.MailboxEvents, Bytes: c.MailboxBytes, Age: c.MailboxAge, Devices: c.MailboxDevices}
	if c.DataDir == "" {
		bounds.Total = uint64(c.MailboxMemory)
		store, err := memory.New(bounds, time.Now)
		if err != nil {
			return nil, err
		}
		return &mailboxes{store: store, log: log}, nil
	}
	bounds.Total = uint64(c.JournalBytes)
	began := time.Now()
	damage := &damageLog{log: log}
	store, err := disk.Open(disk.Options{Dir: c.DataDir, Bounds: bounds, Damaged: damage.found})
	if err != nil {
		return nil, fmt.Errorf("setting data-dir: %w", err)
	}
	m := &mailboxes{store: journal.NewCache(store, c.MailboxAge), log: log, dir: c.DataDir}
	if m.past, err = handover.Load(m.dir); err != nil {
		log.Warn("the history begins anew: that of the process before can't be used; clients are told that they may have missed something", "error", err)
	}
	usage := store.Usage()
	log.Info("journal opened", "dir", c.DataDir, "records", usage.Records, "mailboxes", usage.Boxes, "bytes", usage.Bytes,
		"newest", store.Newest().String(), "damaged", damage.count.Load(), "took", time.Since(began).Round(time.Millisecond).String())
	return m, nil
}

// begin gives the hub what the process before has left.
func (m *mailboxes) begin(o *actor.Options) {
	o.LastID = m.store.Newest()
	if m.past != nil {
		past := *m.past // the hub takes the events out of its own
		o.Past = &past
	}
}

// began says that streams are served: the history is the hub's, to keep and to forget.
func (m *mailboxes) began() { m.past = nil }

// keepHistory leaves the history of a hub that has stopped to the next process.
func (m *mailboxes) keepHistory(hub *actor.Hub) {
	if m.dir == "" {
		return
	}
	if err := handover.Save(m.dir, hub.Handover()); err != nil {
		m.log.Error("the history could not be kept; clients that come back are told that they may have missed something", "error", err)
	}
}

// close closes the journal. A history that no hub has gone on with is put back: a process
// that can't listen must not cost the next one what it has found.
func (m *mailboxes) close() {
	var err error
	if m.past != nil {
		err = handover.Save(m.dir, *m.past)
	}
	if err = errors.Join(err, m.store.Close()); err != nil {
		m.log.Error("the journal could not be closed", "error", err)
	}
}

// damageLog tells the log what the journal can't read: of the first places each, and then
// that there are more.
type damageLog struct {
	log   *slog.Logger
	count atomic.Int64
}

// maxDamageLines bounds them: of a broken disk there may be one for each record.
const maxDamageLines = 100

func (d *damageLog) found(where string, err error) {
	switch n := d.count.Add(1); {
	case n <= maxDamageLines:
		d.log.Error("the journal is damaged", "where", where, "error", err)
	case n == maxDamageLines+1:
		d.log.Error("the journal is damaged in more places; sseactor journal verify lists them")
	}
}
