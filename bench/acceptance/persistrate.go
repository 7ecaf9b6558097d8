//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	rateUsers     = 20_000
	rateEvent     = 300 // bytes of data
	rateLasting   = 3 * time.Second
	rateEnough    = 10_000 // events a second
	ratePosters   = 64     // connections that each send an event, wait, and send the next
	rateBatchers  = 8      // connections that send batches
	rateBatchSize = 100
	ratePrepared  = 64 // requests for each connection, sent over and over
)

// persistRate measures how many persistent events a second the server answers, each
// after it is on the disk, beside how many the disk itself would take that are written
// in groups of the same size, in turns.
func persistRate(ctx context.Context, b *bench, r *report.Report) error {
	dir := b.path("persistrate")
	s, err := b.start(ctx, "DATA_DIR="+dir, "JOURNAL_BYTES=64GiB", "MAILBOX_EVENTS=100000", "MAILBOX_BYTES=64MiB", "LOG_LEVEL=warn")
	if err != nil {
		return err
	}
	ways := []*rateWay{
		{name: fmt.Sprintf("single events over %d connections", ratePosters), connections: ratePosters, events: 1},
		{name: fmt.Sprintf("batches of %d over %d connections", rateBatchSize, rateBatchers), connections: rateBatchers, events: rateBatchSize},
	}
	for range b.rounds {
		for _, way := range ways {
			if err := way.round(ctx, s, dir); err != nil {
				return err
			}
		}
	}
	for _, way := range ways {
		way.report(r)
	}
	return nil
}

// rateWay is a way to publish, and what was measured of it by rounds.
type rateWay struct {
	name        string
	connections int
	events      int // of a request

	rate  []float64 // events a second
	disk  []float64 // the same of the disk alone
	syncs []float64 // a second, of the disk alone
	group []float64 // events that were committed together
	cpu   []time.Duration
}

// round has the server take events, and then the disk as much in groups of that size.
func (w *rateWay) round(ctx context.Context, s *server, dir string) error {
	before, err := s.commits(ctx)
	if err != nil {
		return err
	}
	used, err := s.Usage()
	if err != nil {
		return err
	}
	events, err := w.publish(ctx, s)
	if err != nil {
		return err
	}
	after, err := s.commits(ctx)
	if err != nil {
		return err
	}
	then, err := s.Usage()
	if err != nil {
		return err
	}
	group := max(float64(events)/max(after-before, 1), 1)
	syncs, err := syncRate(dir, int(group*rateEvent))
	if err != nil {
		return err
	}
	w.rate = append(w.rate, float64(events)/rateLasting.Seconds())
	w.group = append(w.group, group)
	w.syncs = append(w.syncs, syncs)
	w.disk = append(w.disk, syncs*group)
	w.cpu = append(w.cpu, (then.CPU-used.CPU)/time.Duration(max(events, 1)))
	return nil
}

// commits is how many groups the server has written.
func (s *server) commits(ctx context.Context) (float64, error) {
	m, err := s.Metrics(ctx)
	if err != nil {
		return 0, err
	}
	n, ok := m.Sum("sseactor_journal_commits_total")
	if !ok {
		return 0, fmt.Errorf("the server has no metric sseactor_journal_commits_total")
	}
	return n, nil
}

// publish sends for a while and counts the events that were answered persisted.
func (w *rateWay) publish(ctx context.Context, s *server) (int, error) {
	// Made before: it is the server's pace that is measured.
	requests := make([][]byte, w.connections*ratePrepared)
	for n := range requests {
		var err error
		if requests[n], err = w.request(s, n); err != nil {
			return 0, err
		}
	}
	var answered atomic.Int64
	until := time.Now().Add(rateLasting)
	err := lanes(w.connections, func(lane int) error {
		p, err := loadgen.NewPoster(s.addr)
		if err != nil {
			return err
		}
		defer p.Close()
		for n := 0; time.Now().Before(until) && ctx.Err() == nil; n++ {
			status, body, err := p.Exchange(requests[lane*ratePrepared+n%ratePrepared])
			if err != nil {
				return err
			}
			if persisted := bytes.Count(body, []byte(`"persisted":true`)); status != 200 || persisted != w.events {
				return fmt.Errorf("answered %d, with %d of %d events persisted: %.200s", status, persisted, w.events, body)
			}
			answered.Add(int64(w.events))
		}
		return nil
	})
	return int(answered.Load()), err
}

// request is the nth request; each is to other users.
func (w *rateWay) request(s *server, n int) ([]byte, error) {
	events := make([]loadgen.Event, w.events)
	for i := range events {
		at := n*w.events + i
		events[i] = loadgen.Event{UserID: fmt.Sprint("user-", at%rateUsers), Persistent: true, Data: loadgen.Tag{N: at}.Noise(rateEvent)}
	}
	var body []byte
	var err error
	if w.events == 1 {
		body, err = json.Marshal(events[0])
	} else {
		body, err = json.Marshal(events)
	}
	return fmt.Appendf(nil, "POST /api/sse HTTP/1.1\r\nHost: %v\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		s.addr, key, len(body), body), err
}

// syncRate is how often a second so many bytes can be written behind each other and
// synced, below a directory.
func syncRate(dir string, bytes int) (float64, error) {
	f, err := os.Create(filepath.Join(filepath.Dir(dir), "sync-rate"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := []byte(loadgen.Tag{N: 1}.Noise(max(bytes, 100)))
	began, n := time.Now(), 0
	for time.Since(began) < rateLasting/2 {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

func (w *rateWay) report(r *report.Report) {
	rate, disk := median(w.rate), median(w.disk)
	bar := min(rateEnough, .8*disk)
	r.Check(w.name+": events a second, answered persisted", rate >= bar, fmt.Sprintf("%.0f", rate), fmt.Sprintf("at least %.0f: 10,000 or 80 %% of what the disk takes", bar))
	r.Tell("  written together", "%.1f events, %.0f times a second", median(w.group), rate/median(w.group))
	r.Tell("  the disk alone, groups of that size", "%.0f times a second: %.0f events a second", median(w.syncs), disk)
	r.Tell("  server's CPU for an event", "%v", median(w.cpu).Round(100*time.Nanosecond))
}
