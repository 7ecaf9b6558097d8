package actor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// TestNothingIsLostOrDoubledByCuts lets many streams be cut off and come back while
// events of all kinds are sent, live and through a journal: each gets exactly its own,
// in order. Outboxes are tiny, so that most replays are paged, and streams that are
// too slow for their events are ended by the hub.
func TestNothingIsLostOrDoubledByCuts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			opts := testOptions()
			opts.Seed = seed
			opts.HistoryEvents, opts.HistoryBytes = 100_000, 64<<20
			opts.OutboxFrames = 8 + int(seed)*8
			r := newResumption(t, opts, 40)
			for range 5000 {
				r.step()
			}
			r.end()
			cuts := 0
			for _, who := range r.all {
				cuts += who.cuts
			}
			require.Zero(t, r.told[Partial]+r.told[Unknown], "nothing is gone")
			require.Zero(t, r.missed)
			require.Greater(t, cuts, 300)
			require.Greater(t, r.w.stats.Replayed, uint64(500))
			require.Greater(t, r.paged, 5)
		})
	}
}

// TestNoVerdictIsUntrueHoweverSmallTheHistory is the same with histories that forget most
// of what is sent, and with events that do not last: what a stream was told at its begin
// is what it then gets.
func TestNoVerdictIsUntrueHoweverSmallTheHistory(t *testing.T) {
	var runs []*resumption
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(8) {
			opts := testOptions()
			opts.Seed = seed
			opts.HistoryEvents = []int{4, 40, 0, 200, 1000}[seed%5]
			opts.HistoryBytes = []int{0, 8000, 0, 64 << 20}[seed%4]
			if seed%3 == 1 {
				opts.HistoryAge = 2 * time.Second
			}
			opts.OutboxFrames = []int{4, 5, 8}[seed%3]
			opts.OutboxBytes = []int{2000, 1 << 20, 300}[seed/3%3]
			r := &resumption{forgetful: true}
			runs = append(runs, r)
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				r.begin(t, opts, 30)
				for range 3000 {
					r.step()
				}
				r.end()
			})
		}
	})
	// Or the model would not show what it is for.
	var told [verdicts]int
	stale, ended, missed := 0, 0, 0
	for _, r := range runs {
		for v, n := range r.told {
			told[v] += n
		}
		stale, ended, missed = stale+r.stale, ended+r.ended, missed+r.missed
	}
	for _, v := range Verdicts() {
		require.NotZero(t, told[v], v.String())
	}
	require.NotZero(t, stale)
	require.NotZero(t, ended)
	require.NotZero(t, missed)
}

// resumption is a model of streams that go on: it knows what is owed to each, and judges
// what each gets.
type resumption struct {
	t         *testing.T
	w         *world
	random    *rand.Rand
	forgetful bool // the history forgets: verdicts other than Resumed are to be seen
	all       []*returning
	sent      int
	journal   []sse.Sequence // the ids of the persistent events
	open      int            // so many ids are reserved

	told   [verdicts]int // the verdicts
	stale  int           // a journal had been read too long ago
	ended  int           // by the hub
	paged  int           // replays that did not fit an outbox, and came to their end
	missed int           // events that a verdict allowed to be missing
}

func newResumption(t *testing.T, opts Options, people int) *resumption {
	r := &resumption{}
	r.begin(t, opts, people)
	return r
}

func (r *resumption) begin(t *testing.T, opts Options, people int) {
	r.t, r.w, r.random = t, newWorld(t, opts), rand.New(rand.NewPCG(opts.Seed, 3))
	if opts.Seed%4 == 0 {
		r.w.joinMany("crowd", 1500, Info{Topics: []string{"most"}}) // or nothing is swept
	}
	for i := range people {
		info := someInfo(r.random, "")
		info.SessionID = fmt.Sprint("session", i%25)
		who := &returning{name: fmt.Sprint("somebody", i), info: info, got: make(map[string]bool)}
		r.all = append(r.all, who)
		r.join(who)
	}
}

// step is something that happens.
func (r *resumption) step() {
	who := r.all[r.random.IntN(len(r.all))]
	switch r.random.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		r.send()
	case 6:
		if r.open == 0 {
			r.open = 1 + r.random.IntN(5)
			r.w.reserve(r.open)
		}
	case 7, 8:
		r.commit()
	case 9, 10:
		r.cut(who)
	case 11, 12, 13:
		if who.peer == nil {
			r.join(who)
		}
	case 14:
		if who.peer != nil {
			who.peer.room = r.random.IntN(300) // its socket takes no more, for now
		}
	case 15:
		if who.peer != nil {
			r.w.read(who.peer, -1)
		}
	case 16:
		r.feed(who)
	case 17:
		r.w.advanceTick()
		if r.forgetful && r.random.IntN(400) == 0 {
			r.w.reset(make(chan struct{}, 1))
			r.w.finishWork()
		}
	default:
		if r.w.working() {
			r.w.work()
			r.w.settle()
		}
		select {
		case <-r.w.writers.lull:
			r.w.replays.look(replayLooks)
		default:
		}
		r.w.writeSome(1 + r.random.IntN(3))
	}
	r.noteEnds()
}

