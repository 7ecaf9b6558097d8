package actor

import (
	"errors"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// TickInterval is the resolution of the hub's time: how often Tick should be
// called.
const TickInterval = 100 * time.Millisecond

// Options are the hub's settings. New fills in the defaults named here for zero
// values.
type Options struct {
	// Start is the hub's time until the first tick; event ids count from it.
	// It must be set: the hub reads no clock.
	Start time.Time
	// Seed makes the random parts (retry times, ages) differ between hubs.
	Seed uint64

	// MaxClients is how many streams may be open at once (default 10,000).
	MaxClients int
	// MaxPerUser, MaxPerSession and MaxPerNetwork are how many streams one user, one
	// session and one Info.Network may have open at once (default: any number). Those
	// that are ending count only when together they are twice as many.
	MaxPerUser    int
	MaxPerSession int
	MaxPerNetwork int
	// EventRate is how many events a second one stream may have (default: any number),
	// EventBurst how many at once after it has had none for a while (default: a quarter
	// of a second's; at least what a tick brings). Beyond it low and normal events are
	// dropped, and the client is told, at most once a second. High ones are kept, but
	// count: after many of them the others are dropped for about a second.
	EventRate  int
	EventBurst int
	// OutboxFrames (default 1,024) and OutboxBytes (default 1 MiB) bound what
	// waits for one client; sse.Priority says what happens beyond.
	OutboxFrames int
	OutboxBytes  int

	// LastID is the newest id that any event has had; the hub's begin above it and above
	// Start (default: Start alone).
	LastID sse.Sequence
	// Past is the history to begin with (default: none), which the hub before has left. New
	// takes its Events out.
	Past *Past
	// HistoryEvents and HistoryBytes bound how much is kept for streams that resume
	// (default: no events, and who has missed one is told; else 64 MiB), HistoryAge for
	// how long (default 1 h). A history is not smaller than an outbox.
	HistoryEvents int
	HistoryBytes  int
	HistoryAge    time.Duration

	// NoIDs sends events without ids, for streams that show what is now: nobody resumes
	// them. Such a hub keeps no history.
	NoIDs bool

	// HeartbeatInterval is the longest silence on a stream (default 30 s).
	HeartbeatInterval time.Duration
	// HeartbeatComment sends heartbeats as comment lines instead of events.
	HeartbeatComment bool
	// ClientTimeout ends a stream to which nothing could be written for so long
	// although something waits (default 2 min).
	ClientTimeout time.Duration
	// MaxAge ends each stream at about this age, spread by ±10 %, so that its
	// client reconnects (default: never).
	MaxAge time.Duration

	// Retry and RetrySpread: a stream that a drain ends is told to come back after
	// Retry (default 3 s) plus a random part of RetrySpread (default: none, and all
	// come back at once).
	Retry       time.Duration
	RetrySpread time.Duration

	// Writers is how many stream writers serve Batches (default 1). It bounds
	// how much is handed to them at once.
	Writers int
}

func (o Options) withDefaults() Options {
	def(&o.MaxClients, 10_000)
	def(&o.OutboxFrames, 1024)
	def(&o.OutboxBytes, 1<<20)
	def(&o.HeartbeatInterval, 30*time.Second)
	def(&o.ClientTimeout, 2*time.Minute)
	def(&o.Retry, 3*time.Second)
	def(&o.Writers, 1)
	if o.HistoryEvents > 0 {
		def(&o.HistoryBytes, 64<<20)
		def(&o.HistoryAge, time.Hour)
	}
	if o.EventRate > 0 {
		def(&o.EventBurst, (o.EventRate+3)/4)
	}
	return o
}

func def[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

func (o Options) check() error {
	var faults []error
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("actor: "+format, args...))
		}
	}
	expect(!o.Start.IsZero(), "Start is not set; pass the time at start")
	expect(o.MaxClients > 0, "MaxClients is %d; at least 1", o.MaxClients)
	expect(o.MaxPerUser >= 0, "MaxPerUser is %d; not negative", o.MaxPerUser)
	expect(o.MaxPerSession >= 0, "MaxPerSession is %d; not negative", o.MaxPerSession)
	expect(o.MaxPerNetwork >= 0, "MaxPerNetwork is %d; not negative", o.MaxPerNetwork)
	expect(o.EventRate >= 0 && o.EventRate <= maxEventRate, "EventRate is %d; 0 to %d", o.EventRate, maxEventRate)
	expect(o.EventBurst >= 0 && o.EventBurst <= maxEventBurst, "EventBurst is %d; 0 to %d", o.EventBurst, maxEventBurst)
	expect(o.EventRate <= 10*o.EventBurst, "EventBurst is %d; at least a tenth of EventRate (%d)", o.EventBurst, o.EventRate)
	expect(o.OutboxFrames >= 4 && o.OutboxFrames <= outbox.MaxFrames, "OutboxFrames is %d; 4 to %d", o.OutboxFrames, outbox.MaxFrames)
	expect(o.OutboxBytes > 0 && o.OutboxBytes <= outbox.MaxBytes, "OutboxBytes is %d; 1 to %d", o.OutboxBytes, outbox.MaxBytes)
	expect(o.HistoryEvents >= 0, "HistoryEvents is %d; not negative", o.HistoryEvents)
	expect(o.HistoryBytes >= 0, "HistoryBytes is %d; not negative", o.HistoryBytes)
	expect(o.HistoryAge == 0 || o.HistoryAge >= TickInterval, "HistoryAge is %v; at least %v", o.HistoryAge, TickInterval)
	expect(!o.NoIDs || o.HistoryEvents == 0, "HistoryEvents is %d; none with NoIDs", o.HistoryEvents)
	expect(o.HeartbeatInterval >= TickInterval, "HeartbeatInterval is %v; at least %v", o.HeartbeatInterval, TickInterval)
	expect(o.ClientTimeout > o.HeartbeatInterval, "ClientTimeout is %v; more than HeartbeatInterval (%v)", o.ClientTimeout, o.HeartbeatInterval)
	expect(o.MaxAge >= 0, "MaxAge is %v; not negative", o.MaxAge)
	expect(o.Retry >= 0 && o.RetrySpread >= 0, "Retry is %v and RetrySpread %v; not negative", o.Retry, o.RetrySpread)
	expect(o.Writers > 0, "Writers is %d; at least 1", o.Writers)
	return errors.Join(faults...)
}
