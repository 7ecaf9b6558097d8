//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	key = "0123456789abcdef0123456789abcdef"
	// connects is how many are under way at once, of all load clients.
	connects = 256
	settling = 5 * time.Second
)

// hold starts a server and load clients, opens the streams, sends events to all, and
// says what came of it.
func hold(ctx context.Context, o options, m machine, rep *report.Report) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute+time.Duration(o.streams)*time.Millisecond, errors.New("it took too long"))
	defer cancel()
	addr, err := process.FreeAddress()
	if err != nil {
		return err
	}
	server, err := startServer(ctx, o, addr)
	if err != nil {
		return err
	}
	defer server.Kill()
	empty, err := server.Usage()
	if err != nil {
		return err
	}
	began := time.Now()
	f, err := startClients(o, m, addr)
	defer f.kill()
	if err != nil {
		return err
	}
	rep.Tell("load clients", "%d", len(f.clients))
	if err := f.await(ctx, "open"); err != nil {
		return err
	}
	opened := time.Since(began)
	rep.Tell("all open after", "%v, %.0f a second", opened.Round(time.Millisecond), float64(o.streams)/opened.Seconds())
	if err := process.Pause(ctx, settling); err != nil {
		return err
	}
	full, err := server.Usage()
	if err != nil {
		return err
	}
	rep.Tell("the server's resident memory a stream", "%d bytes, with %d descriptors", (full.RSS-empty.RSS)/int64(o.streams), full.FDs)

	publisher := loadgen.NewPublisher(addr, key)
	defer publisher.Close()
	var took []time.Duration
	for i := range o.events {
		began := time.Now()
		answer, err := publisher.Publish(ctx, loadgen.Event{Data: loadgen.Tag{N: i}.Text(200, false)})
		if err != nil {
			return err
		}
		if answer.EventsSent != o.streams {
			rep.Fail("streams that an event was queued for", strconv.Itoa(answer.EventsSent), "all")
		}
		if err := f.await(ctx, fmt.Sprint("got ", i)); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	after, err := server.Usage()
	if err != nil {
		return err
	}
	slices.Sort(took)
	rep.Tell("from POST to the last stream", "median %v, most %v", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	rep.Tell("the server's CPU a delivery", "%.2f µs", float64((after.CPU-full.CPU).Microseconds())/float64(o.events*o.streams))
	sum, err := f.summaries(ctx)
	if err != nil {
		return err
	}
	rep.Equal("streams open at the end", sum.Open, o.streams)
	rep.Equal("events received", sum.Events, o.streams*o.events)
	rep.Zero("twice, out of order, damaged", sum.Faults.Total())
	if sum.Odd != "" {
		rep.Fail("odd responses", sum.Odd, "none")
	}
	return nil
}

func startServer(ctx context.Context, o options, addr netip.AddrPort) (*process.Process, error) {
	cmd := exec.Command(o.bin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"SSEACTOR_ADDR=" + addr.String(), "SSEACTOR_LOG_LEVEL=warn",
		"SSEACTOR_API_KEYS=load:" + key + ":publish+metrics",
		"SSEACTOR_MAX_CLIENTS=" + strconv.Itoa(o.streams+spare/2),
	}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	p, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	if err := p.AwaitReady(ctx, "http://"+addr.String()+"/readyz"); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// fleet is the load clients.
type fleet struct {
	clients []*loadClient
}

type loadClient struct {
	*process.Process
	stdin io.Closer
	lines chan string // of its output; closed when that ends
}

func startClients(o options, m machine, addr netip.AddrPort) (*fleet, error) {
	f := &fleet{}
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	count := max(o.clients, m.clients(o.streams))
	source := 0
	for i := range count {
		share := o.streams*(i+1)/count - o.streams*i/count
		cmd := exec.Command(self, "-client", "-target", addr.String(), "-streams", strconv.Itoa(share),
			"-events", strconv.Itoa(o.events), "-source", strconv.Itoa(source), "-connects", strconv.Itoa(max(connects/count, 4)))
		source += (share + perSource - 1) / perSource
		cmd.Stderr = os.Stderr
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return f, err
		}
		// Not StdoutPipe: Start's Wait would close it before all is read.
		out, in, err := os.Pipe()
		if err != nil {
			return f, err
		}
		cmd.Stdout = in
		p, err := process.Start(cmd)
		_ = in.Close()
		if err != nil {
			return f, errors.Join(err, out.Close())
		}
		c := &loadClient{Process: p, stdin: stdin, lines: make(chan string, o.events+2)}
		go c.read(out)
		f.clients = append(f.clients, c)
	}
	return f, nil
}

func (c *loadClient) read(out io.ReadCloser) {
	defer close(c.lines)
	defer out.Close()
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		c.lines <- scanner.Text()
	}
}

// next waits for a load client's next word.
func (c *loadClient) next(ctx context.Context) (string, error) {
	select {
	case line, ok := <-c.lines:
		if !ok {
			return "", errors.New("a load client has ended early")
		}
		return line, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// await waits until all have said a word.
func (f *fleet) await(ctx context.Context, word string) error {
	for _, c := range f.clients {
		line, err := c.next(ctx)
		if err == nil && line != word {
			err = fmt.Errorf("a load client says %q", line)
		}
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", word, err)
		}
	}
	return nil
}

// summaries ends the load clients and sums up what they have received.
func (f *fleet) summaries(ctx context.Context) (sum summary, err error) {
	for _, c := range f.clients {
		if err := c.stdin.Close(); err != nil {
			return sum, err
		}
	}
	for _, c := range f.clients {
		line, err := c.next(ctx)
		if err != nil {
			return sum, err
		}
		var one summary
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			return sum, fmt.Errorf("a load client's summary: %w", err)
		}
		sum.Open += one.Open
		sum.Ended += one.Ended
		sum.Events += one.Events
		sum.Faults.Add(one.Faults)
		sum.Odd += one.Odd
	}
	return sum, nil
}

func (f *fleet) kill() {
	for _, c := range f.clients {
		c.Kill()
	}
}
