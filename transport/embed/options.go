package embed

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// Options are a Server's settings. The zero value of each stands for its default.
type Options struct {
	// MaxClients is how many streams may be open at once (default 10,000).
	MaxClients int
	// MaxStreamsPerUser and MaxStreamsPerSession are how many of these one user and one
	// session may have (default 100; negative: any number).
	MaxStreamsPerUser    int
	MaxStreamsPerSession int

	// HeartbeatInterval is the longest silence on a stream (default 30 s).
	HeartbeatInterval time.Duration
	// ClientTimeout ends a stream to which nothing could be written for so long although
	// something waits (default 2 min).
	ClientTimeout time.Duration
	// Retry is the delay before reconnecting that clients are told (default 3 s; each gets
	// 1 to 1.5 times this).
	Retry time.Duration
	// RetrySpread is added to it at random where many are sent away at once: by Shutdown,
	// or because the server is full (default 10 s).
	RetrySpread time.Duration

	// HistoryEvents, HistoryBytes and HistoryAge bound what is kept in memory for clients
	// that come back (default 100,000 events, 64 MiB, 1 h). Negative HistoryEvents: nothing
	// is kept, and who has missed something is told.
	HistoryEvents int
	HistoryBytes  int
	HistoryAge    time.Duration
	// OutboxEvents and OutboxBytes bound what waits for one slow client (default 1,024
	// events, 1 MiB). Beyond it, an event's priority says what happens.
	OutboxEvents int
	OutboxBytes  int

	// MaxEventBytes is the size of the largest event (default 64 KiB).
	MaxEventBytes int
	// PublishTimeout bounds how long a send waits while the hub is behind (default 5 s).
	PublishTimeout time.Duration

	// Log is told of what the program should look into (default: nothing is logged).
	Log *slog.Logger
	// OnError is told each error of a call that sends, which is returned as well.
	OnError func(error)
}

func (o Options) withDefaults() Options {
	def(&o.MaxClients, 10_000)
	def(&o.MaxStreamsPerUser, 100)
	def(&o.MaxStreamsPerSession, 100)
	def(&o.HeartbeatInterval, 30*time.Second)
	def(&o.ClientTimeout, 2*time.Minute)
	def(&o.Retry, 3*time.Second)
	def(&o.RetrySpread, 10*time.Second)
	def(&o.HistoryEvents, 100_000)
	def(&o.HistoryBytes, 64<<20)
	def(&o.HistoryAge, time.Hour)
	def(&o.OutboxEvents, 1024)
	def(&o.OutboxBytes, 1<<20)
	def(&o.MaxEventBytes, 64<<10)
	def(&o.PublishTimeout, 5*time.Second)
	def(&o.Log, slog.New(slog.DiscardHandler))
	return o
}

func def[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// check tells what is wrong with the options that are not the hub's.
func (o Options) check() error {
	var faults []error
	if o.MaxEventBytes < 0 {
		faults = append(faults, fmt.Errorf("MaxEventBytes is %d; it must be above 0", o.MaxEventBytes))
	}
	if o.PublishTimeout < 0 {
		faults = append(faults, fmt.Errorf("PublishTimeout is %v; it must be above 0", o.PublishTimeout))
	}
	return errors.Join(faults...)
}

// hub is the hub's part of the options.
func (o Options) hub(writers int) actor.Options {
	return actor.Options{
		Start: time.Now(), Seed: rand.Uint64(), Writers: writers,
		MaxClients: o.MaxClients, MaxPerUser: max(o.MaxStreamsPerUser, 0), MaxPerSession: max(o.MaxStreamsPerSession, 0),
		HeartbeatInterval: o.HeartbeatInterval, ClientTimeout: o.ClientTimeout, Retry: o.Retry, RetrySpread: o.RetrySpread,
		HistoryEvents: max(o.HistoryEvents, 0), HistoryBytes: o.HistoryBytes, HistoryAge: o.HistoryAge,
		OutboxFrames: o.OutboxEvents, OutboxBytes: o.OutboxBytes,
	}
}

func (o Options) stream(writers int) stream.Options {
	return stream.Options{Writers: writers, WriteTimeout: o.ClientTimeout}
}

func (o Options) events() wire.Limits {
	return wire.Limits{EventBytes: o.MaxEventBytes, Events: 1000, Topics: maxTopics, ClientIDs: 1000}
}

// maxTopics bounds the topics of one stream, and of one event.
const maxTopics = 64
