package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// A second model, written apart from the first: what each stream may get after each
// verdict, with histories so small that partial and reset happen all the time.

type tinyEvent struct {
	text       string
	id         sse.Sequence
	own        string
	persistent bool
	ttl        bool
	stream     string // client id, of events by clientIds
}

type tinyWho struct {
	info Info
	peer *peer
	cuts int
	due  []tinyEvent
	pos  sse.Sequence // place of the last event that came whole
	last string
	seen map[string]bool

	// of the stream at hand
	verdict Verdict
	floor   sse.Sequence // when it joined
	joined  sse.Sequence
	after   sse.Sequence // zero: not asked/reset
	feeding []Kept
	fed     chan bool
}

type tiny struct {
	t       *testing.T
	w       *world
	random  *rand.Rand
	all     []*tinyWho
	sent    int
	journal []Kept
	targets []Target
	open    int
	counts  map[Verdict]int
	stale   int
	ended   int
}

func (r *tiny) frame(persistent bool) (*sse.Frame, tinyEvent) {
	r.sent++
	te := tinyEvent{text: fmt.Sprint("event ", r.sent), persistent: persistent}
	e := sse.Event{Data: te.text, Priority: sse.High, Persistent: persistent}
	if r.random.IntN(30) == 0 {
		e.Data += strings.Repeat("x", r.random.IntN(3000))
		te.text = e.Data
	}
	if r.random.IntN(10) == 0 {
		te.own = fmt.Sprint("own", r.sent)
		e.ID, _ = sse.ParseID(te.own)
	}
	if !persistent && r.random.IntN(10) == 0 {
		e.TTL, te.ttl = time.Second, true
	}
	return sse.NewFrame(e), te
}

func (r *tiny) target() Target {
	m := &model{names: []string{"nobody"}}
	for _, who := range r.all {
		if who.peer != nil {
			m.names = append(m.names, who.info.ID)
		}
	}
	t := someTarget(r.random, m)
	if t.ClientIDs != nil {
		slices.Sort(t.ClientIDs)
		t.ClientIDs = slices.Compact(t.ClientIDs)
	}
	return t
}

func (r *tiny) addressed(t Target, te tinyEvent) {
	for _, who := range r.all {
		if len(t.ClientIDs) > 0 {
			if who.peer != nil && slices.Contains(t.ClientIDs, who.info.ID) {
				te.stream = who.info.ID
				who.due = append(who.due, te)
			}
			continue
		}
		if new(model).matches(t, who.info) {
			who.due = append(who.due, te)
		}
	}
}

func (r *tiny) step() {
	who := r.all[r.random.IntN(len(r.all))]
	switch r.random.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		if r.w.accepting() && !r.w.committing() {
			f, te := r.frame(false)
			to := r.target()
			r.w.state.send(f, to, make(chan Receipt, 1))
			te.id = r.w.lastID
			r.addressed(to, te) // before settle, which may end some
			r.w.settle()
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
			who.peer.room = r.random.IntN(300)
		}
	case 15:
		if who.peer != nil {
			r.w.read(who.peer, -1)
		}
	case 16:
		r.feed(who)
	case 17:
		r.w.advanceTick()
		if r.random.IntN(400) == 0 {
			done := make(chan struct{}, 1)
			r.w.reset(done)
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
	r.collect()
}

func (r *tiny) commit() {
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
		f, te := r.frame(true)
		to := r.target()
		if to.ClientIDs != nil {
			to = Target{Topics: []string{"few", "some"}}
		}
		te.id = id
		r.addressed(to, te)
		copied := sse.NewFrame(sse.Event{Data: te.text, Priority: sse.High, Persistent: true})
		if te.own != "" {
			own, _ := sse.ParseID(te.own)
			copied = sse.NewFrame(sse.Event{Data: te.text, Priority: sse.High, Persistent: true, ID: own})
		}
		copied.Seal(id.String())
		r.journal, r.targets = append(r.journal, Kept{id, copied}), append(r.targets, to)
		events = append(events, Committed{f, to, make(chan Receipt, 1)})
		id.N++
	}
	r.w.commit(events...)
}

