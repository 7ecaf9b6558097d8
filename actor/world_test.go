package actor

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// world is a state whose surroundings (clock, writers, poller, sockets) are
// played by the test, in one goroutine: nothing in it depends on time.
type world struct {
	*state
	t     testing.TB
	clock time.Time
	peers map[string]*peer
	order []*peer // as they came

	written Written
	batches []*Batch // taken and not yet finished
}

// peer is the far end of a client's stream.
type peer struct {
	*Client
	room   int // bytes its socket takes before a write would block; negative: all
	got    bytes.Buffer
	closed bool
}

func (p *peer) Write(b []byte) (int, error) {
	if p.closed {
		panic("write to a closed connection")
	}
	n := len(b)
	if p.room >= 0 {
		n = min(n, p.room)
		p.room -= n
	}
	p.got.Write(b[:n])
	return n, nil
}

func (p *peer) Blocks() bool { return false }
func (p *peer) Interrupt()   { panic("a sink that does not block is interrupted") }

func (p *peer) Close() {
	if p.closed {
		panic("closed twice")
	}
	p.closed = true
}

// start is the hub's time at its start: ids begin with 1000000.
var start = time.Unix(1000, 0).UTC()

// testOptions are defaults with a start. A test changes what it is about.
func testOptions() Options {
	return Options{Start: start, MaxClients: 1_000_000, Seed: 1}
}

func newWorld(t testing.TB, opts Options) *world {
	t.Helper()
	if opts.Start.IsZero() {
		opts.Start = start
	}
	opts = opts.withDefaults()
	require.NoError(t, opts.check())
	return &world{state: newState(opts), t: t, clock: opts.Start, peers: make(map[string]*peer)}
}

// register is a new stream's request. Its head is not written yet.
func (w *world) register(info Info) (*peer, Welcome) {
	p := &peer{room: -1}
	p.Client = NewClient(info, p, w.tick)
	welcome := w.state.register(p.Client, nil)
	w.settle()
	if welcome.Admission == Admitted {
		w.peers[info.ID] = p
		w.order = append(w.order, p)
	}
	return p, welcome
}

// join is register and, if it is admitted, the first Flush.
func (w *world) join(info Info) *peer {
	p, welcome := w.register(info)
	if welcome.Admission == Admitted {
		w.flush(p.Client, nil)
	}
	return p
}

// joinMany is n clients named prefix1 to prefixn.
func (w *world) joinMany(prefix string, n int, info Info) []*peer {
	all := make([]*peer, n)
	for i := range all {
		info.ID = fmt.Sprintf("%s%d", prefix, i+1)
		all[i] = w.join(info)
	}
	return all
}

// pending is a send whose answer may be outstanding.
type pending struct {
	frame *sse.Frame
	reply chan Receipt
}

func (p pending) answered() (Receipt, bool) {
	select {
	case r := <-p.reply:
		return r, true
	default:
		return Receipt{}, false
	}
}

// send publishes an event as run would, without looking at accepting.
func (w *world) send(frame *sse.Frame, target Target) pending {
	p := pending{frame, make(chan Receipt, 1)}
	w.state.send(frame, target, p.reply)
	w.settle()
	return p
}

// say sends text and returns the receipt, which must be there at once.
func (w *world) say(text string, target Target) Receipt {
	w.t.Helper()
	r, ok := w.send(event(text, sse.Normal), target).answered()
	require.True(w.t, ok, "the send is being swept")
	return r
}

// finishWork does slices, with the writers at work between them, until there is
// nothing left to do.
func (w *world) finishWork() {
	w.write()
	for w.working() {
		w.work()
		w.settle()
		w.write()
	}
}

// disconnect ends the streams that f chooses and gives their number, which must be
// there at once.
func (w *world) disconnect(f Filter) int {
	w.t.Helper()
	reply := make(chan int, 1)
	w.state.disconnect(f, reply)
	select {
	case n := <-reply:
		return n
	default:
		require.FailNow(w.t, "streams are being ended in slices")
		return 0
	}
}

