package outbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// pipe is a sink whose room the test decides. It takes everything while room is
// negative.
type pipe struct {
	room   int
	err    error // of the next Write
	blocks bool
	// during is called in each Write before it takes anything: what another
	// goroutine might do meanwhile.
	during func()

	got    []byte
	writes [][]byte // as they were given, not copied
	closed int
}

func (p *pipe) Write(b []byte) (int, error) {
	if p.closed > 0 {
		panic("write after close")
	}
	if during := p.during; during != nil {
		p.during = nil
		during()
	}
	p.writes = append(p.writes, b)
	n := len(b)
	if p.room >= 0 {
		n = min(n, p.room)
		p.room -= n
	}
	p.got = append(p.got, b[:n]...)
	return n, p.err
}

func (p *pipe) Blocks() bool { return p.blocks }
func (p *pipe) Interrupt()   {}
func (p *pipe) Close()       { p.closed++ }

// box is an outbox, its pipe, and what its flushes have written.
type box struct {
	outbox.Outbox
	pipe    *pipe
	written outbox.Written
	limits  outbox.Limits
}

const rounds = 1000 // more writes than any test needs

// newBox is a box as a new stream has it: owned by the caller.
func newBox() *box {
	b := &box{pipe: &pipe{room: -1}, limits: outbox.Limits{Frames: 1000, Bytes: 1 << 20}}
	b.Init(b.pipe, 0)
	return b
}

// idleBox is a box whose first Flush is done.
func idleBox(t testing.TB) *box {
	t.Helper()
	b := newBox()
	require.Equal(t, outbox.Idle, b.flush(nil))
	return b
}

// parkedBox has one event waiting of which the first taken bytes are out.
func parkedBox(t testing.TB, taken int) *box {
	t.Helper()
	b := idleBox(t)
	b.pipe.room = taken
	f := frame("parked")
	require.Equal(t, outbox.Handed, b.offer(f))
	require.Equal(t, outbox.Parked, b.flush(f))
	return b
}

func (b *box) offer(f *sse.Frame) outbox.Verdict { return b.Offer(f, b.limits) }

func (b *box) flush(first *sse.Frame) outbox.Outcome {
	return b.Flush(first, make([]byte, 0, 4096), 0, rounds, &b.written)
}

// frame is a publisher's event of normal priority.
func frame(data string) *sse.Frame { return priority(data, sse.Normal) }

func priority(data string, p sse.Priority) *sse.Frame {
	f := sse.NewFrame(sse.Event{Data: data, Priority: p})
	f.Seal("1-1")
	return f
}

// sized is an event of exactly size bytes.
func sized(size int, p sse.Priority) *sse.Frame {
	f := priority(strings.Repeat("x", size-len("data: \nid: 1-1\n\n")), p)
	if f.Len() != size {
		panic(fmt.Sprintf("%d bytes instead of %d", f.Len(), size))
	}
	return f
}

// numbered is n different events.
func numbered(n int) []*sse.Frame {
	all := make([]*sse.Frame, n)
	for i := range all {
		all[i] = frame(fmt.Sprintf("%d %s", i, strings.Repeat("y", i%37)))
	}
	return all
}

func joined(all ...*sse.Frame) string {
	var b strings.Builder
	for _, f := range all {
		b.Write(f.Bytes())
	}
	return b.String()
}

var farewell = sse.NewControl(sse.NameError, 0, []byte(`"farewell"`))
