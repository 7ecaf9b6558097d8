package actor

import (
	"sync/atomic"
	"time"
)

// Hub is the actor. Its methods may be called from any goroutine.
type Hub struct {
	registers   chan registration
	unregisters chan *Client
	sends       chan publication
	ticks       chan time.Time
	metrics     chan question
	disconnects chan disconnection
	others      chan message // the rarer ones

	state   *state   // the hub goroutine's, once started
	writers *handoff // the part that is shared with the writers
	clock   atomic.Uint32
	started atomic.Bool
	stop    chan struct{}
	stopped atomic.Bool
	done    chan struct{}
}

// inboxSize is how many messages of a kind may wait for the hub. Beyond it the
// sender waits, as long as its context allows.
const inboxSize = 1024

// New makes a hub; Start starts it. All faults of the options are told at once.
func New(opts Options) (*Hub, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	s := newState(opts)
	return &Hub{
		registers:   make(chan registration, inboxSize),
		unregisters: make(chan *Client, inboxSize),
		sends:       make(chan publication, inboxSize),
		ticks:       make(chan time.Time, 1),
		metrics:     make(chan question, inboxSize),
		disconnects: make(chan disconnection, inboxSize),
		others:      make(chan message, inboxSize),
		state:       s,
		writers:     s.writers,
		stop:        make(chan struct{}),
		done:        make(chan struct{}),
	}, nil
}

// Start starts the hub's goroutine. It may be called once.
func (h *Hub) Start() {
	if h.started.Swap(true) {
		panic("actor: Hub.Start called twice")
	}
	go h.run(h.state)
}

// Stop ends every stream at once, without a farewell, and the hub's goroutine,
// and waits for it. Call Drain before it to part in peace, and stop the writers
// after it: they close what it hands to them. It may be called again.
func (h *Hub) Stop() {
	if !h.stopped.Swap(true) {
		close(h.stop)
	}
	if h.started.Load() {
		<-h.done
	}
}

// always is a channel from which a receive is always ready.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// run is the hub. A message that can't be taken now has a nil channel; slices of
// longer work are one of the cases, so other messages come in between.
func (h *Hub) run(s *state) {
	defer close(h.done)
	for {
		sends, work := h.sends, always
		if !s.accepting() || s.committing() {
			sends = nil
		}
		if !s.working() {
			work = nil
		}
		disconnects := h.disconnects
		if len(s.removes) >= maxRemovals {
			disconnects = nil
		}
		select {
		case m := <-h.registers:
			m.reply <- s.register(m.client, m.resume)
		case c := <-h.unregisters:
			s.unregister(c)
		case m := <-sends:
			if m.claim.CompareAndSwap(false, true) { // its publisher still waits
				s.send(m.frame, m.target, m.reply)
			}
		case now := <-h.ticks:
			s.advance(now)
			h.clock.Store(s.tick)
		case m := <-h.metrics:
			m.reply <- s.snapshot(len(h.sends))
		case m := <-disconnects:
			s.disconnect(m.filter, m.reply)
		case m := <-h.others: // list, feed, reserve, commit, drain, reset
			m.do(s)
		case s.writers.channel() <- s.writers.next():
			s.writers.sent()
		case <-work:
			s.work()
		case <-s.writers.lull:
			s.replays.look(replayLooks)
		case <-h.stop:
			h.killAll(s)
			return
		}
		s.settle()
	}
}

// killAll closes every stream. It is the only place where the hub waits: for the
// writers, which wait for nothing.
func (h *Hub) killAll(s *state) {
	s.draining = true
	for members := &s.index.all.members; len(*members) > 0; {
		s.kill((*members)[len(*members)-1], ReasonStopped)
	}
	for _, e := range s.endings.queue {
		s.kill(e.client, ReasonStopped)
	}
	for b := s.writers.next(); b != nil; b = s.writers.next() {
		select {
		case s.writers.out <- b:
			s.writers.sent()
		case <-h.unregisters: // or the writers might wait for the hub
		}
	}
	close(s.writers.out)
}

// Done is closed when the hub has stopped: whoever waits for an answer then gets none.
func (h *Hub) Done() <-chan struct{} { return h.done }

// Now is the hub's time in ticks, for NewClient and Flush.
func (h *Hub) Now() uint32 { return h.clock.Load() }

// Batches is the writers' work. The writer that takes a batch owns its clients,
// calls Flush on each, and gives the batch back with Finish. The channel is
// closed when the hub has stopped.
func (h *Hub) Batches() <-chan *Batch { return h.writers.out }

// Finish gives a batch back.
func (h *Hub) Finish(b *Batch) { h.writers.finish(b) }

// Progress says that a Flush of a client that was not in the batch at hand has
// ended: a hub that waits for its writers looks again. Any goroutine.
func (h *Hub) Progress() { h.writers.progress() }

// Tick tells the hub the time. It never waits: if the hub is busy with the tick
// before, this one is left out, and the next makes up for it.
func (h *Hub) Tick(now time.Time) {
	select {
	case h.ticks <- now:
	default:
	}
}
