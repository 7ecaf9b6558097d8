package journal_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
	"github.com/sseactor/sseactor/transport/journal/memory"
)

// BenchmarkCommitter is what publishers get through a committer, with the hub behind it:
// events of 300 bytes for 1,000 users in turn, from so many publishers at once. Beside it
// stands what the disk does without any of it: one write and one sync for each.
func BenchmarkCommitter(b *testing.B) {
	bounds := journal.DefaultBounds()
	stores := map[string]func(b *testing.B) journal.Store{
		"memory": func(b *testing.B) journal.Store {
			store, err := memory.New(bounds, time.Now)
			require.NoError(b, err)
			return store
		},
		"disk": func(b *testing.B) journal.Store {
			store, err := disk.Open(disk.Options{Dir: b.TempDir(), Bounds: bounds})
			require.NoError(b, err)
			return store
		},
	}
	for _, name := range []string{"memory", "disk"} {
		for _, publishers := range []int{1, 16, 256} {
			for _, batch := range []int{1, 100} {
				b.Run(fmt.Sprintf("store=%s/publishers=%d/batch=%d", name, publishers, batch), func(b *testing.B) {
					benchmarkCommitter(b, stores[name](b), publishers, batch)
				})
			}
		}
	}
	b.Run("fsync", func(b *testing.B) {
		f, err := os.Create(b.TempDir() + "/f")
		require.NoError(b, err)
		defer f.Close()
		page := make([]byte, 4096)
		for b.Loop() {
			_, err := f.Write(page)
			require.NoError(b, err)
			require.NoError(b, f.Sync())
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
	})
}

func benchmarkCommitter(b *testing.B, store journal.Store, publishers, batch int) {
	hub, err := actor.New(actor.Options{Start: time.Now(), LastID: store.Newest()})
	require.NoError(b, err)
	hub.Start()
	c := journal.NewCommitter(journal.CommitterOptions{Store: store, Hub: hub, MaxAge: time.Hour, Log: slog.New(slog.DiscardHandler)})
	c.Start()
	defer func() {
		hub.Stop()
		c.Stop()
		require.NoError(b, store.Close())
	}()
	data := strings.Repeat("x", 300)
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	turns := make(chan int)
	for range publishers {
		all.Go(func() {
			events := make([]journal.Publication, batch)
			for turn := range turns {
				for i := range events {
					events[i] = journal.Publication{
						Event:  sse.Event{Data: data, Persistent: true},
						Target: actor.Target{UserID: fmt.Sprint((turn*batch + i) % 1000)},
					}
				}
				if _, err := c.Publish(context.Background(), events); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range b.N {
		turns <- i
	}
	close(turns)
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(c.Stats().Events)/float64(c.Stats().Commits), "events/commit")
}
