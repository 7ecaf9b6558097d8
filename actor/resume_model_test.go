package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// returning is somebody who is cut off again and again, and comes back with the id of
// the last event that came whole.
type returning struct {
	info Info
	peer *peer // nil while it is away
	cuts int
	due  []string // the texts of all events for it since it first came
	got  []string
	last string // id

	feeding []Kept // of the journal, not yet fed
	fed     chan bool
}

// TestNothingIsLostOrDoubledByCuts lets many streams be cut off and come back while
// events of all kinds are sent, live and through a journal: each gets exactly its own,
// in order. Outboxes are tiny, so that most replays are paged, and streams that are
// too slow for their events are ended by the hub.
func TestNothingIsLostOrDoubledByCuts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			opts := testOptions()
			opts.Seed = seed
			opts.HistoryEvents, opts.HistoryBytes = 100_000, 64<<20
			opts.OutboxFrames = 8 + int(seed)*8
			r := &resumption{w: newWorld(t, opts), random: rand.New(rand.NewPCG(seed, 3))}
			if seed%3 == 0 {
				r.w.joinMany("crowd", 1500, Info{Topics: []string{"most"}}) // or nothing is swept
			}
			for i := range 40 {
				info := someInfo(r.random, "")
				info.SessionID = fmt.Sprint("session", i%25)
				who := &returning{info: info}
				r.all = append(r.all, who)
				r.join(who)
			}
			for range 5000 {
				r.step()
			}
			r.end(t)
		})
	}
}

type resumption struct {
	w       *world
	random  *rand.Rand
	all     []*returning
	sent    int
	journal []Kept   // the persistent events
	targets []Target // theirs
	open    int      // so many ids are reserved
	paged   int      // replays that did not fit an outbox, and came to their end
}

func (r *resumption) step() {
	who := r.all[r.random.IntN(len(r.all))]
	switch r.random.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		if r.w.accepting() && !r.w.committing() {
			r.w.send(r.event(false), r.target())
		}
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
	default:
		if r.w.working() {
			r.w.work()
			r.w.settle()
		}
		r.w.writeSome(1 + r.random.IntN(3))
	}
	r.collectEnded()
}

// event is a new event; the model knows who it is for when target is called.
func (r *resumption) event(persistent bool) *sse.Frame {
	r.sent++
	e := sse.Event{Data: fmt.Sprint("event ", r.sent), Priority: sse.High, Persistent: persistent}
	if r.random.IntN(10) == 0 {
		e.ID, _ = sse.ParseID(fmt.Sprint("own", r.sent))
	}
	return sse.NewFrame(e)
}

// target is whom the event at hand is for. Client ids name streams, and are lost with
// them: they are another test's.
func (r *resumption) target() Target {
	t := someTarget(r.random, &model{names: []string{"nobody"}})
	if t.ClientIDs != nil {
		t = Target{Topics: []string{"few", "some"}}
	}
	r.addressed(t, fmt.Sprint("event ", r.sent))
	return t
}

func (r *resumption) addressed(t Target, text string) {
	for _, who := range r.all {
		if new(model).matches(t, who.info) {
			who.due = append(who.due, text)
		}
	}
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
		f := r.event(true)
		t := r.target()
		r.journal, r.targets = append(r.journal, Kept{id, f}), append(r.targets, t)
		events = append(events, Committed{f, t, make(chan Receipt, 1)})
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
		r.w.leave(who.peer)
	} else {
		r.w.disconnect(Filter{ClientID: who.info.ID})
		r.w.leave(who.peer)
	}
	r.away(who)
}

// collectEnded notes whom the hub has ended.
func (r *resumption) collectEnded() {
	for _, who := range r.all {
		if who.peer != nil && who.peer.closed {
			r.away(who)
		}
	}
}

// away notes what came whole.
func (r *resumption) away(who *returning) {
	if strings.Contains(who.peer.got.String(), `"status":"replayed"`) {
		r.paged++
	}
	texts, ids := who.peer.whole()
	who.got = append(who.got, texts...)
	if len(ids) > 0 {
		who.last = ids[len(ids)-1]
	}
	who.peer, who.feeding, who.fed = nil, nil, nil
}

// whole gives the events that p got whole, and their ids.
func (p *peer) whole() (texts, ids []string) {
	for _, block := range p.received() {
		text, isEvent := strings.CutPrefix(block, "data: ")
		text, id, hasID := strings.Cut(text, "\nid: ")
		if isEvent && hasID && strings.HasSuffix(id, "\n\n") {
			texts, ids = append(texts, text), append(ids, strings.TrimSpace(id))
		}
	}
	return texts, ids
}

// join comes back, with what a journal has for who it is.
func (r *resumption) join(who *returning) {
	who.cuts++
	who.info.ID = fmt.Sprintf("%p-%d", who, who.cuts)
	if who.last == "" {
		if who.cuts == 1 {
			who.last = r.w.lastID.String()
		}
	}
	resume := Resume{LastEventID: who.last}
	var after sse.Sequence // a reader of a journal knows no better for a publisher's own id
	if s, err := sse.ParseSequence(who.last); err == nil {
		after = s
	}
	read := len(r.journal) - min(r.random.IntN(3), len(r.journal)) // it may have been a moment ago
	for i, k := range r.journal[:read] {
		if after.Less(k.ID) && new(model).matches(r.targets[i], who.info) {
			resume.Kept = append(resume.Kept, k)
		}
		resume.Through = k.ID
	}
	if n := len(resume.Kept); n > 0 && r.random.IntN(2) == 0 {
		n = r.random.IntN(n)
		resume.Kept, who.feeding, resume.More = resume.Kept[:n:n], resume.Kept[n:], true
	}
	var verdict Replay
	who.peer, verdict = r.w.rejoin(who.info, resume)
	require.Equal(r.w.t, Resumed, verdict.Verdict)
}

// feed brings the next page.
func (r *resumption) feed(who *returning) {
	if who.peer == nil || who.feeding == nil {
		return
	}
	if who.fed != nil {
		select {
		case <-who.fed:
		default:
			return // the page before waits
		}
	}
	n := min(1+r.random.IntN(5), len(who.feeding))
	page := who.feeding[:n:n]
	if who.feeding = who.feeding[n:]; len(who.feeding) == 0 {
		who.feeding = nil
	}
	who.fed = r.w.feed(who.peer.Client, page, who.feeding != nil)
}

// end lets everybody read everything, and compares.
func (r *resumption) end(t *testing.T) {
	r.commit()
	for range 1000 {
		for _, who := range r.all {
			if who.peer == nil {
				r.join(who)
			}
			r.w.read(who.peer, -1)
			r.feed(who)
		}
		r.w.finishWork()
		r.w.advanceTick()
		r.collectEnded()
	}
	cuts := 0
	for _, who := range r.all {
		require.False(t, who.peer == nil || who.peer.replaying)
		r.away(who)
		cuts += who.cuts
		if !slices.Equal(who.due, who.got) {
			for i := range who.due {
				require.Less(t, i, len(who.got), "the end is missing: %v", who.due[i:])
				require.Equal(t, who.due[i], who.got[i], "at %d of %d", i, len(who.due))
			}
			require.Len(t, who.got, len(who.due))
		}
	}
	require.Empty(t, r.w.replays.active)
	require.Empty(t, r.w.replays.queue)
	require.Greater(t, cuts, 300)
	require.Greater(t, r.w.stats.Replayed, uint64(500))
	require.Greater(t, r.paged, 5)
}
