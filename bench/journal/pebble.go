//go:build !nopebble

package main

import (
	"bytes"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

func init() { stores["pebble"] = openPebble }

type pebbleStore struct{ db *pebble.DB }

// quiet keeps a library's chatter out of the results.
type quiet struct{}

func (quiet) Infof(string, ...any)           {}
func (quiet) Errorf(string, ...any)          {}
func (quiet) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

func openPebble(dir string) (store, error) {
	db, err := pebble.Open(dir, &pebble.Options{Logger: quiet{}, FormatMajorVersion: pebble.FormatNewest})
	return &pebbleStore{db}, err
}

func (s *pebbleStore) append(batch []record) error {
	b := s.db.NewBatch()
	defer b.Close()
	for _, r := range batch {
		if err := b.Set(key(r.box, r.id), r.data, nil); err != nil {
			return err
		}
	}
	return b.Commit(pebble.Sync)
}

func (s *pebbleStore) read(box string, after uint64, limit int) ([][]byte, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: key(box, after+1), UpperBound: append([]byte(box), 1)})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var got [][]byte
	for ok := it.First(); ok && len(got) < limit; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return got, err
		}
		got = append(got, bytes.Clone(v))
	}
	return got, it.Error()
}

func (s *pebbleStore) close() error { return s.db.Close() }
