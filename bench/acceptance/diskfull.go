//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	fullDisk    = 64 << 20
	fullBallast = 32 << 20
	fullUsers   = 50
	fullTags    = 400_000
	fullLive    = 200 // events a second
)

// diskFull fills the disk under a journal, sends on, and makes room again.
func diskFull(ctx context.Context, b *bench, r *report.Report) error {
	dir, unmount, err := smallDisk(b.path("small"), fullDisk)
	if err != nil {
		return err
	}
	defer unmount()
	defer b.end() // or the disk would be in use
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, fullBallast), 0o600); err != nil {
		return err
	}
	b.expects = []string{"the journal can't be written", "event not sent"}
	f := &fullRun{report: r, book: newBook(fullTags)}
	f.servers, err = b.succession(ctx, "DATA_DIR="+filepath.Join(dir, "data"), "MAILBOX_EVENTS=100000", "MAILBOX_BYTES=64MiB", "LOG_LEVEL=warn")
	if err != nil {
		return err
	}
	for i := range fullUsers {
		f.members = append(f.members, member{user: fmt.Sprint("user-", i), session: fmt.Sprint("session-", i)})
	}
	if err := f.whileLive(ctx, b, ballast); err != nil {
		return err
	}
	return f.after(ctx, b)
}

// smallDisk mounts a disk in memory.
func smallDisk(dir string, bytes int) (string, func(), error) {
	if os.Geteuid() != 0 {
		return "", nil, errors.New("to mount a small disk takes root; run this scenario as root")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", bytes)); err != nil {
		return "", nil, fmt.Errorf("mount a small disk: %w", err)
	}
	return dir, func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }, nil
}

// fullRun is what the parts of the scenario share.
type fullRun struct {
	report  *report.Report
	servers *succession
	book    *book
	members []member
	turn    atomic.Int64
}

// whileLive fills the disk and makes room again, while live events flow.
func (f *fullRun) whileLive(ctx context.Context, b *bench, ballast string) error {
	server, _ := f.servers.current()
	live, err := b.client(loadgen.Options{Target: server.addr, Tags: fullTags})
	if err != nil {
		return err
	}
	watchers := sessions(100, "watcher")
	if _, err := open(ctx, live, watchers); err != nil {
		return err
	}
	going, stop := context.WithCancel(ctx)
	defer stop()
	var flow sync.WaitGroup
	var flowErr error
	posted := 0
	flow.Go(func() {
		began := time.Now()
		for going.Err() == nil && flowErr == nil {
			event := loadgen.Event{Data: loadgen.Tag{N: posted, Lane: 1, At: loadgen.Now()}.Text(200, false)}
			if _, flowErr = server.Publish(ctx, event); flowErr == nil {
				posted++
			}
			_ = process.Pause(going, time.Until(began.Add(time.Duration(posted)*time.Second/fullLive)))
		}
	})
	err = f.fill(ctx, server)
	if err == nil {
		err = f.refuse(ctx, server, ballast)
	}
	if err == nil {
		err = f.room(ctx, server, ballast)
	}
	stop()
	flow.Wait()
	if err := errors.Join(err, flowErr); err != nil {
		return err
	}
	settle(ctx, live, func() bool { return live.Counts(0).Events >= posted*len(watchers) })
	n := live.Counts(0)
	f.report.Equal("live events received meanwhile, by 100 streams", n.Events, posted*len(watchers))
	f.report.Tell("their latency", "%v", live.Latency(0))
	faults(f.report, "live", n)
	return nil
}

// send sends a persistent event to the next user.
func (f *fullRun) send(ctx context.Context, s *server) error {
	m := f.members[int(f.turn.Add(1))%len(f.members)]
	e := loadgen.Event{Event: "kept", Persistent: true, UserID: m.user}
	return f.book.post(ctx, s, 0, e, e, e, e, e, e, e, e, e, e)
}

