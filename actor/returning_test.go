package actor

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// owed is an event that somebody is to get.
type owed struct {
	text       string
	id         sse.Sequence
	own        string // the publisher's id
	persistent bool
	short      bool   // it has a ttl, and may be over when its receiver comes back
	stream     string // it is for this stream alone, which is not the one that comes back
}

// returning is somebody who is cut off again and again, and comes back with the id of
// the last event that came whole.
type returning struct {
	name string
	info Info  // of the stream at hand
	peer *peer // nil while it is away
	cuts int
	due  []owed          // what it has not had, by their ids
	kept []Kept          // of a journal, all that was ever for it
	got  map[string]bool // the texts of all that it has had
	pos  sse.Sequence    // the place of the last of it
	last string          // and its id

	// Of the stream at hand, or the last:
	verdict Verdict
	floor   sse.Sequence // when it began: the newest event that might be gone
	joined  sse.Sequence // and the newest of all
	feeding []Kept       // of a journal, not yet fed
	fed     chan bool
}

func (who *returning) String() string {
	return fmt.Sprintf("%s, told %q after %v, with a floor of %v, at %v", who.info.ID, who.verdict, who.pos, who.floor, who.joined)
}

// mayMiss reports whether an event may be missing that is to come after the place where
// the stream began, by what its client was told.
func (who *returning) mayMiss(o owed) bool {
	switch {
	case o.stream != "" && o.stream != who.info.ID:
		return true // it was for a stream that has ended
	case who.joined.Less(o.id):
		return false // it was sent while the stream was open
	case o.short:
		return true
	case who.verdict == Partial:
		return !o.persistent && !who.floor.Less(o.id)
	default:
		return who.verdict == Unknown && !o.persistent
	}
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

// away judges what a stream got that has ended: its own, in order, none a second time, and
// up to the last of it nothing is missing that may not be.
func (r *resumption) away(who *returning) {
	p := who.peer
	who.peer, who.feeding, who.fed = nil, nil, nil
	if strings.Contains(p.got.String(), `"status":"replayed"`) {
		r.paged++
	}
	texts, ids := p.whole()
	for i, text := range texts {
		require.False(r.t, who.got[text], "%s: a second time: %q", who, text)
		at := slices.IndexFunc(who.due, func(o owed) bool { return o.text == text })
		require.GreaterOrEqual(r.t, at, 0, "%s: not its own, or behind a later one: %q", who, text)
		for _, o := range who.due[:at] {
			require.True(r.t, who.mayMiss(o), "%s: missing before %q: %v", who, text, o)
			r.missed++
		}
		o := who.due[at]
		require.True(r.t, o.stream == "" || o.stream == who.info.ID, "%s: another stream's: %v", who, o)
		id := o.own
		if id == "" {
			id = o.id.String()
		}
		require.Equal(r.t, id, ids[i])
		who.got[text], who.due = true, who.due[at+1:]
		who.pos, who.last = o.id, id
	}
}

// join comes back, with what a journal has for who it is.
func (r *resumption) join(who *returning) {
	who.cuts++
	who.info.ID = fmt.Sprintf("%s-%d", who.name, who.cuts)
	if who.cuts == 1 {
		who.pos, who.last = r.w.lastID, r.w.lastID.String()
	}
	resume, feeding := r.resume(who, r.random.IntN(3))
	p := &peer{room: -1}
	p.Client = NewClient(who.info, p, r.w.tick)
	welcome := r.w.state.register(p.Client, &resume)
	if welcome.Admission == Stale {
		require.True(r.t, r.forgetful, "the history has it all")
		r.stale++
		resume, feeding = r.resume(who, 0)
		welcome = r.w.state.register(p.Client, &resume)
	}
	require.Equal(r.t, Admitted, welcome.Admission)
	who.peer, who.feeding, who.fed = p, feeding, nil
	who.verdict, who.floor, who.joined = welcome.Replay.Verdict, r.w.floor(), r.w.lastID
	r.told[who.verdict]++
	r.w.settle()
	r.w.peers[who.info.ID] = p
	r.w.order = append(r.w.order, p)
	if r.forgetful && r.random.IntN(2) == 0 {
		p.room = r.random.IntN(400)
	}
	r.w.flush(p.Client, nil)
}

// resume is what a client and a journal say, which was read some persistent events ago,
// but after the client came back with its id.
func (r *resumption) resume(who *returning, ago int) (resume Resume, feeding []Kept) {
	resume = Resume{LastEventID: who.last, Through: sse.Sequence{N: 1}}
	above := func(id sse.Sequence) int {
		return sort.Search(len(r.journal), func(i int) bool { return id.Less(r.journal[i]) })
	}
	if read := max(len(r.journal)-ago, above(who.pos)); read > 0 {
		resume.Through = r.journal[read-1]
	}
	after := who.pos
	if _, err := sse.ParseSequence(who.last); err != nil { // a publisher's own id
		at := above(who.pos) - 1
		switch {
		case r.random.IntN(2) == 0 && at >= 0 && r.journal[at] == who.pos:
			resume.At = who.pos // a journal may know it
		case !r.forgetful:
			after = sse.Sequence{} // or it gives all it has, and the history knows
		}
	}
	for _, k := range who.kept {
		if after.Less(k.ID) && !resume.Through.Less(k.ID) {
			resume.Kept = append(resume.Kept, k)
		}
	}
	if n := len(resume.Kept); n > 0 && r.random.IntN(2) == 0 {
		n = r.random.IntN(n)
		resume.Kept, feeding, resume.More = resume.Kept[:n:n], resume.Kept[n:], true
	}
	return resume, feeding
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
