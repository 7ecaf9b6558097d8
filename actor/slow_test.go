package actor

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// Outboxes that fill, readers that stall, events of all priorities: a client may
// miss events, but it never just has a hole. What it missed between two events
// that it got is of low or normal priority and it is told how many they were, or
// it is ended before it gets a later one. Those that were too many for it are told
// after a second at the latest, of which it knows (see gaps).
func TestNobodyHasAHoleUnaware(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			slowRun(t, seed, 20, 600)
		})
	}
	for seed := range uint64(4) { // with sweeps
		t.Run(fmt.Sprint("sweeps, seed ", seed), func(t *testing.T) {
			t.Parallel()
			slowRun(t, seed, sliceSize+100, 120)
		})
	}
}

func slowRun(t *testing.T, seed uint64, clients, steps int) {
	random := rand.New(rand.NewPCG(seed, 5))
	// By bytes or by frames: by bytes, a small event may fit behind a large one
	// that did not.
	opts := Options{OutboxFrames: 8, OutboxBytes: 1 << 20, HeartbeatInterval: 2 * time.Second, ClientTimeout: 20 * time.Second}
	if seed%2 == 1 {
		opts.OutboxFrames, opts.OutboxBytes = 100, 800
	}
	if seed%4 >= 2 {
		opts.EventRate, opts.EventBurst = 30, 3+random.IntN(20)
	}
	w := newWorld(t, opts)
	m := newModel()
	for i := range clients {
		info := someInfo(random, fmt.Sprint("c", i))
		m.join(info)
		w.join(info)
	}
	publish := func(priority sse.Priority) {
		target := Target{}
		if random.IntN(2) == 0 && len(m.names) > 0 {
			target = someTarget(random, m)
		}
		text, _ := m.send(target, priority)
		padded := text + ":" + strings.Repeat(".", random.IntN(200))
		w.send(event(padded, priority), target)
	}
	priorities := []sse.Priority{sse.Low, sse.Normal, sse.Normal, sse.Normal}
	if random.IntN(2) == 0 {
		priorities = append(priorities, sse.High)
	}
	some := func() *peer { return w.order[random.IntN(len(w.order))] }
	for range steps {
		switch n := random.IntN(100); {
		case n < 50:
			if w.accepting() {
				publish(priorities[random.IntN(len(priorities))])
			}
		case n < 60:
			if w.working() {
				w.work()
				w.settle()
			}
		case n < 75:
			w.writeSome(1 + random.IntN(3))
		case n < 83:
			if p := some(); !p.closed {
				p.room = random.IntN(300)
			}
		case n < 95:
			if p := some(); !p.closed {
				w.read(p, []int{-1, random.IntN(400)}[random.IntN(2)])
			}
		case n < 96 && len(m.names) > 1:
			i := random.IntN(len(m.names))
			c := m.remove(i)
			c.ended = w.disconnect(Filter{ClientID: c.info.ID}) == 1
			w.settle()
		default:
			w.advanceTick()
		}
	}
	for range 2 * warningTicks { // all read again, and all that is to be said is said
		w.finishWork()
		for _, p := range w.order {
			if !p.closed {
				w.read(p, -1)
			}
		}
		w.advanceTick()
	}
	w.write()

	var told notice
	for _, p := range w.order {
		n := checkHoles(t, p, m.clients[p.ID()])
		told.Dropped += n.Dropped
		told.RateLimited += n.RateLimited
	}
	stats := w.snapshot(0)
	require.Zero(t, stats.Missed, "all gaps are told")
	require.Equal(t, stats.Deliveries, w.written.Frames+stats.Undelivered+stats.Discarded, "delivered = written + undelivered + discarded")
	require.LessOrEqual(t, told.Dropped, stats.DroppedLow+stats.DroppedNormal+stats.DroppedRate, "what was told is what was dropped")
	require.LessOrEqual(t, told.RateLimited, stats.DroppedRate, "and why")
	require.Equal(t, opts.EventRate > 0, told.RateLimited > 0)
	require.Positive(t, stats.Dropped(), "nothing was slow")
}