// fill sends until the server says that there is no room.
func (f *fullRun) fill(ctx context.Context, s *server) error {
	err := f.send(ctx, s)
	for err == nil {
		err = f.send(ctx, s)
	}
	var status *loadgen.StatusError
	if !errors.As(err, &status) {
		return err
	}
	n := f.book.tally()
	f.report.Tell("events answered persisted until the disk was full", "%d", n[kept])
	f.report.Check("the first answer then", fullAnswer(status), fmt.Sprintf("%d %s, Retry-After %q", status.Status, status.Code(), status.RetryAfter), "503 JOURNAL_FULL, with Retry-After")
	return nil
}

func fullAnswer(e *loadgen.StatusError) bool {
	return e.Status == http.StatusServiceUnavailable && e.Code() == "JOURNAL_FULL" && e.RetryAfter != ""
}

// refuse takes what the server may still have found, as another program could, and goes
// on sending.
func (f *fullRun) refuse(ctx context.Context, s *server, ballast string) error {
	if err := takeAll(ballast + "-2"); err != nil {
		return err
	}
	refusals, others, passed := 0, 0, 0
	var slowest time.Duration
	unready := false
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
		began := time.Now()
		err := f.send(ctx, s)
		slowest = max(slowest, time.Since(began))
		var status *loadgen.StatusError
		switch {
		case err == nil:
			passed++
		case errors.As(err, &status) && fullAnswer(status):
			refusals++
		default:
			others++
		}
		if _, err := s.Get(ctx, "/readyz"); err != nil {
			unready = true
		}
		if err := process.Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	f.report.Check("refused with JOURNAL_FULL for 3 s", refusals > 0, refusals, "some")
	f.report.Zero("refused otherwise", others)
	f.report.Tell("persisted nevertheless, in what was left of files", "%d", passed)
	f.report.Within("the slowest refusal", slowest, time.Second)
	f.report.Check("/readyz meanwhile", unready, map[bool]string{true: "not ready", false: "ready"}[unready], "not ready")
	if _, err := s.Get(ctx, "/healthz"); err != nil {
		return err
	}
	return nil
}

// takeAll writes a file until its disk is full.
func takeAll(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return nil
}

// room takes the ballast away and waits until the journal works again.
func (f *fullRun) room(ctx context.Context, s *server, ballast string) error {
	if err := errors.Join(os.Remove(ballast), os.Remove(ballast+"-2")); err != nil {
		return err
	}
	began := time.Now()
	give, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := process.Poll(give, 20*time.Millisecond, func() bool { return f.send(ctx, s) == nil }); err != nil {
		return err
	}
	f.report.Within("since there is room, persisted again after", time.Since(began), 3*time.Second)
	for range 100 {
		if err := f.send(ctx, s); err != nil {
			return fmt.Errorf("after there was room: %w", err)
		}
	}
	_, err := s.Get(ctx, "/readyz")
	f.report.Check("/readyz then", err == nil, err, "ready")
	return nil
}

// after reads all mailboxes, in the server that had a full disk and in the next.
func (f *fullRun) after(ctx context.Context, b *bench) error {
	for _, when := range []string{"then", "after a kill -9"} {
		if when != "then" {
			f.servers.kill()
			if _, err := f.servers.restart(ctx, b); err != nil {
				return err
			}
		}
		server, _ := f.servers.current()
		c, err := b.client(loadgen.Options{Target: server.addr, Tags: fullTags})
		if err != nil {
			return err
		}
		musts, mays := f.book.due(f.members, nil)
		streams, err := open(ctx, c, specsOf(f.members, func(s *loadgen.Spec) {
			s.Device = when // nobody has acknowledged for it
		}))
		if err != nil {
			return err
		}
		due := total(musts)
		settle(ctx, c, func() bool { return c.Counts(0).Events >= due })
		f.report.Equal(when+": persisted events that are there", c.Counts(0).Events, due)
		d := compare(c, streams, musts, mays)
		f.report.Zero(when+": missing", d.missing)
		f.report.Zero(when+": refused, yet there", d.foreign)
		faults(f.report, when, c.Counts(0))
		c.Close(streams...)
	}
	return nil
}
