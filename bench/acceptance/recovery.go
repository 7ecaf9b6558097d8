//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	recoveryBytes = 1 << 30 // of the journal on disk
	recoveryUsers = 2000
	recoveryEvent = 2000 // bytes of data
	recoveryLanes = 4
	recoveryTags  = 2 * recoveryBytes / recoveryEvent
	recoveryBatch = 250
	recoveryAgain = 10_000 // events before each kill
)

// recovery fills a journal of 1 GiB, kills the server and measures how long the next one
// takes until it is ready, with the files in the kernel's memory and without.
func recovery(ctx context.Context, b *bench, r *report.Report) error {
	dir := b.path("recovery")
	servers, err := b.succession(ctx, "DATA_DIR="+dir, "LOG_LEVEL=warn",
		"MAILBOX_EVENTS=100000", "MAILBOX_BYTES=64MiB", "JOURNAL_BYTES=16GiB")
	if err != nil {
		return err
	}
	began := time.Now()
	f := &filling{}
	if err := f.until(ctx, servers, func() (bool, error) {
		held, err := bytesBelow(dir)
		return held >= recoveryBytes*12/10, err // compactions take some of it away
	}); err != nil {
		return err
	}
	r.Tell("filled", "%d events of %d bytes in %v", f.written.Load(), recoveryEvent, time.Since(began).Round(100*time.Millisecond))
	var warm, cold []time.Duration
	for i := range 2 * b.rounds {
		// So that there is something that was written last.
		enough := f.written.Load() + recoveryAgain
		if err := f.until(ctx, servers, func() (bool, error) { return f.written.Load() >= enough, nil }); err != nil {
			return err
		}
		servers.kill()
		to := &warm
		if i%2 == 1 {
			to = &cold
			if err := dropCache(dir); err != nil {
				return err
			}
		}
		took, err := servers.restart(ctx, b)
		if err != nil {
			return err
		}
		*to = append(*to, took)
	}
	held, err := bytesBelow(dir)
	if err != nil {
		return err
	}
	r.Check("the journal on disk", held >= recoveryBytes, mebibytes(held), "at least "+mebibytes(recoveryBytes))
	for _, one := range []struct {
		name  string
		times []time.Duration
	}{{"from kill -9 to /readyz, all in memory", warm}, {"the same, read from the disk", cold}} {
		r.Within(one.name+": the longest", slices.Max(one.times), time.Second)
		r.Tell("  median", "%v", median(one.times).Round(time.Millisecond))
	}
	return readSome(ctx, b, r, servers, int(f.written.Load()))
}

// filling is what was sent to fill a journal: the nth event is for the user n modulo
// their number.
type filling struct{ next, written atomic.Int64 }

// until sends until it is enough.
func (f *filling) until(ctx context.Context, servers *succession, enough func() (bool, error)) error {
	server, _ := servers.current()
	return lanes(recoveryLanes, func(lane int) error {
		for {
			if done, err := enough(); done || err != nil {
				return err
			}
			if err := f.batch(ctx, server, lane); err != nil {
				return err
			}
		}
	})
}

func (f *filling) batch(ctx context.Context, s *server, lane int) error {
	first := int(f.next.Add(recoveryBatch)) - recoveryBatch
	if first+recoveryBatch > recoveryTags {
		return errBookFull
	}
	batch := make([]loadgen.Event, recoveryBatch)
	for i := range batch {
		tag := loadgen.Tag{N: first + i, Lane: lane, At: loadgen.Now()}
		batch[i] = loadgen.Event{UserID: fmt.Sprint("user-", (first+i)%recoveryUsers), Persistent: true, Data: tag.Noise(recoveryEvent)}
	}
	answers, err := s.PublishBatch(ctx, batch)
	if err != nil {
		return err
	}
	for _, a := range answers {
		if !a.Persisted {
			return fmt.Errorf("event %s was not answered persisted", a.Event.ID)
		}
	}
	f.written.Add(recoveryBatch)
	return nil
}

// readSome reads the mailboxes of some users whole.
func readSome(ctx context.Context, b *bench, r *report.Report, servers *succession, written int) error {
	server, _ := servers.current()
	v, err := b.visitor(server, recoveryTags)
	if err != nil {
		return err
	}
	for _, user := range []int{0, recoveryUsers / 2, recoveryUsers - 1} {
		due := loadgen.NewSet(recoveryTags)
		for n := user; n < written; n += recoveryUsers {
			due.Add(n)
		}
		got, err := v.visit(ctx, member{user: fmt.Sprint("user-", user)}.spec(), due)
		if err != nil {
			return err
		}
		r.Check(fmt.Sprint("what user-", user, " then gets"), got.missing+got.foreign+got.faults.Duplicates+got.faults.Disorder == 0, got, fmt.Sprintf("%d events", due.Len()))
	}
	return nil
}

func bytesBelow(dir string) (sum int64, err error) {
	files, err := sizes(dir)
	for _, n := range files {
		sum += n
	}
	return sum, err
}
