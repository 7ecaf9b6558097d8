//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	besiegers  = 5000 // connections, half of them slow to send a header, half a body
	badTokens  = 1000 // requests a second
	townsfolk  = 2000 // healthy streams; in each round as many come once more
	siegeWaves = 30   // broadcasts of a round
)

// siege compares a server that is left in peace with one at which thousands of
// connections send a byte a second, and others guess at tokens, in turns.
func siege(ctx context.Context, b *bench, r *report.Report) error {
	var peace, war []besieged
	for i := range b.rounds {
		for j := range 2 {
			side, attacked := &peace, false
			if (i+j)%2 == 1 { // ABBA: neither side always comes first
				side, attacked = &war, true
			}
			one, err := siegeRound(ctx, b, attacked)
			if err != nil {
				return err
			}
			*side = append(*side, one)
		}
	}
	compare := func(what string, of func(besieged) time.Duration) {
		quiet, loud := median(each(peace, of)), median(each(war, of))
		ratio := float64(loud) / float64(quiet)
		r.Check(what, ratio <= 1.5, fmt.Sprintf("%.2f (%v to %v)", ratio, quiet.Round(100*time.Microsecond), loud.Round(100*time.Microsecond)), "at most 1.5")
	}
	var sum loadgen.Counts
	var tokens, refused, held int64
	rss := int64(0)
	for _, one := range war {
		sum.Add(&one.counts)
		tokens, refused, held = tokens+one.tokens, refused+one.refused, held+one.held
		rss = max(rss, one.rss)
	}
	r.Tell("the siege, a round on average", "%d connections open, %d guesses, %d refused", held/int64(len(war)), tokens/int64(len(war)), refused/int64(len(war)))
	compare("broadcast to 2,000 streams, p99, besieged to in peace (medians)", func(one besieged) time.Duration { return one.p99 })
	compare("2,000 streams open, besieged to in peace (medians)", func(one besieged) time.Duration { return one.connecting })
	r.Check("connections that were held open", held >= besiegers*9/10*int64(len(war)), held/int64(len(war)), "nine tenths of 5,000")
	r.Check("guesses that were not refused", tokens == refused, tokens-refused, "0")
	perConnection := rss / besiegers
	r.Check("memory a slow connection", perConnection <= 32<<10, fmt.Sprintf("%.1f KiB, %s in all", float64(perConnection)/1024, mebibytes(rss)), "at most 32 KiB")
	faults(r, "healthy streams", sum)
	return nil
}

// besieged is what came of a round.
type besieged struct {
	p99, connecting       time.Duration
	rss                   int64 // growth by the siege
	tokens, refused, held int64
	counts                loadgen.Counts
}

func each(rounds []besieged, of func(besieged) time.Duration) (all []time.Duration) {
	for _, one := range rounds {
		all = append(all, of(one))
	}
	return all
}

func siegeRound(ctx context.Context, b *bench, attacked bool) (one besieged, err error) {
	s, err := b.start(ctx, maxClients(b.streams), "AUTH_SECRET=a-secret-of-the-app-0123456789abcdef",
		"JWT_SECRET=another-secret-of-the-app-0123456789abcdef")
	if err != nil {
		return one, err
	}
	defer s.kill()
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: siegeWaves})
	if err != nil {
		return one, err
	}
	defer c.Stop()
	if _, err := open(ctx, c, sessions(townsfolk, "town")); err != nil {
		return one, err
	}
	before, err := s.Usage()
	if err != nil {
		return one, err
	}
	var camp *camp
	if attacked {
		if camp, err = encamp(ctx, s.addr); err != nil {
			return one, err
		}
		defer camp.leave()
	}
	// Let both sides settle for as long.
	if err := process.Pause(ctx, 2*time.Second); err != nil {
		return one, err
	}
	for n := range siegeWaves {
		due := time.Now().Add(150 * time.Millisecond)
		if _, err := s.Publish(ctx, loadgen.Event{Data: loadgen.Tag{N: n, At: loadgen.Now()}.Text(200, false)}); err != nil {
			return one, err
		}
		settle(ctx, c, func() bool { return c.Counts(0).Events >= townsfolk*(n+1) })
		if err := process.Pause(ctx, time.Until(due)); err != nil {
			return one, err
		}
	}
	one.p99 = c.Latency(0).Quantile(.99)
	if camp != nil {
		after, err := s.Usage()
		if err != nil {
			return one, err
		}
		one.rss = after.RSS - before.RSS
		one.held = camp.held.Load()
	}
	one.counts = c.Counts(0)
	if one.counts.Events != townsfolk*siegeWaves {
		return one, fmt.Errorf("%d of %d events came", one.counts.Events, townsfolk*siegeWaves)
	}
	// Streams that come while it goes on.
	began := time.Now()
	if _, err := open(ctx, c, sessions(townsfolk, "late")); err != nil {
		return one, err
	}
	one.connecting = time.Since(began)
	if camp != nil {
		camp.leave()
		one.tokens, one.refused = camp.tokens.Load(), camp.refused.Load()
		if camp.failed != nil {
			return one, camp.failed
		}
	}
	return one, nil
}

