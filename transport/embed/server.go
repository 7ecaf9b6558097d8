package embed

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/sseutils"
	"github.com/sseactor/sseactor/transport/stream"
)

// Server is a hub with its streams. It sends with Utils. Safe for concurrent use.
type Server struct {
	*sseutils.Utils

	opts   Options
	hub    *actor.Hub
	engine *stream.Engine

	ended atomic.Bool
	close sync.Once
	stop  chan struct{}
	clock sync.WaitGroup
}

// New makes a server and starts it; Shutdown or Close end it. All faults of the options
// are told at once.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	writers := runtime.GOMAXPROCS(0)
	hub, err := actor.New(opts.hub(writers))
	if err = errors.Join(err, opts.check()); err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	hub.Start()
	engine, err := stream.Start(hub, opts.stream(writers))
	if err != nil {
		hub.Stop()
		return nil, fmt.Errorf("embed: %w", err)
	}
	s := &Server{opts: opts, hub: hub, engine: engine, stop: make(chan struct{})}
	s.Utils = sseutils.NewUtils(&publisher{hub: hub, limits: opts.events(), timeout: opts.PublishTimeout}, opts.OnError)
	s.clock.Go(s.tick)
	return s, nil
}

// tick is the only clock that the hub sees.
func (s *Server) tick() {
	ticker := time.NewTicker(actor.TickInterval)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			s.hub.Tick(now)
		case <-s.stop:
			return
		}
	}
}

// Shutdown ends the server in peace: every stream is told when to come back and ended,
// spread over half of the time that ctx leaves (or over a second). When ctx ends first,
// what is left is cut off, and the error says so. Call it before http.Server.Shutdown,
// which waits for streams over HTTP/2 and not for others.
func (s *Server) Shutdown(ctx context.Context) error {
	window := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		window = time.Until(deadline) / 2
	}
	err := s.hub.Drain(ctx, window)
	s.Close()
	if err != nil {
		return fmt.Errorf("embed: end the streams: %w", err)
	}
	return nil
}

// Close ends the server and its streams at once. It may be called again.
func (s *Server) Close() {
	s.close.Do(func() {
		s.ended.Store(true)
		close(s.stop)
		s.clock.Wait()
		s.hub.Stop()
		s.engine.Stop()
	})
}

// Disconnect ends the streams of a user, a session, a topic or those that are all of that,
// or a single one, and says how many they were. Their clients reconnect, unless authorize
// refuses them.
func (s *Server) Disconnect(ctx context.Context, whose ...sseutils.Target) (int, error) {
	filter, err := filterOf(whose)
	if err != nil {
		return 0, err
	}
	return s.hub.Disconnect(ctx, filter)
}

// Stats is the hub's account of itself.
func (s *Server) Stats(ctx context.Context) (actor.Stats, error) { return s.hub.Metrics(ctx) }

// GetMetrics gives what sseutils.Client.GetMetrics gives of a server.
func (s *Server) GetMetrics(ctx context.Context) (*sseutils.Metrics, error) {
	stats, err := s.Stats(ctx)
	if err != nil {
		return nil, err
	}
	return &sseutils.Metrics{
		ActiveConnections: stats.Clients,
		TotalConnections:  stats.Registered,
		EventsDispatched:  stats.Events,
		Errors:            stats.Ended[actor.ReasonWriteFailed] + stats.Ended[actor.ReasonTimeout],
		MaxClients:        s.opts.MaxClients,
		Users:             stats.Users,
		Sessions:          stats.Sessions,
		Topics:            stats.Topics,
		Deliveries:        stats.Deliveries,
		Dropped:           stats.Dropped(),
		LastEventID:       stats.LastID.String(),
		Draining:          stats.Draining,
		Timestamp:         time.Now().UTC().Truncate(time.Millisecond),
	}, nil
}

// GetActiveClientCount is how many streams are open.
func (s *Server) GetActiveClientCount(ctx context.Context) (int, error) {
	stats, err := s.Stats(ctx)
	return stats.Clients, err
}
