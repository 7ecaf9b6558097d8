package disk

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// benchStore opens a store on the disk of the temporary directory, which must not be in
// memory for the syncs to mean anything (TMPDIR=).
func benchStore(b *testing.B, dir string) *Store {
	bounds := journal.DefaultBounds()
	bounds.Total = 8 << 30
	s, err := Open(Options{Dir: dir, Bounds: bounds})
	require.NoError(b, err)
	return s
}

// batchOf gives records of 300 bytes, each for the box of another user of 20,000.
func batchOf(next *int, size int) []journal.Record {
	records := make([]journal.Record, size)
	expires := time.Now().Add(24 * time.Hour)
	for i := range records {
		*next++
		records[i] = journal.Record{
			ID:      id(*next),
			Event:   sse.Event{Data: noise(*next, 300)},
			Boxes:   []journal.Box{{Kind: journal.User, Name: fmt.Sprintf("user-%05d", *next*7919%20_000)}},
			Expires: expires,
		}
	}
	return records
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 5, 50, 250, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s := benchStore(b, b.TempDir())
			next := 0
			for b.Loop() {
				require.NoError(b, s.Append(context.Background(), batchOf(&next, size)))
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
			require.NoError(b, s.Close())
		})
	}
}

// A box that is full loses a record with each that comes.
func BenchmarkAppendToAFullBox(b *testing.B) {
	s := benchStore(b, b.TempDir())
	next := 0
	for b.Loop() {
		records := batchOf(&next, 250)
		for i := range records {
			records[i].Boxes[0] = journal.Box{Kind: journal.Everybody}
		}
		require.NoError(b, s.Append(context.Background(), records))
	}
	b.ReportMetric(float64(b.N*250)/b.Elapsed().Seconds(), "events/s")
	require.NoError(b, s.Close())
}

func BenchmarkAdvance(b *testing.B) {
	s := benchStore(b, b.TempDir())
	n := 0
	for b.Loop() {
		n++
		p := journal.Position{Box: journal.Box{Kind: journal.User, Name: fmt.Sprint(n % 20_000)}, Device: "phone", ID: id(n)}
		require.NoError(b, s.Advance(context.Background(), []journal.Position{p}, time.Now()))
	}
	require.NoError(b, s.Close())
}

// BenchmarkLarge works with a journal of 1 GB, of boxes with 20 and with 1,000 records. It
// is made once, in the directory that SSEACTOR_BENCH_JOURNAL names, and left as if the
// process had been killed. Without that name it is a hundredth as large.
func BenchmarkLarge(b *testing.B) {
	dir, total := os.Getenv("SSEACTOR_BENCH_JOURNAL"), 2_900_000
	if dir == "" {
		dir, total = filepath.Join(b.TempDir(), "journal"), total/100
	}
	small := func(n int) journal.Box {
		return journal.Box{Kind: journal.User, Name: fmt.Sprint("small-", n%(total/40))}
	}
	large := func(n int) journal.Box {
		return journal.Box{Kind: journal.User, Name: fmt.Sprint("large-", n%(total/2_000))}
	}
	if _, err := os.Stat(dir); err != nil {
		s := benchStore(b, dir)
		for next := 0; next < total; {
			records := batchOf(&next, 1_000)
			for i := range records {
				n := int(records[i].ID.Milliseconds - id(0).Milliseconds)
				if records[i].Boxes[0] = large(n / 2); n%2 == 0 {
					records[i].Boxes[0] = small(n / 2)
				}
			}
			require.NoError(b, s.Append(context.Background(), records))
		}
		require.NoError(b, s.Close())
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			s := benchStore(b, dir)
			b.StopTimer()
			require.NoError(b, s.Close())
			b.StartTimer()
		}
	})
	s := benchStore(b, dir)
	defer s.Close()
	b.Logf("%+v", s.Usage())
	for n, box := range map[int]func(int) journal.Box{20: small, 1000: large} {
		b.Run(fmt.Sprintf("read=%d", n), func(b *testing.B) {
			i := 0
			for b.Loop() {
				i += 7919
				page, err := s.ReadAfter(context.Background(), box(i), sse.Sequence{}, s.Newest(), journal.Limit{Records: 2_000, Bytes: 1 << 20})
				require.NoError(b, err)
				require.GreaterOrEqual(b, len(page.Records), n-1)
			}
		})
	}
}
