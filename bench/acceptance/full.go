//go:build linux

package main

import (
	"context"
	"errors"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// full tries a server that has as many streams as it may. EventSource gives up
// for good on a status other than 200, so it must be refused within a stream.
func full(ctx context.Context, b *bench, r *report.Report) error {
	const room = 100
	const turned = 50
	s, err := b.start(ctx, "MAX_CLIENTS=100")
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr})
	if err != nil {
		return err
	}
	in, err := open(ctx, c, sessions(room, "in"))
	if err != nil {
		return err
	}

	const pages, scripts, next = 1, 2, 3 // groups
	away := sessions(turned, "page")
	for i := range away {
		away[i].Group = pages
	}
	refused := c.Open(away...)
	// curl says */*: it does not ask for an event stream by name. One that
	// excludes it is 406 at any time.
	asked := c.Open(loadgen.Spec{Session: "curl", Accept: "*/*", Group: scripts}, loadgen.Spec{Session: "json", Accept: "application/json", Group: scripts})
	err = c.Await(ctx, "the refusals", func() bool {
		p, q := c.Counts(pages), c.Counts(scripts)
		return p.AllEnded() == turned && q.AllEnded() == len(asked)
	})
	if err != nil {
		return err
	}
	inStream, retries := 0, map[int]bool{}
	c.Each(refused, func(s *loadgen.Stream) {
		if s.Status == 200 && s.Code == "MAX_CLIENTS" && s.Retry > 0 && s.Ending == loadgen.EndEOF && s.Connections == 0 {
			inStream++
		}
		retries[s.Retry] = true
	})
	r.Equal("streams let in", c.Counts(0).Open, room)
	r.Equal("EventSources refused with 200, retry, MAX_CLIENTS and the end", inStream, turned)
	r.Check("different retries among them", len(retries) > turned/2, len(retries), "more than 25")
	c.Each(asked[:1], func(s *loadgen.Stream) {
		r.Equal("status where Accept is */*", s.Status, 503)
		r.Check("its Retry-After", s.RetryAfter > 0, s.RetryAfter, "more than 0")
	})
	c.Each(asked[1:], func(s *loadgen.Stream) {
		r.Check("status where Accept is application/json", s.Status == 406 || s.Status == 503 && s.RetryAfter > 0, s.Status, "406, or 503 with Retry-After")
	})

	began := time.Now()
	c.Close(in[0])
	late := c.Open(loadgen.Spec{Session: "next", Group: next})
	give, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err = c.Await(give, "the next to be let in", func() bool {
		n := c.Counts(next)
		if n.Open == 0 && n.Connecting+n.Waiting == 0 {
			c.Reopen(late...) // refused: it tries again at once
		}
		return n.Open == 1
	})
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	r.Within("after one has left, the next is in within", time.Since(began), time.Second)
	c.Each(late, func(s *loadgen.Stream) { r.Tell("its attempts", "%d", s.Attempts) })
	faults(r, "streams", c.Counts(pages))
	return nil
}
