package journal

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// Hub is where events go that a journal holds; *actor.Hub is one.
type Hub interface {
	Reserve(n int, now time.Time) (sse.Sequence, error)
	Commit(events []actor.Committed) error
	Metrics(ctx context.Context) (actor.Stats, error)
	Done() <-chan struct{}
}

// CommitterOptions are a Committer's parts and bounds.
type CommitterOptions struct {
	Store Store
	Hub   Hub
	Log   *slog.Logger
	// MaxAge is how long an event is kept: one without a ttl so long, the others no longer.
	MaxAge time.Duration
	// Took is told how long each try to write took; nil: nobody is.
	Took func(time.Duration)
}

// Committer stands between publishers, a Store and the hub. What waits for it is written
// in one go (a sync costs the same for one event and for a thousand), and only then is it
// sent: nobody gets an event that a crash could still undo.
//
// One goroutine commits, another tidies the store. Both belong to the Committer: Start
// starts them, and Stop waits for them. The other methods may be called from any goroutine.
type Committer struct {
	store  Store
	hub    Hub
	log    *slog.Logger
	maxAge time.Duration
	took   func(time.Duration)

	queue  chan *part
	health health
	counts counts

	started atomic.Bool
	life    context.Context // ends with Halt
	cancel  context.CancelFunc
	keeper  sync.WaitGroup
	ended   chan struct{} // closed when nothing is committed any more
}

// queued is how many parts of requests may wait. Beyond it publishers wait for room, as
// long as their contexts allow.
const queued = 1024

// A commit is not larger than this, but for a single event that is. More would make
// those wait who come behind it, and gain nothing.
const (
	maxBatchEvents = 1024
	maxBatchBytes  = 4 << 20
)

// NewCommitter makes a committer. Nothing runs yet.
func NewCommitter(opts CommitterOptions) *Committer {
	c := &Committer{
		store:  opts.Store,
		hub:    opts.Hub,
		log:    opts.Log,
		maxAge: opts.MaxAge,
		took:   opts.Took,
		queue:  make(chan *part, queued),
		ended:  make(chan struct{}),
	}
	c.health.init()
	c.life, c.cancel = context.WithCancel(context.Background())
	return c
}

// Start starts the goroutines. It may be called once.
func (c *Committer) Start() {
	c.started.Store(true)
	c.keeper.Go(c.keepHouse)
	go c.run()
}

// Halt begins no other commit: what waits gets actor.ErrStopped. The store learns the
// newest id, for which the hub should not have stopped. It may be called again.
func (c *Committer) Halt() {
	c.cancel()
	c.keeper.Wait()
}

// stopping is how long Stop waits for a store that hangs: it must not hold up the end of
// a process.
const stopping = 3 * time.Second

// Stop halts, and waits for the commit that is under way, but no longer than 3 seconds.
// One may wait for a hub that is behind: stop that first. The store can be closed then. It
// may be called again.
func (c *Committer) Stop() {
	c.Halt()
	if !c.started.Load() {
		return
	}
	select {
	case <-c.ended:
	case <-time.After(stopping):
		c.log.Error("the journal does not finish what it writes; it is left as after a crash")
	}
}

// Publication is an event with its receivers.
type Publication struct {
	Event  sse.Event
	Target actor.Target
}

// Publish writes events to the journal and sends them, in their order, and gives their
// receipts. One that is not Persistent is only sent, in its place among the others.
//
// It waits for its turn as long as ctx allows. Once its events are being written it waits
// for the outcome, whatever ctx says. With an error the events behind those with a receipt were neither kept
// nor sent: the error is ErrFull, ErrFailed, ErrNoBox, the hub's (actor.ErrDraining,
// actor.ErrStopped) or ctx's. Up to 1,024 events of 4 MiB (in all boxes) are kept and
// sent all or none; more are cut into such parts. A part that is too large for the room
// that the store has left is refused alone (ErrTooLarge, an ErrFull).
func (c *Committer) Publish(ctx context.Context, events []Publication) ([]actor.Receipt, error) {
	parts, err := cut(events)
	if err != nil {
		return nil, err
	}
	receipts := make([]actor.Receipt, 0, len(events))
	for _, p := range parts {
		if err := c.publish(ctx, p); err != nil {
			c.counts.refuse(err, len(events)-len(receipts))
			return receipts, err
		}
		receipts = p.collect(receipts, c.hub.Done())
	}
	return receipts, nil
}

// publish has a part committed, or takes it back.
func (c *Committer) publish(ctx context.Context, p *part) error {
	if err := c.Fault(); err != nil { // at once: it would only wait to hear the same
		return err
	}
	select {
	case c.queue <- p:
	case <-c.ended:
		return actor.ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		if p.claim() {
			return context.Cause(ctx)
		}
	case <-c.ended:
		if p.claim() {
			return actor.ErrStopped
		}
	}
	return <-p.done
}
