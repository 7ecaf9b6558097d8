//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	recordBytes = 300
	boxes       = 20_000 // that events go to, in an order that looks random
	perSecond   = 10_000
	period      = 10 * time.Second
)

// syncs is the disk's own rate: 4 KB written at the end of a file, and synced.
func syncs(dir string) (string, error) {
	f, err := os.CreateTemp(dir, "sync")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	var took []time.Duration
	for begin := time.Now(); time.Since(begin) < 5*time.Second; {
		one := time.Now()
		if _, err := f.Write(block); err != nil {
			return "", err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return "", err
		}
		took = append(took, time.Since(one))
	}
	return fmt.Sprintf("%d/s, p50 %v, p99 %v", len(took)/5, quantile(took, 50), quantile(took, 99)), nil
}

func box(i uint64) string { return fmt.Sprintf("user-%05d", i*7919%boxes) }

// paced appends 10,000 events a second, in batches of what has arrived meanwhile, as the
// committer does.
func paced(dir, name string) (string, error) {
	s, err := fresh(dir, name)
	if err != nil {
		return "", err
	}
	defer s.close()
	arrivals := make(chan time.Time, 65536)
	go func() {
		defer close(arrivals)
		begin := time.Now()
		for n := 0; n < perSecond*int(period/time.Second); {
			due := int(time.Since(begin).Seconds() * perSecond)
			for ; n < due; n++ {
				arrivals <- begin.Add(time.Duration(n) * time.Second / perSecond)
			}
			time.Sleep(200 * time.Microsecond)
		}
	}()
	var took []time.Duration
	batches, id := 0, uint64(0)
	cpu, begin := used(), time.Now()
	for at := range arrivals {
		ats := []time.Time{at}
	more:
		for len(ats) < 1000 {
			select {
			case at, ok := <-arrivals:
				if !ok {
					break more
				}
				ats = append(ats, at)
			default:
				break more
			}
		}
		batch := make([]record, len(ats))
		for i := range batch {
			id++
			batch[i] = newRecord(box(id), id, recordBytes)
		}
		if err := s.append(batch); err != nil {
			return "", err
		}
		batches++
		for _, at := range ats {
			took = append(took, time.Since(at))
		}
	}
	wall := time.Since(begin)
	return fmt.Sprintf("%.0f/s, wait p50 %v p99 %v max %v, %.0f syncs/s, CPU %.0f %%, RSS %d MB", float64(id)/wall.Seconds(),
		quantile(took, 50), quantile(took, 99), quantile(took, 100), float64(batches)/wall.Seconds(), 100*float64(used()-cpu)/float64(wall), rss()), nil
}

// ceiling appends batches of 256 as fast as they are taken.
func ceiling(dir, name string) (string, error) {
	s, err := fresh(dir, name)
	if err != nil {
		return "", err
	}
	defer s.close()
	id := uint64(0)
	begin := time.Now()
	for time.Since(begin) < period {
		batch := make([]record, 256)
		for i := range batch {
			id++
			batch[i] = newRecord(box(id), id, recordBytes)
		}
		if err := s.append(batch); err != nil {
			return "", err
		}
	}
	rate := float64(id) / time.Since(begin).Seconds()
	return fmt.Sprintf("%.0f/s, %.2f bytes on disk a byte of data, RSS %d MB", rate, float64(size(dir))/float64(id*recordBytes), rss()), nil
}

// fill makes 1 GB of records: boxes of 20 and of 1,000.
func fill(dir, name string) (string, error) {
	s, err := fresh(dir, name)
	if err != nil {
		return "", err
	}
	begin := time.Now()
	id := uint64(0)
	const total = 1_000_000_000 / recordBytes
	for id < total {
		batch := make([]record, 1000)
		for i := range batch {
			id++
			b := fmt.Sprintf("large-%04d", id%1_667)
			if id%2 == 0 {
				b = fmt.Sprintf("small-%06d", id/2%83_333)
			}
			batch[i] = newRecord(b, id, recordBytes)
		}
		if err := s.append(batch); err != nil {
			return "", err
		}
	}
	took := time.Since(begin)
	if err := s.close(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f/s, %d MB on disk", float64(id)/took.Seconds(), size(dir)>>20), nil
}

// reopen opens what fill has made.
func reopen(dir, name string) (string, error) {
	begin := time.Now()
	s, err := stores[name](dir)
	if err != nil {
		return "", err
	}
	took := time.Since(begin)
	defer s.close()
	debug.FreeOSMemory()
	return fmt.Sprintf("%v, idle RSS %d MB, %d goroutines", took.Round(time.Millisecond), rss(), runtime.NumGoroutine()), nil
}

// readBoxes reads whole boxes of what fill has made.
func readBoxes(dir, name string) (string, error) {
	s, err := stores[name](dir)
	if err != nil {
		return "", err
	}
	defer s.close()
	var out []string
	for _, c := range []struct {
		kind  string
		boxes uint64
		n     int
	}{{"small-%06d", 83_333, 20}, {"large-%04d", 1_667, 1000}} {
		var took []time.Duration
		for i := range uint64(1_000) {
			begin := time.Now()
			got, err := s.read(fmt.Sprintf(c.kind, i*7919%c.boxes), 0, 1000)
			if err != nil {
				return "", err
			}
			took = append(took, time.Since(begin))
			if len(got) < c.n-1 {
				return "", fmt.Errorf("%d of %d records", len(got), c.n)
			}
			for _, data := range got {
				if !whole(data) {
					return "", fmt.Errorf("wrong data")
				}
			}
		}
		out = append(out, fmt.Sprintf("%d records: p50 %v, p99 %v", c.n, quantile(took, 50), quantile(took, 99)))
	}
	return strings.Join(out, "; "), nil
}

func fresh(dir, name string) (store, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	return stores[name](dir)
}

func quantile(took []time.Duration, percent int) time.Duration {
	slices.Sort(took)
	return took[min(len(took)-1, len(took)*percent/100)].Round(10 * time.Microsecond)
}

// used is the process's processor time.
func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rss is the process's memory in MB, without what it maps of files.
func rss() int {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		var kb int
		if n, _ := fmt.Sscanf(line, "RssAnon: %d", &kb); n == 1 {
			return kb >> 10
		}
	}
	return 0
}

// size is what is allocated for a directory's files.
func size(dir string) (total int64) {
	_ = filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			total += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return nil
	})
	return total
}