func (r *tiny) cut(who *tinyWho) {
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

func (r *tiny) collect() {
	for _, who := range r.all {
		if who.peer != nil && who.peer.closed {
			r.ended++
			r.away(who)
		}
	}
}

// away judges what the stream got.
func (r *tiny) away(who *tinyWho) {
	p := who.peer
	texts, _ := p.whole()
	who.peer, who.feeding, who.fed = nil, nil, nil
	byText := make(map[string]tinyEvent)
	for _, e := range who.due {
		byText[e.text] = e
	}
	previous := who.after
	var got []tinyEvent
	for _, text := range texts {
		e, ok := byText[text]
		require.True(r.t, ok, "%s is not its own", text)
		require.True(r.t, e.stream == "" || e.stream == who.info.ID)
		require.True(r.t, previous.Less(e.id), "%s: %v is not above %v (verdict %v)", who.info.ID, e.id, previous, who.verdict)
		require.False(r.t, who.seen[text], "twice")
		who.seen[text] = true
		previous = e.id
		got = append(got, e)
	}
	// All that must be between who.after and the last that came.
	i := 0
	for _, e := range who.due {
		if len(got) == 0 || !who.after.Less(e.id) || got[len(got)-1].id.Less(e.id) {
			continue
		}
		if i < len(got) && got[i].id == e.id {
			i++
			continue
		}
		may := false
		switch {
		case e.stream != "" && e.stream != who.info.ID:
			may = true
		case who.joined.Less(e.id):
		case e.ttl:
			may = true
		case who.verdict == Partial:
			may = !e.persistent && !who.floor.Less(e.id)
		case who.verdict == Unknown:
			may = !e.persistent
		}
		require.True(r.t, may, "%s missed %s %v persistent=%v stream=%s; verdict %v, after %v floor %v joined %v got %d", who.info.ID, e.text, e.id, e.persistent, e.stream, who.verdict, who.after, who.floor, who.joined, len(got))
	}
	require.Equal(r.t, len(got), i)
	if n := len(got); n > 0 {
		who.pos = got[n-1].id
		who.last = who.pos.String()
		if got[n-1].own != "" {
			who.last = got[n-1].own
		}
	}
	// What a reset or a partial left out is over.
}

func (r *tiny) join(who *tinyWho) {
	who.cuts++
	who.info.ID = fmt.Sprintf("%p-%d", who, who.cuts)
	if who.cuts == 1 {
		who.last, who.pos = r.w.lastID.String(), r.w.lastID
	}
	first := true
	for {
		resume := Resume{LastEventID: who.last, Through: sse.Sequence{N: 1}}
		back := 0
		if first {
			back = r.random.IntN(3)
		}
		read := len(r.journal) - min(back, len(r.journal))
		for read < len(r.journal) && !who.pos.Less(r.journal[read].ID) {
			read++ // it is read when the client comes back, with this id
		}
		for i, k := range r.journal[:read] {
			if who.pos.Less(k.ID) && new(model).matches(r.targets[i], who.info) {
				resume.Kept = append(resume.Kept, k)
			}
			resume.Through = k.ID
			if k.ID == who.pos && r.random.IntN(2) == 0 { // a journal may know it
				resume.At = k.ID
			}
		}
		var feeding []Kept
		if n := len(resume.Kept); n > 0 && r.random.IntN(2) == 0 {
			n = r.random.IntN(n)
			resume.Kept, feeding, resume.More = resume.Kept[:n:n], resume.Kept[n:], true
		}
		p := &peer{room: -1}
		p.Client = NewClient(who.info, p, r.w.tick)
		floor := r.w.floor()
		lastID := r.w.lastID
		welcome := r.w.state.register(p.Client, &resume)
		if welcome.Admission == Stale {
			require.True(r.t, first)
			r.stale++
			first = false
			continue
		}
		require.Equal(r.t, Admitted, welcome.Admission)
		who.peer, who.feeding, who.fed = p, feeding, nil
		who.verdict, who.floor, who.joined = welcome.Replay.Verdict, floor, lastID
		who.after = who.pos
		r.counts[who.verdict]++
		r.w.settle()
		r.w.peers[who.info.ID] = p
		r.w.order = append(r.w.order, p)
		if r.random.IntN(2) == 0 {
			p.room = r.random.IntN(400)
		}
		r.w.flush(p.Client, nil)
		return
	}
}

func (r *tiny) feed(who *tinyWho) {
	if who.peer == nil || who.feeding == nil {
		return
	}
	if who.fed != nil {
		select {
		case <-who.fed:
		default:
			return
		}
	}
	n := min(1+r.random.IntN(5), len(who.feeding))
	page := who.feeding[:n:n]
	if who.feeding = who.feeding[n:]; len(who.feeding) == 0 {
		who.feeding = nil
	}
	who.fed = r.w.feed(who.peer.Client, page, who.feeding != nil)
}

func (r *tiny) end() {
	r.commit()
	for range 600 {
		for _, who := range r.all {
			if who.peer == nil {
				r.join(who)
			}
			r.w.read(who.peer, -1)
			r.feed(who)
		}
		r.w.finishWork()
		r.w.advanceTick()
		r.collect()
	}
	for _, who := range r.all {
		require.False(r.t, who.peer == nil || who.peer.replaying, "still replaying")
		r.away(who)
		// the end is not missing
		for i := len(who.due) - 1; i >= 0; i-- {
			e := who.due[i]
			if who.pos.Less(e.id) {
				require.True(r.t, !who.joined.Less(e.id) && who.verdict != Resumed || e.stream != "" && e.stream != who.info.ID || e.ttl, "the end is missing: %v", e)
			}
		}
	}
	require.Empty(r.t, r.w.replays.active)
	require.Empty(r.t, r.w.replays.queue)
}

func TestNoVerdictIsUntrueHoweverSmallTheHistory(t *testing.T) {
	const seeds = 8
	total := make(map[Verdict]int)
	stale, ended := 0, 0
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			opts := testOptions()
			opts.Seed = seed
			opts.HistoryEvents = []int{4, 40, 0, 200, 1000}[seed%5]
			opts.HistoryBytes = []int{0, 8000, 0, 64 << 20}[seed%4]
			if seed%3 == 1 {
				opts.HistoryAge = 2 * time.Second
			}
			opts.OutboxFrames = []int{4, 5, 8}[seed%3]
			opts.OutboxBytes = []int{2000, 1 << 20, 300}[seed/3%3]
			r := &tiny{t: t, w: newWorld(t, opts), random: rand.New(rand.NewPCG(seed, 5)), counts: total}
			if seed%4 == 0 {
				r.w.joinMany("crowd", 1500, Info{Topics: []string{"most"}})
			}
			for i := range 30 {
				info := someInfo(r.random, "")
				info.SessionID = fmt.Sprint("session", i%25)
				who := &tinyWho{info: info, seen: make(map[string]bool)}
				r.all = append(r.all, who)
				r.join(who)
			}
			for range 3000 {
				r.step()
			}
			r.end()
			stale += r.stale
			ended += r.ended
		})
	}
	// Or the model would not show what it is for.
	for _, verdict := range Verdicts() {
		require.NotZero(t, total[verdict], verdict.String())
	}
	require.NotZero(t, stale)
	require.NotZero(t, ended)
}