// event is a new event.
func (r *resumption) event(persistent bool) (sse.Event, owed) {
	r.sent++
	e := sse.Event{Data: fmt.Sprint("event ", r.sent), Priority: sse.High, Persistent: persistent}
	if r.forgetful && r.random.IntN(30) == 0 {
		e.Data += strings.Repeat("x", r.random.IntN(3000))
	}
	o := owed{text: e.Data, persistent: persistent}
	if r.random.IntN(10) == 0 {
		o.own = fmt.Sprint("own", r.sent)
		e.ID, _ = sse.ParseID(o.own)
	}
	if r.forgetful && !persistent && r.random.IntN(10) == 0 {
		e.TTL, o.short = time.Second, true
	}
	return e, o
}

// target is whom an event is for. What is for single streams is lost with them.
func (r *resumption) target(streams bool) Target {
	m := &model{names: []string{"nobody"}}
	for _, who := range r.all {
		if who.peer != nil {
			m.names = append(m.names, who.info.ID)
		}
	}
	t := someTarget(r.random, m)
	if t.ClientIDs != nil && !streams {
		t = Target{Topics: []string{"few", "some"}}
	}
	return t
}

// owe notes whom an event is for.
func (r *resumption) owe(t Target, o owed) (to []*returning) {
	for _, who := range r.all {
		o.stream = ""
		if len(t.ClientIDs) > 0 {
			o.stream = who.info.ID
		}
		if (o.stream == "" || who.peer != nil) && new(model).matches(t, who.info) {
			who.due = append(who.due, o)
			to = append(to, who)
		}
	}
	return to
}

func (r *resumption) send() {
	if !r.w.accepting() || r.w.committing() {
		return
	}
	e, o := r.event(false)
	t := r.target(r.forgetful)
	r.w.state.send(sse.NewFrame(e), t, make(chan Receipt, 1))
	o.id = r.w.lastID
	r.owe(t, o) // some may be ended by it
	r.w.settle()
}

// commit is what a journal does after a reservation, or it has failed.
func (r *resumption) commit() {
	if r.open == 0 || !r.w.accepting() {
		return
	}
	n := r.open
	r.open = 0
	if r.random.IntN(4) == 0 {
		r.w.commit()
		return
	}
	id := r.w.reservation.next
	var events []Committed
	for range n {
		e, o := r.event(true)
		t := r.target(false)
		o.id = id
		kept := sse.NewFrame(e) // a journal makes frames of its own
		kept.Seal(id.String())
		for _, who := range r.owe(t, o) {
			who.kept = append(who.kept, Kept{id, kept})
		}
		r.journal = append(r.journal, id)
		events = append(events, Committed{sse.NewFrame(e), t, make(chan Receipt, 1)})
		id.N++
	}
	r.w.commit(events...)
}

// cut ends a stream, wherever it is.
func (r *resumption) cut(who *returning) {
	if who.peer == nil {
		return
	}
	if r.random.IntN(2) == 0 {
		r.w.disconnect(Filter{ClientID: who.info.ID})
	}
	r.w.leave(who.peer)
	r.away(who)
}

// noteEnds notes whom the hub has ended.
func (r *resumption) noteEnds() {
	for _, who := range r.all {
		if who.peer != nil && who.peer.closed {
			r.ended++
			r.away(who)
		}
	}
}

// end lets everybody read everything.
func (r *resumption) end() {
	r.commit()
	for rounds := 0; !r.quiet(); rounds++ {
		require.Less(r.t, rounds, 1000, "some go on replaying")
		for _, who := range r.all {
			if who.peer == nil {
				r.join(who)
			}
			r.w.read(who.peer, -1)
			r.feed(who)
		}
		r.w.finishWork()
		r.w.advanceTick()
		r.noteEnds()
	}
	for _, who := range r.all {
		r.away(who)
		for _, o := range who.due {
			require.True(r.t, who.mayMiss(o), "%s: the end is missing: %v", who, o)
			r.missed++
		}
	}
	require.Empty(r.t, r.w.replays.active)
	require.Empty(r.t, r.w.replays.queue)
}

// quiet reports whether everybody is here and has read all there is.
func (r *resumption) quiet() bool {
	for _, who := range r.all {
		if who.peer == nil || who.peer.room >= 0 || who.peer.replaying || who.feeding != nil {
			return false
		}
		if n, _ := who.peer.out.Waiting(); n > 0 {
			return false
		}
	}
	return !r.w.working()
}
