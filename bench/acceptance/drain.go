//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// The groups of the drain's streams.
const (
	residents = iota // open when the drain begins; they come back
	latecomers
)

// farewell is how a stream was first ended.
type farewell struct {
	code  string // of the error event
	retry int    // in it
	at    int64
	why   loadgen.Ending
}

// drain is a deployment: SIGTERM, all streams are ended, the next process
// starts on the same address, and each client comes back after its own retry as
// an EventSource does.
func drain(ctx context.Context, b *bench, r *report.Report) error {
	const grace = 20 * time.Second
	settings := []string{maxClients(b.streams), "SHUTDOWN_GRACE=" + grace.String()}
	s, err := b.start(ctx, settings...)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	farewells := make(map[*loadgen.Stream]farewell, b.streams)
	c, err := b.client(loadgen.Options{Target: s.addr, OnEnd: func(s *loadgen.Stream) (time.Duration, bool) {
		if s.Group != residents {
			return 0, false
		}
		mu.Lock()
		defer mu.Unlock()
		if _, again := farewells[s]; !again {
			farewells[s] = farewell{s.Code, s.Farewell, s.Ended, s.Ending}
		}
		return s.RetryDelay(), true
	}})
	if err != nil {
		return err
	}
	streams, err := open(ctx, c, sessions(b.streams, "resident"))
	if err != nil {
		return err
	}

	began := loadgen.Now()
	if err := s.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := arrive(ctx, c, s)
	code, err := s.AwaitExit(ctx, grace+5*time.Second)
	if err != nil {
		return err
	}
	took := time.Duration(loadgen.Now() - began)
	s.Publisher.Close()

	// The deployment's other half, at once.
	next, err := b.startAt(ctx, s.addr, settings...)
	if err != nil {
		return err
	}
	back := loadgen.Now()
	r.Within("the server ended after SIGTERM within", took, grace)
	r.Equal("its exit code", code, 0)
	mu.Lock()
	reportFarewells(r, farewells, began, b.streams)
	mu.Unlock()
	reportLatecomers(r, c, <-late)
	return returns(ctx, r, c, next, streams, back)
}

// arrive opens streams, fifty a second, until the server has ended: what those
// get who come during a drain.
func arrive(ctx context.Context, c *loadgen.Client, s *server) <-chan []*loadgen.Stream {
	done := make(chan []*loadgen.Stream, 1)
	go func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		var streams []*loadgen.Stream
		for n := 0; ; n++ {
			select {
			case <-ticker.C:
				streams = append(streams, c.Open(loadgen.Spec{Session: fmt.Sprintf("late-%d", n), Group: latecomers})...)
				continue
			case <-s.Exited():
			case <-ctx.Done():
			}
			done <- streams
			return
		}
	}()
	return done
}

func reportFarewells(r *report.Report, farewells map[*loadgen.Stream]farewell, began int64, streams int) {
	told, orderly := 0, 0
	retries := map[int]int{}
	least, most, last := 1<<30, 0, int64(0)
	for _, f := range farewells {
		if f.code == "SERVER_SHUTDOWN" && f.retry > 0 {
			told++
		}
		if f.why == loadgen.EndEOF {
			orderly++
		}
		retries[f.retry]++
		least, most, last = min(least, f.retry), max(most, f.retry), max(last, f.at)
	}
	shared := 0
	for _, n := range retries {
		shared = max(shared, n)
	}
	r.Equal("streams told SERVER_SHUTDOWN, with a retry in the same event", told, streams)
	r.Equal("streams ended by FIN, with nothing cut off", orderly, streams)
	r.Tell("the last was ended after", "%v", time.Duration(last-began).Round(time.Millisecond))
	// Drawn from 10,000 milliseconds, 10,000 values hit 6,300 different ones.
	r.Check("different retry values", len(retries) > min(streams, 10_000)/2, len(retries), fmt.Sprintf("more than %d", min(streams, 10_000)/2))
	r.Check("spread of the retries", most-least >= 5000, fmt.Sprintf("%d to %d ms", least, most), "5 s or more")
	r.Tell("most streams with the same retry", "%d", shared)
}

// reportLatecomers: who came during the drain must have been told so, or found
// nobody listening.
func reportLatecomers(r *report.Report, c *loadgen.Client, late []*loadgen.Stream) {
	var told, admitted, refused, reset, other, pending int
	c.Each(late, func(s *loadgen.Stream) {
		switch {
		case s.Ending == 0:
			pending++ // the listener of the next process took it
		case s.Code == "SERVER_SHUTDOWN" && s.Retry > 0 && s.Connections == 0:
			told++
		case s.Code == "SERVER_SHUTDOWN":
			admitted++
		case s.Ending == loadgen.EndRefused:
			refused++
		case s.Ending == loadgen.EndReset:
			reset++
		default:
			other++
		}
	})
	r.Check("arrivals during the drain told SERVER_SHUTDOWN at once", told > 0, told, "some")
	r.Tell("others: let in before it began, refused by the kernel, met by the next process", "%d, %d, %d", admitted, refused, pending)
	// A connection that the kernel had accepted when the listener closed.
	r.Check("others: reset without an answer", reset <= 2, reset, "at most 2")
	r.Zero("others: ended in another way", other)
}

// returns watches the streams come back to the next process.
func returns(ctx context.Context, r *report.Report, c *loadgen.Client, next *server, streams []*loadgen.Stream, back int64) error {
	give, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	_ = c.Await(give, "all to be back", func() bool { return c.Counts(residents).Open == len(streams) })
	r.Equal("streams that came back", c.Counts(residents).Open, len(streams))

	const slot = int64(100 * time.Millisecond)
	var slots []int
	attempts, first, last := 0, int64(1)<<62, int64(0)
	c.Each(streams, func(s *loadgen.Stream) {
		attempts += s.Attempts - 1
		if s.Open() {
			first, last = min(first, s.Opened), max(last, s.Opened)
		}
	})
	c.Each(streams, func(s *loadgen.Stream) {
		if s.Open() {
			i := int((s.Opened - first) / slot)
			for len(slots) <= i {
				slots = append(slots, 0)
			}
			slots[i]++
		}
	})
	peak := 0
	for _, n := range slots {
		peak = max(peak, n)
	}
	if len(slots) > 0 {
		mean := float64(len(streams)) / float64(len(slots))
		r.Tell("came back, since the next process was ready", "%v to %v", time.Duration(first-back).Round(time.Millisecond), time.Duration(last-back).Round(time.Millisecond))
		r.Tell("connects per 100 ms", "%s", sparkline(slots))
		r.Check("their peak", float64(peak) <= 3*mean, fmt.Sprintf("%d, mean %.0f", peak, mean), "at most 3 times the mean")
	}
	r.Tell("attempts to come back", "%.2f a stream", float64(attempts)/float64(len(streams)))
	n, err := next.active(ctx)
	if err != nil {
		return err
	}
	r.Check("activeConnections of the next process", n >= len(streams), n, fmt.Sprintf("at least %d", len(streams)))
	faults(r, "streams", c.Counts(residents))
	return nil
}
