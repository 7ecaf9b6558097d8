//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
)

// crowd is connecting, memory, broadcasts and a storm of reconnects.
func crowd(ctx context.Context, m *session) error {
	before, err := m.process.Usage()
	if err != nil {
		return err
	}
	c, err := m.client(128)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := m.open(ctx, c, m.streams); err != nil {
		return err
	}
	m.figures[connects] = float64(m.streams) / time.Since(began).Seconds()
	// Until what connecting has left behind is collected, where something collects it.
	if err := process.Pause(ctx, 8*time.Second); err != nil {
		return err
	}
	settled, err := m.process.Usage()
	if err != nil {
		return err
	}
	m.figures[memory] = float64(settled.Share-before.Share) / float64(m.streams)
	if err := m.broadcasts(ctx, c, 30); err != nil {
		return err
	}
	c.Stop()
	m.clients = m.clients[:0]
	return m.storm(ctx)
}

// broadcasts are four a second, so that each has the machine for itself.
func (m *session) broadcasts(ctx context.Context, c *loadgen.Client, n int) error {
	pub, err := m.publishers(1)
	if err != nil {
		return err
	}
	defer pub.close()
	c.ResetLatency()
	before, err := m.process.Usage()
	if err != nil {
		return err
	}
	own, err := loadgen.ReadUsage(os.Getpid())
	if err != nil {
		return err
	}
	at := make([]int64, n)
	for i := range n {
		due := time.Now().Add(250 * time.Millisecond)
		if at[i], err = pub.post(0, "", i); err != nil {
			return err
		}
		if err := settle(ctx, c, m.streams*(i+1)); err != nil {
			return err
		}
		if err := process.Pause(ctx, time.Until(due)); err != nil {
			return err
		}
	}
	after, err := m.process.Usage()
	if err != nil {
		return err
	}
	ownAfter, err := loadgen.ReadUsage(os.Getpid())
	if err != nil {
		return err
	}
	arrivals, _ := c.Arrivals()
	var last []float64
	for i := range n {
		last = append(last, float64(arrivals[i].Last-at[i])/1e6)
	}
	deliveries := float64(c.Counts(0).Events)
	m.figures[toLast] = median(last)
	m.latency(c, p50, p99, p999)
	m.figures[cpu] = float64((after.CPU - before.CPU).Microseconds()) / deliveries
	m.figures[clientCPU] = float64((ownAfter.CPU - own.CPU).Microseconds()) / deliveries
	m.figures[lost] += float64(m.streams*n) - deliveries
	return nil
}

func (m *session) latency(c *loadgen.Client, half, most, nearlyAll metric) {
	h := c.Latency(0)
	for which, q := range map[metric]float64{half: .5, most: .99, nearlyAll: .999} {
		if which != "" {
			m.figures[which] = float64(h.Quantile(q).Nanoseconds()) / 1e6
		}
	}
}

// storm is all streams coming back at once, with no limit of how many connect at
// the same time.
func (m *session) storm(ctx context.Context) error {
	if err := process.Pause(ctx, time.Second); err != nil {
		return err
	}
	c, err := m.client(m.streams)
	if err != nil {
		return err
	}
	began := time.Now()
	err = m.open(ctx, c, m.streams)
	m.figures[storm] = time.Since(began).Seconds()
	counts := c.Counts(0)
	m.figures[refused] = float64(counts.AllEnded())
	return err
}

