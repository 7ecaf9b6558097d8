//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
)

// work is a piece of work that each system does with a fresh process.
type work struct {
	name     string
	about    string
	targeted bool // events go to sessions
	tags     int  // that its events have at most
	do       func(context.Context, *session) error
}

var allWork = []work{
	{"crowd", "10,000 streams connect, are quiet, get 30 broadcasts, are cut and all come back at once", false, 100, crowd},
	{"saturated", "1,000 streams get broadcasts as fast as they can be published", false, 200_000, saturated},
	{"targeted", "10,000 streams with a session each get events of their own from 16 publishers", true, 4096, targeted},
}

// most is how long a piece of work may take.
const most = 2 * time.Minute

// session is one system doing one piece of work.
type session struct {
	*system
	streams int
	tags    int
	addr    netip.AddrPort
	process *process.Process
	figures figures
	clients []*loadgen.Client
}

// measure has a system do a piece of work.
func measure(ctx context.Context, p *prepared, s system, w work, streams int) (_ figures, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("not done after %v", most))
	defer cancel()
	// What the last piece left behind is not to be collected during this one.
	debug.FreeOSMemory()
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	cmd, err := s.command(p, int(addr.Port()), w.targeted)
	if err != nil {
		return nil, err
	}
	m := &session{system: &s, streams: streams, tags: w.tags, addr: addr, figures: figures{}}
	if m.process, err = process.Start(cmd); err != nil {
		return nil, err
	}
	defer m.end()
	if err := m.process.AwaitReady(ctx, "http://"+addr.String()+"/healthz"); err != nil {
		return nil, err
	}
	if err := m.warmUp(ctx); err != nil {
		return nil, fmt.Errorf("warm-up: %w", err)
	}
	err = w.do(ctx, m)
	if code, gone := m.process.HasExited(); gone {
		err = errors.Join(err, fmt.Errorf("the server ended with code %d", code))
	}
	return m.figures, err
}

func (m *session) end() {
	for _, c := range m.clients {
		c.Stop()
	}
	m.process.Kill()
}

// client starts a load client that ends with the session.
func (m *session) client(inFlight int) (*loadgen.Client, error) {
	c, err := m.system.client(loadgen.Options{Target: m.addr, Tags: m.tags, ConnectsInFlight: inFlight})
	if err == nil {
		m.clients = append(m.clients, c)
	}
	return c, err
}

// warmUp has the server do a little of everything once, so that what it sets up for
// the first stream is not counted as what each stream costs.
func (m *session) warmUp(ctx context.Context) error {
	c, err := m.client(16)
	if err != nil {
		return err
	}
	if err := m.open(ctx, c, 50); err != nil {
		return err
	}
	pub, err := m.publishers(1)
	if err != nil {
		return err
	}
	defer pub.close()
	for i := range 20 {
		target := ""
		if i%2 == 1 {
			target = name(i)
		}
		if _, err := pub.post(0, target, 0); err != nil {
			return err
		}
	}
	if err := process.Pause(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	m.clients = m.clients[:0]
	c.Stop()
	return process.Pause(ctx, 500*time.Millisecond)
}

// name is the session of a stream.
func name(i int) string { return fmt.Sprintf("u%d", i) }

// open opens streams and waits until all are open.
func (m *session) open(ctx context.Context, c *loadgen.Client, n int) error {
	specs := make([]loadgen.Spec, n)
	for i := range specs {
		specs[i].Session = name(i)
	}
	c.Open(specs...)
	err := c.Await(ctx, "streams to open", func() bool {
		counts := c.Counts(0)
		return counts.Opened == n || counts.AllEnded() > 0
	})
	if counts := c.Counts(0); err == nil && counts.Opened < n {
		err = fmt.Errorf("%d of %d streams open, others ended: %s", counts.Opened, n, counts.Endings())
	}
	return errors.Join(err, c.Err())
}

// openAndSubscribed is open for work in which each event counts: a system that does not
// greet may have sent a stream's head before it has subscribed it.
func (m *session) openAndSubscribed(ctx context.Context, c *loadgen.Client, n int) error {
	if err := m.open(ctx, c, n); err != nil || m.greets {
		return err
	}
	return process.Pause(ctx, time.Second)
}

// settle waits until so many events have come, or until none has for two seconds.
func settle(ctx context.Context, c *loadgen.Client, events int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := make(chan error, 1)
	go func() {
		quiet <- c.AwaitQuiet(ctx, 2*time.Second)
		cancel()
	}()
	if c.Await(ctx, "events", func() bool { return c.Counts(0).Events >= events }) == nil {
		cancel()
		<-quiet
		return nil
	}
	return <-quiet
}