// camp is who besieges a server.
type camp struct {
	target netip.AddrPort
	stop   context.CancelFunc
	all    sync.WaitGroup
	failed error // of who guesses

	held            atomic.Int64 // slow connections open now
	tokens, refused atomic.Int64
}

// encamp opens the slow connections and begins to guess. Those that the server cuts off
// come back.
func encamp(ctx context.Context, target netip.AddrPort) (*camp, error) {
	ctx, stop := context.WithCancel(ctx)
	c := &camp{target: target, stop: stop}
	slow := make([]int, besiegers)
	for i := range slow {
		slow[i] = -1
		if err := c.again(&slow[i], i); err != nil {
			stop()
			return nil, err
		}
	}
	c.all.Go(func() { c.drip(ctx, slow) })
	c.all.Go(func() { c.failed = c.guess(ctx) })
	return c, nil
}

// leave ends it. It may be called again.
func (c *camp) leave() {
	c.stop()
	c.all.Wait()
}

// again opens the nth slow connection and sends the beginning of a request.
func (c *camp) again(fd *int, n int) error {
	if *fd >= 0 {
		_ = syscall.Close(*fd)
		c.held.Add(-1)
		*fd = -1
	}
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("besiege: %w", err)
	}
	from := [4]byte{127, 0, 1, byte(1 + n/500)}
	if err = syscall.Bind(s, &syscall.SockaddrInet4{Addr: from}); err == nil {
		err = syscall.Connect(s, &syscall.SockaddrInet4{Port: int(c.target.Port()), Addr: c.target.Addr().As4()})
	}
	if err == nil {
		err = syscall.SetNonblock(s, true)
	}
	if err != nil {
		_ = syscall.Close(s)
		return fmt.Errorf("besiege: %w", err)
	}
	beginning := "GET /api/sse?sessionId=slow HTTP/1.1\r\nHost: x\r\nX-Slow: "
	if n%2 == 1 {
		beginning = "POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 8000\r\n\r\n{"
	}
	_, _ = syscall.Write(s, []byte(beginning)) // if it fails, so does the next byte
	*fd = s
	c.held.Add(1)
	return nil
}

// drip sends a byte on each connection, in turns, once a second.
func (c *camp) drip(ctx context.Context, slow []int) {
	defer func() {
		for _, fd := range slow {
			if fd >= 0 {
				_ = syscall.Close(fd)
			}
		}
	}()
	const slices = 100
	pace := time.NewTicker(time.Second / slices)
	defer pace.Stop()
	for turn := 0; ; turn = (turn + 1) % slices {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		for n := turn; n < len(slow); n += slices {
			if slow[n] >= 0 {
				if _, err := syscall.Write(slow[n], []byte(" ")); err == nil || err == syscall.EAGAIN {
					continue
				}
			}
			_ = c.again(&slow[n], n) // if the server takes no more, at the next turn
		}
	}
}

// guess sends wrong keys, tokens and session cookies.
func (c *camp) guess(ctx context.Context) error {
	conn, err := loadgen.NewPoster(c.target)
	if err != nil {
		return err
	}
	defer conn.Close()
	noise := strings.Repeat("A9f-", 180)
	var requests [][]byte
	for _, header := range []string{
		"Authorization: Bearer sse_" + noise[:64],
		"Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + noise[:200] + "." + noise[:43],
		"Cookie: authjs.session-token=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0.." + noise[:22] + "." + noise[:400] + "." + noise[:43],
		"Cookie: next-auth.session-token=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0.." + noise[:16] + "." + noise[:400] + "." + noise[:22],
	} {
		requests = append(requests, []byte("GET /api/sse HTTP/1.1\r\nHost: x\r\n"+header+"\r\n\r\n"))
	}
	began := time.Now()
	for n := int64(0); ctx.Err() == nil; n++ {
		status, err := conn.Post(requests[n%int64(len(requests))])
		if err != nil {
			return err
		}
		c.tokens.Add(1)
		if status == 401 {
			c.refused.Add(1)
		}
		_ = process.Pause(ctx, time.Until(began.Add(time.Duration(n)*time.Second/badTokens)))
	}
	return nil
}
