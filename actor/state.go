package actor

import (
	"math/rand/v2"
	"time"

	"github.com/sseactor/sseactor/actor/internal/history"
	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// state is everything the hub knows. Its methods are the messages' effects; they
// never wait, and can be called without a goroutine, as the tests do.
//
// Not safe for concurrent use; the hub goroutine owns it.
type state struct {
	opts   Options
	limits outbox.Limits
	random *rand.Rand

	// Time, as of the last tick.
	now          time.Time
	milliseconds uint64
	tick         uint32

	lastID sse.Sequence
	order  uint64 // of the newest send

	history     *history.History
	aging       bool         // the history may have events that are too old
	persistent  sse.Sequence // the newest event that a journal has as well
	replays     replays
	traces      traces
	reservation reservation

	index     index
	era       uint16 // how many resets there were
	wheel     wheel
	rate      rate
	deadlines deadlines
	quotas    []quota
	networks  tally // of open streams, if MaxPerNetwork limits them
	sweeps    sweeps
	endings   endings
	shed      shedding
	removes   []*removal
	gaps      gaps
	slow      []*Client // that a high-priority event found full
	groups    []*group  // room for those of the send at hand

	draining bool
	pause    pause

	writers *handoff
	stats   Stats
}

func newState(opts Options) *state {
	s := &state{
		opts:    opts,
		limits:  outbox.Limits{Frames: opts.OutboxFrames, Bytes: opts.OutboxBytes},
		random:  newRandom(opts.Seed),
		index:   newIndex(),
		wheel:   newWheel(opts.HeartbeatInterval),
		rate:    newRate(opts.EventRate, opts.EventBurst),
		writers: newHandoff(opts.Writers),
	}
	s.quotas = newQuotas(s)
	s.setTime(opts.Start)
	// The first id is above every id of an earlier run, whatever its number.
	s.lastID = sse.Sequence{Milliseconds: s.milliseconds}
	if !opts.LastID.Less(s.lastID) {
		s.lastID = sse.Sequence{Milliseconds: opts.LastID.Milliseconds + 1}
	}
	s.history = history.New(historyLimits(opts), s.lastID)
	s.remembering(opts.Past)
	return s
}

func (s *state) setTime(now time.Time) {
	s.now = now
	s.milliseconds = uint64(max(now.UnixMilli(), 0))
	s.tick = uint32(now.Sub(s.opts.Start) / TickInterval)
	s.rate.advance(s.tick)
}

// clients is how many connections there are, ending ones included.
func (s *state) clients() int { return len(s.index.all.members) + s.endings.open }

// register lets c in, from now on or from where r says, or says why not.
func (s *state) register(c *Client, r *Resume) Welcome {
	w := Welcome{Admission: Admitted, LastID: s.lastID}
	switch {
	case s.draining:
		w.Admission = Draining
		s.stats.RefusedDraining++
	case s.clients() >= s.opts.MaxClients:
		w.Admission = Full
		s.stats.RefusedFull++
	case s.index.byID.get(c.id()) != nil:
		w.Admission = Duplicate
	case r != nil && s.stale(r):
		w.Admission = Stale
	default:
		if q := s.exceeded(c); q != nil {
			w.Admission, w.Limit = TooMany, q.of
			s.stats.RefusedTooMany++
			*q.refused++
			return w
		}
		c.cursor = s.order
		c.joined = uint32(s.order)
		c.lastOffer = s.tick
		if s.opts.MaxAge > 0 {
			age := float64(s.opts.MaxAge/TickInterval) * (0.9 + 0.2*s.random.Float64())
			c.oldAt = max(s.tick+uint32(age), 1)
		}
		c.phase, c.era = phaseOpen, s.era
		s.index.add(c)
		s.wheel.add(c)
		if s.opts.MaxPerNetwork > 0 {
			s.networks.add(c.network())
		}
		if c.expires() != 0 {
			s.deadlines.add(c)
		}
		s.stats.Registered++
		if r != nil {
			w.Replay = s.resume(c, r)
		}
	}
	return w
}

// unregister notes that c's connection is closed.
func (s *state) unregister(c *Client) {
	switch c.phase {
	case phaseOpen:
		s.remember(c)
		s.unindex(c)
	case phaseEnding:
		s.remember(c)
		s.endings.open--
		s.gone(c)
	default:
		return
	}
	c.phase = phaseGone
	if c.era == s.era { // else it was counted before a reset, and so was its end
		left, discarded := c.out.Undelivered()
		s.stats.Discarded += uint64(discarded)
		s.stats.Undelivered += uint64(left - discarded)
		s.stats.Ended[c.EndedBy(ReasonClientClosed)]++
	}
	s.forgetGap(c)
	s.forgetReplay(c)
	s.shedDone()
}

// settle does what had to wait until no group was being walked, and what one
// message leaves for the next. It is called after every message.
func (s *state) settle() {
	s.endSlow()
	s.writers.offer()
	s.goOn()
}

// endSlow ends those that a high-priority event found full.
func (s *state) endSlow() {
	if len(s.slow) == 0 {
		return
	}
	e := ending{reason: ReasonSlowConsumer, code: CodeSlowConsumer, discard: true,
		message: "the connection is too slow for its events; reconnect to resume"}
	for i := 0; i < len(s.slow); i++ { // ending one may overflow another
		s.end(s.slow[i], &e)
		s.slow[i] = nil
	}
	s.slow = s.slow[:0]
}

// accepting reports whether a send may be taken now. While it may not, sends
// wait in the inbox, and behind it their publishers.
func (s *state) accepting() bool { return !s.paused() && !s.sweeps.full() }

// working reports whether a slice of some longer work can be done now.
func (s *state) working() bool {
	return s.committable() || s.expirable() || s.sheddable() || s.removable() || s.aging ||
		s.replayable() || s.sweepable()
}

// work does one slice.
func (s *state) work() {
	switch {
	case s.committable():
		s.commitSlice()
	case s.expirable():
		s.expireSlice()
	case s.sheddable():
		s.shedSlice()
	case s.removable():
		s.removeSlice()
	case s.aging:
		s.aging = s.history.Expire(s.tick, sliceSize)
	case s.replayable() && (s.replays.turn || !s.sweepable()):
		s.replays.turn = false
		s.replaySlice()
	default:
		s.replays.turn = true // or many who replay would leave no time for broadcasts
		s.sweep()
	}
}

// newRandom is seeded: a hub's run can be repeated.
func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x5353456163746f72))
}
