//go:build !nobbolt

package main

import (
	"bytes"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

func init() { stores["bbolt"] = openBolt }

type boltStore struct{ db *bbolt.DB }

var bucket = []byte("records")

func openBolt(dir string) (store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	// The list of free pages is found by a scan at the start instead of being written
	// with each commit: without that a commit costs what the file is large.
	db, err := bbolt.Open(filepath.Join(dir, "bolt"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	return &boltStore{db}, err
}

func (s *boltStore) append(batch []record) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		for _, r := range batch {
			if err := b.Put(key(r.box, r.id), r.data); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *boltStore) read(box string, after uint64, limit int) ([][]byte, error) {
	var got [][]byte
	err := s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucket).Cursor()
		end := append([]byte(box), 1)
		for k, v := c.Seek(key(box, after+1)); k != nil && bytes.Compare(k, end) < 0 && len(got) < limit; k, v = c.Next() {
			got = append(got, bytes.Clone(v))
		}
		return nil
	})
	return got, err
}

func (s *boltStore) close() error { return s.db.Close() }
