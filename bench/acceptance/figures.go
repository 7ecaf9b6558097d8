//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
)

// level is what the server holds at one moment.
type level struct {
	loadgen.Usage
	goroutines int
	heap       int64 // go_memstats_heap_inuse_bytes
}

// level reads the server's usage: the median RSS of five readings a fifth of a
// second apart, all else from the last of them.
func (s *server) level(ctx context.Context) (l level, err error) {
	// Connections of publishers are not what is measured; the readings give the
	// server time to notice.
	s.Publisher.Close()
	var rss, private []int64
	for i := range 5 {
		if i > 0 {
			if err := process.Pause(ctx, 200*time.Millisecond); err != nil {
				return l, err
			}
		}
		if l.Usage, err = s.Usage(); err != nil {
			return l, fmt.Errorf("read the server's usage: %w", err)
		}
		rss, private = append(rss, l.RSS), append(private, l.Private)
	}
	l.RSS, l.Private = median(rss), median(private)
	m, err := s.Metrics(ctx)
	if err != nil {
		return l, err
	}
	l.goroutines = int(m["go_goroutines"])
	l.heap = int64(m["go_memstats_heap_inuse_bytes"])
	return l, nil
}

// liveHeap has the server collect its garbage, and gives the bytes that are left.
func (s *server) liveHeap(ctx context.Context) (int64, error) {
	if _, err := s.Get(ctx, "/debug/pprof/heap?gc=1"); err != nil {
		return 0, fmt.Errorf("have the server collect its garbage: %w", err)
	}
	m, err := s.Metrics(ctx)
	return int64(m["go_memstats_heap_alloc_bytes"]), err
}

func (l level) String() string {
	return fmt.Sprintf("%s RSS (%s not of files), %s heap in use, %d goroutines, %d threads, %d descriptors",
		mebibytes(l.RSS), mebibytes(l.Private), mebibytes(l.heap), l.goroutines, l.Threads, l.FDs)
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// sparkline draws counts with one character each.
func sparkline(counts []int) string {
	const steps = " ▁▂▃▄▅▆▇█"
	levels := []rune(steps)
	top := max(1, slices.Max(counts))
	var b strings.Builder
	for _, n := range counts {
		i := (n*(len(levels)-1) + top - 1) / top
		b.WriteRune(levels[i])
	}
	return b.String()
}