// checkHoles compares what p got with what was its due. What is missing before an
// event must have been told before it.
func checkHoles(t *testing.T, p *peer, c *modelled) (told notice) {
	at, missed := 0, uint64(0)
	warned := time.Time{} // of events that were too many
	for _, block := range p.received() {
		if n := noticeIn(block); n.Dropped > 0 {
			told.Dropped += n.Dropped
			told.RateLimited += n.RateLimited
			require.LessOrEqual(t, told.RateLimited, told.Dropped)
			if n.RateLimited > 0 {
				sooner := n.Dropped > n.RateLimited || p.closed // for other events, or with the farewell
				require.True(t, sooner || n.Timestamp.Sub(warned) >= time.Second, "%s was told of too many events twice in a second", p.ID())
				warned = n.Timestamp
			}
			continue
		}
		data, isEvent := strings.CutPrefix(block, "data: ")
		if !isEvent {
			continue
		}
		text, rest, whole := strings.Cut(data, ":")
		if !whole || !strings.HasSuffix(block, "\n\n") {
			continue // cut off: its connection was closed
		}
		for at < len(c.due) && c.due[at].text != text {
			require.NotEqual(t, sse.High, c.due[at].priority, "%s got %s without %s before, which was of high priority", p.ID(), text, c.due[at].text)
			missed++
			at++
		}
		require.Less(t, at, len(c.due), "%s got %s out of order or without it being its due", p.ID(), text)
		at++
		_, id, _ := strings.Cut(rest, "\nid: ")
		sequence, _ := sse.ParseSequence(strings.TrimSpace(id))
		if time.UnixMilli(int64(sequence.Milliseconds)).Sub(warned) >= time.Second {
			require.Equal(t, missed, told.Dropped, "%s got %s and was not told before of exactly what it missed", p.ID(), text)
		}
	}
	if !p.closed {
		require.EqualValues(t, told.Dropped, missed+uint64(len(c.due)-at), "%s was told of exactly what it missed", p.ID())
	}
	return told
}

// notice says which events were dropped.
type notice struct {
	Status               string
	Dropped, RateLimited uint64
	Timestamp            time.Time
}

// noticeIn is the notice that a block is; the zero notice if it is none.
func noticeIn(block string) (n notice) {
	if _, data, ok := strings.Cut(block, "data: "); ok && strings.HasPrefix(block, "event: connection\n") {
		_ = json.Unmarshal([]byte(data), &n) // without a gap's status it is none
	}
	if n.Status != "gap" {
		return notice{}
	}
	return n
}

// The writers run while the hub handles one message. What a client gets behind an
// urgent event that found its outbox full, in the same message, would move its
// Last-Event-ID past it, even if the writers have made room meanwhile.
func TestNothingFollowsAnUrgentEventThatFoundNoRoom(t *testing.T) {
	w := newWorld(t, Options{OutboxFrames: 4})
	p := w.join(Info{ID: "c"})
	p.room = 0
	w.say("under way", Target{})
	w.write()
	for range 4 {
		w.say("waits", Target{})
	}
	reply := make(chan Receipt, 2)
	w.state.send(event("urgent", sse.High), Target{}, reply) // as in catchUp: settle comes after both
	w.read(p, -1)
	w.state.send(event("later", sse.Normal), Target{}, reply)
	w.settle()
	w.write()
	texts, _, own := p.events()
	require.Equal(t, []string{"under way", "waits", "waits", "waits", "waits"}, texts)
	require.Len(t, own, 1)
	require.Contains(t, own[0], CodeSlowConsumer)
	require.Zero(t, (<-reply).Queued+(<-reply).Queued)
	require.EqualValues(t, 1, w.snapshot(0).DroppedHigh)
}

// Nor is what follows it told as one too many: its stream ends, and it comes back for it.
func TestNothingIsTooManyBehindAnUrgentEventThatFoundNoRoom(t *testing.T) {
	w := newWorld(t, Options{OutboxFrames: 4, EventRate: 6, EventBurst: 6})
	p := w.join(Info{ID: "c"})
	p.room = 0
	w.say("under way", Target{})
	w.write()
	for range 4 {
		w.say("waits", Target{})
	}
	reply := make(chan Receipt, 2)
	w.state.send(event("urgent", sse.High), Target{}, reply) // as in catchUp: settle comes after both
	w.state.send(event("later", sse.Normal), Target{}, reply)
	w.settle()
	w.read(p, -1)
	w.write()
	_, _, own := p.events()
	require.Len(t, own, 1, "the reason of the end, and no notice")
	require.Contains(t, own[0], CodeSlowConsumer)
	require.Zero(t, w.snapshot(0).DroppedRate)
}
