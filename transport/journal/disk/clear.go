package disk

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Clear implements journal.Store.
func (s *Store) Clear(ctx context.Context) error {
	return s.writer.ask(ctx, newJob(s.clear))
}

func (s *Store) clear() error {
	if err := s.writable(); err != nil {
		return err
	}
	err := s.change(func(db *pebble.DB) error {
		batch := db.NewBatch()
		defer batch.Close()
		for _, kind := range []byte{recordKey, ownKey, expiryKey, cursorKey, seenKey, lostKey, ackedKey} {
			_ = batch.DeleteRange([]byte{kind}, after([]byte{kind}), nil) // a batch takes all
		}
		none := counts{newest: s.counts.newest}
		_ = batch.Set(countsKey, none.encode(), nil)
		if err := batch.Commit(pebble.NoSync); err != nil {
			return err
		}
		if cause := s.guard.failed(); cause != nil {
			return cause
		}
		s.removed += s.counts.bytes
		s.counts = none
		s.sizes.forget()
		s.publish()
		s.trimmed.take()
		s.measure(db)
		s.tidy()
		return nil
	})
	if err != nil {
		return fmt.Errorf("journal: clear: %w", err)
	}
	return nil
}