// advanceTick is the next tick.
func (w *world) advanceTick() {
	w.clock = w.clock.Add(TickInterval)
	w.advance(w.clock)
	w.settle()
}

// take is the writers' part until they have clients to flush: it takes all the
// batches there are. No client may be in two places.
func (w *world) take() {
	for {
		w.writers.offer()
		select {
		case b := <-w.writers.out:
			w.batches = append(w.batches, b)
			continue
		default:
		}
		break
	}
	seen := make(map[*Client]bool)
	for _, b := range w.batches {
		require.LessOrEqual(w.t, len(b.Entries), batchSize)
		for _, e := range b.Entries {
			if seen[e.Client] {
				require.Fail(w.t, "a client is in the batches twice", e.Client.ID())
			}
			seen[e.Client] = true
		}
	}
}

// write is the writers' whole part: all batches are flushed and finished.
func (w *world) write() {
	for w.take(); len(w.batches) > 0; w.take() {
		w.writeBatch()
	}
}

// writeSome is write for up to n batches.
func (w *world) writeSome(n int) {
	for w.take(); n > 0 && len(w.batches) > 0; n-- {
		w.writeBatch()
	}
}

func (w *world) writeBatch() {
	b := w.batches[0]
	w.batches = w.batches[1:]
	for _, e := range b.Entries {
		w.flush(e.Client, e.Frame)
	}
	w.writers.finish(b)
	w.settle()
}

// flush is any owner's part.
func (w *world) flush(c *Client, first *sse.Frame) {
	outcome := c.Flush(first, make([]byte, 0, 4096), w.tick, 4, &w.written)
	for outcome == More {
		outcome = c.Flush(nil, make([]byte, 0, 4096), w.tick, 4, &w.written)
	}
	if outcome == Closed {
		w.unregister(c)
		w.settle()
	}
}

// read makes room in p's socket, and the poller tells of it.
func (w *world) read(p *peer, room int) {
	p.room = room
	if p.Writable() {
		w.flush(p.Client, nil)
	}
}

// leave is the peer's departure, which the poller notices.
func (w *world) leave(p *peer) {
	p.EndedBy(ReasonClientClosed)
	if p.Hangup() {
		w.flush(p.Client, nil)
	}
}

// event is a publisher's event.
func event(data string, priority sse.Priority) *sse.Frame {
	return sse.NewFrame(sse.Event{Data: data, Priority: priority})
}

// received cuts what p got into blocks.
func (p *peer) received() []string {
	var blocks []string
	for block := range bytes.SplitAfterSeq(p.got.Bytes(), []byte("\n\n")) {
		if len(block) > 0 {
			blocks = append(blocks, string(block))
		}
	}
	return blocks
}

// rejoin is join for a stream that goes on, which must be admitted.
func (w *world) rejoin(info Info, r Resume) (*peer, Replay) {
	w.t.Helper()
	p := &peer{room: -1}
	p.Client = NewClient(info, p, w.tick)
	welcome := w.state.register(p.Client, &r)
	w.settle()
	require.Equal(w.t, Admitted, welcome.Admission)
	w.peers[info.ID] = p
	w.order = append(w.order, p)
	w.flush(p.Client, nil)
	return p, welcome.Replay
}

// feed is Feed, without waiting for the answer.
func (w *world) feed(c *Client, page []Kept, more bool) chan bool {
	reply := make(chan bool, 1)
	(&feeding{c, page, more, reply}).do(w.state)
	w.settle()
	return reply
}

// reserve is Reserve, which must be answered at once.
func (w *world) reserve(n int) sse.Sequence {
	w.t.Helper()
	reply := make(chan reserved, 1)
	(&reserving{n, w.milliseconds, reply}).do(w.state)
	r := <-reply
	require.NoError(w.t, r.err)
	return r.first
}

// commit is Commit, and sends all.
func (w *world) commit(events ...Committed) {
	reply := make(chan bool, 1)
	(&committing{events, reply}).do(w.state)
	require.True(w.t, <-reply)
	for w.committing() {
		w.work()
		w.settle()
		w.write()
	}
}