// saturated is first one event at a time, each after all have the one before, so
// that no two can travel together; then as fast as 16 publishers can.
func saturated(ctx context.Context, m *session) error {
	const streams, single, lasting = 1000, 300, 3 * time.Second
	c, err := m.client(128)
	if err != nil {
		return err
	}
	if err := m.openAndSubscribed(ctx, c, streams); err != nil {
		return err
	}
	pub, err := m.publishers(loadgen.Lanes)
	if err != nil {
		return err
	}
	defer pub.close()
	began := time.Now()
	for i := range single {
		came := c.Counts(0).Events // one that is lost shall not be waited for again and again
		if _, err := pub.post(0, "", i); err != nil {
			return err
		}
		if err := settle(ctx, c, came+streams); err != nil {
			return err
		}
	}
	m.figures[lockstep] = float64(c.Counts(0).Events) / time.Since(began).Seconds()
	m.figures[lost] += float64(single*streams - c.Counts(0).Events)

	var next atomic.Int64
	next.Store(single)
	before := c.Counts(0).Events
	start := loadgen.Now()
	published, err := m.flatOut(lasting, func(lane int) error {
		n := int(next.Add(1) - 1)
		if n >= m.tags {
			return errors.New("more events than the work has tags")
		}
		_, err := pub.post(lane, "", n)
		return err
	})
	if err != nil {
		return err
	}
	if err := settle(ctx, c, before+published*streams); err != nil {
		return err
	}
	arrivals, _ := c.Arrivals()
	var end int64
	for _, a := range arrivals {
		end = max(end, a.Last)
	}
	counts := c.Counts(0)
	m.figures[flood] = float64(counts.Events-before) / (float64(end-start) / 1e9)
	m.figures[lost] += float64(published*streams - (counts.Events - before) - counts.Told)
	m.figures[told] += float64(counts.Told)
	return nil
}

// flatOut has all publishers publish one after the other for so long.
func (m *session) flatOut(lasting time.Duration, post func(lane int) error) (published int, err error) {
	var (
		all  sync.WaitGroup
		sum  atomic.Int64
		errs = make([]error, loadgen.Lanes)
		end  = time.Now().Add(lasting)
	)
	for lane := range loadgen.Lanes {
		all.Go(func() {
			for time.Now().Before(end) && errs[lane] == nil {
				if errs[lane] = post(lane); errs[lane] == nil {
					sum.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(sum.Load()), errors.Join(errs...)
}

// targeted is events for one session each, as fast as 16 publishers can, and then
// at half that pace, and at a pace that is the same for all.
func targeted(ctx context.Context, m *session) error {
	const lasting = 3 * time.Second
	c, err := m.client(128)
	if err != nil {
		return err
	}
	if err := m.openAndSubscribed(ctx, c, m.streams); err != nil {
		return err
	}
	pub, err := m.publishers(loadgen.Lanes)
	if err != nil {
		return err
	}
	defer pub.close()

	// Each lane has sessions of its own, and a tag is the number of the event for
	// its session.
	share := m.streams / loadgen.Lanes
	sent := make([]int, loadgen.Lanes)
	post := func(lane int, at int64) error {
		session, n := lane*share+sent[lane]%share, sent[lane]/share
		sent[lane]++
		return pub.postOf(lane, name(session), n, at)
	}
	began := time.Now()
	published, err := m.flatOut(lasting, func(lane int) error { return post(lane, loadgen.Now()) })
	if err != nil {
		return err
	}
	pace := float64(published) / time.Since(began).Seconds()
	m.figures[publishes] = pace
	if err := settle(ctx, c, published); err != nil {
		return err
	}
	// At half of what it can do; and at what the others can do too, where a server that
	// is faster has less to do.
	for _, load := range []struct {
		p99  metric
		pace float64
	}{{halfLoadP99, pace / 2}, {sameLoadP99, sameLoad}} {
		c.ResetLatency()
		more, err := m.paced(load.pace, lasting, post)
		if err != nil {
			return err
		}
		published += more
		if err := settle(ctx, c, published); err != nil {
			return err
		}
		m.latency(c, "", load.p99, "")
	}
	m.figures[lost] += float64(published - c.Counts(0).Events)
	return nil
}

// sameLoad is events a second; half of what the slowest of the peers can do.
const sameLoad = 1500

// paced has all publishers together publish so many events a second.
func (m *session) paced(pace float64, lasting time.Duration, post func(lane int, at int64) error) (published int, err error) {
	gap := int64(float64(loadgen.Lanes) / pace * float64(time.Second))
	due := make([]int64, loadgen.Lanes)
	for lane := range due {
		due[lane] = loadgen.Now() + gap*int64(lane)/loadgen.Lanes
	}
	return m.flatOut(lasting, func(lane int) error {
		at := due[lane]
		due[lane] += gap
		// A publisher that a slow answer has made late counts from when it was due.
		if wait := at - loadgen.Now(); wait > 0 {
			time.Sleep(time.Duration(wait))
			at = loadgen.Now()
		}
		return post(lane, at)
	})
}
