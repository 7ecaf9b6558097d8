//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// document starts the server as an operator does who sets nothing but a key, and
// holds what the system's document promises against what is seen.
func document(ctx context.Context, b *bench, r *report.Report) error {
	const promised = 10_000 // "Supports up to 10,000 concurrent connections"
	s, err := b.start(ctx, "MODE=production", "LOG_LEVEL=info")
	if err != nil {
		return err
	}
	if err := warmUp(ctx, b, s); err != nil {
		return err
	}
	empty, err := s.level(ctx)
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: documentSeconds * (1 + documentTargeted)})
	if err != nil {
		return err
	}
	began := time.Now()
	streams, err := open(ctx, c, sessions(promised, "doc"))
	if err != nil {
		return err
	}
	r.Tell("10,000 streams opened", "in %v, %.0f a second", time.Since(began).Round(time.Millisecond), promised/time.Since(began).Seconds())
	active, err := s.active(ctx)
	if err != nil {
		return err
	}
	r.Equal("“up to 10,000 concurrent connections”", active, promised)
	if err := oneTooMany(ctx, c, r); err != nil {
		return err
	}
	if err := process.Pause(ctx, 33*time.Second); err != nil {
		return err
	}
	silent := 0
	c.Each(streams, func(s *loadgen.Stream) {
		if s.Heartbeats == 0 {
			silent++
		}
	})
	r.Zero("“30-second intervals maintain connection health”: streams without a heartbeat", silent)
	early, late, err := documentLoad(ctx, s, c)
	if err != nil {
		return err
	}
	n := c.Counts(0)
	r.Tell("then, for a minute", "a broadcast and %d events for one stream each second", documentTargeted)
	r.Equal("deliveries", n.Events, documentSeconds*(promised+documentTargeted))
	r.Within("“sub-second delivery”: the slowest of all", c.Latency(0).Quantile(1), time.Second)
	r.Tell("from post to stream", "%v", c.Latency(0))
	r.Tell("memory after ten seconds of it", "%v", early)
	growth := 100 * float64(late.RSS-early.RSS) / float64(early.RSS)
	r.Check("“automatic cleanup prevents memory leaks”: at its end", growth < 10, fmt.Sprintf("%s, %+.1f %%", mebibytes(late.RSS), growth), "less than 10 % more")
	r.Equal("streams open all the time", n.Open, promised)
	faults(r, "streams", n)

	began = time.Now()
	c.Close(streams...)
	_, left, err := s.awaitActive(ctx, 0, 5*time.Second)
	if err != nil {
		return err
	}
	r.Equal("“proper connection lifecycle handling”: connections after all have left", left, 0)
	r.Within("since the first left", time.Since(began), 2*time.Second)
	return documentCleanUp(ctx, s, r, empty)
}

const (
	documentSeconds  = 60 // of load
	documentTargeted = 20 // events for one stream, a second
)

// oneTooMany opens a stream more than there may be.
func oneTooMany(ctx context.Context, c *loadgen.Client, r *report.Report) error {
	const group = 1
	extra := c.Open(loadgen.Spec{Session: "one-too-many", Group: group})
	if err := c.Await(ctx, "the refusal", func() bool { n := c.Counts(group); return n.AllEnded() == 1 }); err != nil {
		return err
	}
	c.Each(extra, func(s *loadgen.Stream) {
		r.Check("“clear error messages when limits exceeded”: one stream more is told", s.Code == "MAX_CLIENTS", s.Code, "MAX_CLIENTS, in its stream")
	})
	return nil
}

// documentLoad sends events for a minute, and gives what the server holds near the
// beginning and at the end.
func documentLoad(ctx context.Context, s *server, c *loadgen.Client) (early, late level, err error) {
	began := time.Now()
	expected, tag := 0, 0
	publish := func(session string) error {
		_, err := s.Publish(ctx, loadgen.Event{SessionID: session, Data: loadgen.Tag{N: tag, At: loadgen.Now()}.Text(200, false)})
		tag++
		return err
	}
	for second := range documentSeconds {
		if err := publish(""); err != nil {
			return early, late, err
		}
		for i := range documentTargeted {
			if err := publish(fmt.Sprintf("doc-%05d", (second*documentTargeted+i)*7%10_000)); err != nil {
				return early, late, err
			}
		}
		expected += 10_000 + documentTargeted
		settle(ctx, c, func() bool { return c.Counts(0).Events >= expected })
		if second == 10 {
			if early, err = s.level(ctx); err != nil {
				return early, late, err
			}
		}
		if err := process.Pause(ctx, time.Until(began.Add(time.Duration(second+1)*time.Second))); err != nil {
			return early, late, err
		}
	}
	late, err = s.level(ctx)
	return early, late, err
}

// documentCleanUp looks at what is left of the streams.
func documentCleanUp(ctx context.Context, s *server, r *report.Report, empty level) error {
	var after level
	wait, cancel := context.WithTimeout(ctx, 30*time.Second) // fasthttp keeps idle goroutines for a while
	defer cancel()
	var err error
	_ = process.Poll(wait, time.Second, func() bool {
		after, err = s.level(ctx)
		return err != nil || after.goroutines <= empty.goroutines+10
	})
	if err != nil {
		return err
	}
	r.Check("“clean up resources properly”: descriptors", after.FDs <= empty.FDs+8, fmt.Sprintf("%d, before %d", after.FDs, empty.FDs), "at most 8 more")
	r.Check("goroutines", after.goroutines <= empty.goroutines+10, fmt.Sprintf("%d, before %d", after.goroutines, empty.goroutines), "at most 10 more")
	r.Tell("the server then", "%v", after)
	return nil
}
