//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// bench is what all scenarios use: the binary, and what they started.
type bench struct {
	bin     string
	streams int
	cuts    int
	kills   int
	rounds  int
	extra   []string // settings of all servers, as NAME=value

	dir     string
	log     *os.File // of all servers of the scenario
	expects []string // parts of lines that the scenario makes its servers log
	servers []*server
	clients []*loadgen.Client
}

// prepare builds the server unless a binary was named.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "acceptance-"); err != nil {
		return err
	}
	if b.log, err = os.Create(filepath.Join(b.dir, "server.log")); err != nil {
		return err
	}
	if b.bin != "" {
		b.bin, err = filepath.Abs(b.bin)
		return err
	}
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	b.bin = filepath.Join(b.dir, "sseactor")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.bin, "./cmd/sseactor")
	build.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return nil
}

// path is where a server of the scenario may keep its data.
func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// client starts a load client that ends with the scenario.
func (b *bench) client(o loadgen.Options) (*loadgen.Client, error) {
	c, err := loadgen.New(o)
	if err == nil {
		b.clients = append(b.clients, c)
	}
	return c, err
}

// end ends what the scenario started.
func (b *bench) end() {
	for _, c := range b.clients {
		c.Stop()
	}
	for _, s := range b.servers {
		s.kill()
	}
	b.clients, b.servers = nil, nil
}

// takeLog gives what the scenario's servers wrote, and empties the file.
func (b *bench) takeLog() string {
	text := b.readLog()
	_ = b.log.Truncate(0)
	_, _ = b.log.Seek(0, io.SeekStart)
	return text
}

// readLog gives what they wrote so far.
func (b *bench) readLog() string {
	text, err := os.ReadFile(b.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// alarming finds the first line of a log that no healthy server writes, but for those
// that are expected.
func alarming(log string, expected ...string) string {
	for line := range strings.Lines(log) {
		if slices.ContainsFunc(expected, func(part string) bool { return strings.Contains(line, part) }) {
			continue
		}
		for _, word := range []string{"panic", "DATA RACE", "level=ERROR", `"level":"ERROR"`, "fatal error:"} {
			if strings.Contains(line, word) {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

func (b *bench) cleanUp() {
	b.end()
	_ = b.log.Close()
	_ = os.RemoveAll(b.dir)
}

// open opens streams and waits until all are open.
func open(ctx context.Context, c *loadgen.Client, specs []loadgen.Spec) ([]*loadgen.Stream, error) {
	group := int(specs[0].Group)
	before := c.Counts(group)
	streams := c.Open(specs...)
	err := c.Await(ctx, fmt.Sprintf("%d streams to open", len(specs)), func() bool {
		n := c.Counts(group)
		return n.Opened >= before.Opened+len(specs) || n.AllEnded() > before.AllEnded()
	})
	if n := c.Counts(group); err == nil && n.AllEnded() > before.AllEnded() {
		err = fmt.Errorf("opening %d streams: %d open, others ended: %s", len(specs), n.Open, n.Endings())
	}
	if err != nil {
		if cause := c.Err(); cause != nil {
			err = fmt.Errorf("%w (%w)", err, cause)
		}
	}
	return streams, err
}

// settle waits until ok, or until nothing has happened for three seconds: what
// is then missing will not come.
func settle(ctx context.Context, c *loadgen.Client, ok func() bool) {
	ctx, cancel := context.WithCancel(ctx)
	var quiet sync.WaitGroup
	quiet.Go(func() {
		_ = c.AwaitQuiet(ctx, 3*time.Second)
		cancel()
	})
	_ = c.Await(ctx, "events", ok)
	cancel()
	quiet.Wait()
}

// sessions are specs of streams that each have a session of their own.
func sessions(n int, name string) []loadgen.Spec {
	specs := make([]loadgen.Spec, n)
	for i := range specs {
		specs[i].Session = fmt.Sprintf("%s-%05d", name, i)
	}
	return specs
}
