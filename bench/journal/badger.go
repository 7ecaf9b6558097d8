//go:build !nobadger

package main

import (
	"github.com/dgraph-io/badger/v4"
)

func init() { stores["badger"] = openBadger }

type badgerStore struct{ db *badger.DB }

func openBadger(dir string) (store, error) {
	db, err := badger.Open(badger.DefaultOptions(dir).WithSyncWrites(true).WithValueLogFileSize(64 << 20).WithLogger(nil).WithMetricsEnabled(false))
	return &badgerStore{db}, err
}

func (s *badgerStore) append(batch []record) error {
	return s.db.Update(func(tx *badger.Txn) error {
		for _, r := range batch {
			if err := tx.Set(key(r.box, r.id), r.data); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *badgerStore) read(box string, after uint64, limit int) ([][]byte, error) {
	var got [][]byte
	err := s.db.View(func(tx *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.Prefix = append([]byte(box), 0)
		o.PrefetchSize = min(limit, 100)
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Seek(key(box, after+1)); it.Valid() && len(got) < limit; it.Next() {
			v, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			got = append(got, v)
		}
		return nil
	})
	return got, err
}

func (s *badgerStore) close() error { return s.db.Close() }
