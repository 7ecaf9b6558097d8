package actor

import (
	"github.com/sseactor/sseactor/actor/internal/history"
	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// A stream that resumes is subscribed first. What it has missed goes into its outbox
// at once if that is little; if not, the stream is replaying: it gets nothing from
// sends, which find it all the same, and reads what is sent meanwhile from the history,
// behind what it has missed, until it has caught up with the newest event.

// replay is what a stream is still to get before it is like any other.
//
// Not safe for concurrent use; the hub goroutine owns it.
type replay struct {
	client *Client
	reader history.Reader

	number  uint64 // of the first event of the history that is not yet dealt with
	live    uint64 // events from this number on came after the subscription
	missed  bool   // it asks for all events after a known one, not only for persistent ones
	after   sse.Sequence
	through sse.Sequence // up to here persistent events come from the journal

	kept []Kept // of the journal
	more bool   // and there are more pages
	fed  *feeding

	to     sse.Sequence // the newest event when it was subscribed
	queued int
}

// replays is the streams that are replaying.
//
// Not safe for concurrent use; the hub goroutine owns it.
type replays struct {
	active map[*Client]*replay
	queue  []*replay // those, and some that have ended since; looked at in turns
	looks  int       // how many of them are to be looked at now
	turn   bool      // theirs, and not the sweeps'
	walk   history.Walk
}

const (
	// replayLooks is how many replaying streams are looked at when writers have made
	// progress with a batch: about as many as may have been in it.
	replayLooks = 128
	// looksAtOnce is how many are looked at between two looks at the other messages.
	looksAtOnce = 16
	// maxPassed is how many events that a stream does not want are passed over in one look.
	maxPassed = 4096
)

// startReplaying is for a stream whose outbox does not take all at once.
func (s *state) startReplaying(p *replay) {
	r := &s.replays
	if r.active == nil {
		r.active = make(map[*Client]*replay)
	}
	p.client.replaying = true
	r.active[p.client] = p
	r.queue = append(r.queue, p)
	s.writers.waiting.Store(true) // it is looked at when writers make progress, or at the next tick
}

// look says that so many replaying streams may have room for more.
func (r *replays) look(n int) { r.looks = min(max(r.looks, n), len(r.queue)) }

// replayable reports whether a replaying stream can be given more now.
func (s *state) replayable() bool { return s.replays.looks > 0 && !s.writers.congested() }

// replaySlice gives some replaying streams more.
func (s *state) replaySlice() {
	rs := &s.replays
	for i := 0; i < looksAtOnce && rs.looks > 0 && len(rs.queue) > 0 && !s.writers.congested(); i++ {
		rs.looks--
		r := rs.queue[0]
		rs.queue[0] = nil
		rs.queue = rs.queue[1:]
		if rs.active[r.client] != r {
			continue
		}
		rs.queue = append(rs.queue, r)
		s.goOnReplaying(r)
	}
	rs.looks = min(rs.looks, len(rs.queue))
}

// hasRead reports whether c has read most of what it was given.
func (s *state) hasRead(c *Client) bool {
	n, size := c.out.Waiting()
	return n <= s.limits.Frames/4 && size <= s.limits.Bytes/4
}

// goOnReplaying fills r's outbox, and lets it go when it has caught up.
func (s *state) goOnReplaying(r *replay) {
	c := r.client
	if r.number < s.history.First() {
		// What it would get next is gone. Who comes back is told that something is missing.
		s.end(c, &ending{reason: ReasonSlowConsumer, code: CodeSlowConsumer,
			message: "the history went on faster than this connection; reconnect to resume"})
		return
	}
	if !s.hasRead(c) || r.awaitsPage() {
		s.skim(r)
		return
	}
	if !s.fill(r) {
		return
	}
	end := replayedFrame(r.queued, r.to, s.now)
	if !c.out.Fits(end, 0, s.limits) {
		return // it is looked at again
	}
	s.catchUp(c) // sends that wait to be swept count it, and pass it by: it has had them
	s.forgetReplay(c)
	s.put(c, end)
}

// awaitsPage reports whether nothing can be given before the journal's next page has come.
func (r *replay) awaitsPage() bool { return r.more && len(r.kept) == 0 && r.fed == nil }

// skim passes over what is not for a stream that can be given nothing now, before the
// history lets go of it: others' events must not be taken for lost ones.
func (s *state) skim(r *replay) {
	first, next := s.history.First(), s.history.Next()
	if r.number-first > (next-first)/2 {
		return // there is time
	}
	w := &s.replays.walk
	s.history.Walk(&r.reader, r.number, w)
	for range maxPassed {
		e, number := w.Next()
		if e == nil {
			r.number = next
			return
		}
		if r.number = number; r.wants(e, number, s.tick) {
			return
		}
		w.Step(number)
		r.number++
	}
}

// fill puts what comes next into the outbox, up to half of it: the other half is for
// what is sent later. It reports whether r has all there is.
func (s *state) fill(r *replay) (all bool) {
	w := &s.replays.walk
	s.history.Walk(&r.reader, r.number, w)
	given := 0
	for passed := 0; passed < maxPassed && given < max(s.limits.Frames/2, 1); {
		e, number := w.Next()
		r.number = s.history.Next() // there is nothing for it before
		if e != nil {
			r.number = number
			if !r.wants(e, number, s.tick) {
				w.Step(number)
				r.number++
				passed++
				continue
			}
		}
		k := r.nextKept()
		var f *sse.Frame
		switch {
		case k != nil && e != nil && e.ID == k.ID:
			f = e.Frame // of the two the one whose order is known; see Inquire
		case k != nil && (e == nil || !e.ID.Less(k.ID)):
			f = k.Frame
		case k == nil && r.more:
			return false // there may be one before e
		case e == nil:
			return true
		default:
			f = e.Frame
		}
		if !s.replay(r, f) {
			return false
		}
		given++
		if k != nil && (f == k.Frame || e != nil && e.ID == k.ID) {
			r.kept = r.kept[1:]
		}
		if e != nil && f == e.Frame {
			w.Step(number)
			r.number++
		}
	}
	return false
}

// wants reports whether an event of the history is for r: all that came since the
// subscription, and of those before it what it has missed.
func (r *replay) wants(e *history.Event, number uint64, tick uint32) bool {
	if number >= r.live {
		return true
	}
	if e.Expired(tick) {
		return false
	}
	return r.missed && r.after.Less(e.ID) || e.Frame.Persistent() && r.through.Less(e.ID)
}

// nextKept is the next event of the journal, nil if none is at hand. One that was written
// but not sent before the subscription is not taken from there: it will be sent.
func (r *replay) nextKept() *Kept {
	for {
		for len(r.kept) > 0 {
			if k := &r.kept[0]; !r.to.Less(k.ID) && (!r.missed || r.after.Less(k.ID)) {
				return k
			}
			r.kept = r.kept[1:]
		}
		if r.fed == nil {
			return nil
		}
		r.kept, r.more = r.fed.page, r.fed.more
		r.fed.reply <- true
		r.fed = nil
	}
}

// replay puts one event into the outbox, if there is room.
func (s *state) replay(r *replay, f *sse.Frame) bool {
	c := r.client
	if n, size := c.out.Waiting(); n >= s.limits.Frames/2 || n > 0 && size+f.Len() > s.limits.Bytes/2 {
		return false
	}
	if !s.put(c, f) {
		return false
	}
	r.queued++
	c.accepted++
	s.stats.Deliveries++
	s.stats.Replayed++
	return true
}

// put is offer for a replay: that much waits is no sign that the writers are behind, and
// no send should wait for it.
func (s *state) put(c *Client, f *sse.Frame) bool {
	switch c.out.Offer(f, s.limits) {
	case outbox.Handed:
		s.writers.hand(c, f)
	case outbox.Behind:
		c.out.Aside()
	case outbox.Full, outbox.Gone:
		return false
	}
	c.lastOffer = s.tick
	return true
}

// forgetReplay is for who has caught up, or is ended.
func (s *state) forgetReplay(c *Client) {
	if !c.replaying {
		return
	}
	c.replaying = false
	if r := s.replays.active[c]; r.fed != nil {
		r.fed.reply <- false
	}
	delete(s.replays.active, c)
	if len(s.replays.active) == 0 {
		s.replays.active, s.replays.queue, s.replays.looks = nil, nil, 0
		s.writers.waiting.Store(s.paused())
	}
}
