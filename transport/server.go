package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/stream"
)

// Server is the hub with its edges. Make it with New, Start it, Serve listeners,
// and end it with Shutdown, which parts from the clients in peace, or Close.
type Server struct {
	opts    Options
	hub     *actor.Hub
	engine  *stream.Engine
	log     *lifeLog
	meter   *meter
	answers *idempotency
	bodies  *bodies
	tickets *auth.Tickets
	blocks  *auth.Blocks
	pace    *pace
	lookout *lookout

	deadlines  *deadlines         // of publishers
	publishers sync.Pool          // of *actor.Publisher
	committer  *journal.Committer // of persistent events; nil: none are kept
	frames     *journal.Frames    // of those that are replayed

	known atomic.Pointer[sse.Sequence] // an id that was sent; see newestFor

	public, private *fasthttp.Server
	listeners       listeners

	began  time.Time // when Start was called
	ready  atomic.Bool
	clock  sync.WaitGroup
	stop   chan struct{}
	closed sync.Once
}

// New makes a server. Nothing runs yet.
func New(opts Options) (*Server, error) {
	hub, err := actor.New(opts.Hub)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts:    opts,
		hub:     hub,
		answers: newIdempotency(opts.IdempotencyWindow, opts.IdempotencyKeys),
		bodies:  newBodies(opts.MaxBodiesBytes, opts.RequestTimeout+opts.PublishTimeout),
		tickets: auth.NewTickets(opts.TicketLife, opts.MaxTickets),
		blocks:  auth.NewBlocks(opts.MaxBlocks),
		pace:    newPace(opts),
		stop:    make(chan struct{}),

		deadlines:  newDeadlines(opts.PublishTimeout),
		publishers: sync.Pool{New: func() any { return hub.Publisher() }},
		frames:     journal.NewFrames(),
	}
	s.log = newLifeLog(opts.Log, opts.LogRate)
	s.meter = newMeter(s)
	if s.lookout, err = newLookout(opts, s.look); err != nil {
		return nil, err
	}
	if opts.Journal != nil {
		s.committer = journal.NewCommitter(journal.CommitterOptions{
			Store: opts.Journal, Hub: hub, Log: opts.Log, MaxAge: opts.MailboxAge, Took: func(d time.Duration) { s.meter.commit.Update(d.Seconds()) },
		})
	}
	s.public = s.httpServer(s.routes(!opts.PrivateListener, true))
	s.private = s.httpServer(s.routes(true, false))
	return s, nil
}

// Start starts the server's goroutines: the hub, the stream writers and the
// poller, the same for the operators' streams and what feeds them, the clock, the log,
// and the journal's. After an error nothing runs.
func (s *Server) Start() error {
	s.began = time.Now()
	s.hub.Start()
	s.deadlines.tick() // New may have been long ago
	opts := s.opts.Stream
	opts.Closed = s.streamClosed
	engine, err := stream.Start(s.hub, opts)
	if err != nil {
		s.hub.Stop()
		return err
	}
	s.engine = engine
	if err := s.lookout.start(); err != nil {
		s.hub.Stop()
		s.engine.Stop()
		return err
	}
	s.log.start()
	if s.committer != nil {
		s.committer.Start()
	}
	s.clock.Go(s.tick)
	s.ready.Store(true)
	return nil
}

// tick is the only clock that the hubs see.
func (s *Server) tick() {
	ticker := time.NewTicker(actor.TickInterval)
	defer ticker.Stop()
	cleaning := time.NewTicker(5 * time.Second)
	defer cleaning.Stop()
	for {
		select {
		case now := <-ticker.C:
			s.hub.Tick(now)
			s.lookout.hub.Tick(now)
			s.deadlines.tick()
			s.answers.expire(now)
			s.bodies.expire(now)
		case <-cleaning.C:
			s.pace.forget()
		case <-s.stop:
			return
		}
	}
}

// Hub is the server's hub, for programs that publish from within.
func (s *Server) Hub() *actor.Hub { return s.hub }

// Serve serves the public endpoints on ln until Shutdown or Close, which close it.
func (s *Server) Serve(ln net.Listener) error {
	if s.opts.TLS != nil {
		ln = tls.NewListener(ln, s.opts.TLS)
	}
	return s.serve(s.public, ln)
}

// ServePrivate serves metrics, admin and profiles on ln, which only operators can
// reach: /metrics needs no credentials here.
func (s *Server) ServePrivate(ln net.Listener) error { return s.serve(s.private, ln) }

func (s *Server) serve(server *fasthttp.Server, ln net.Listener) error {
	if !s.listeners.add(ln) {
		return ln.Close() // the server was closed before it came to serve
	}
	defer s.listeners.done()
	if err := server.Serve(&patientListener{Listener: ln, log: s.opts.Log, stop: s.stop}); err != nil {
		return fmt.Errorf("transport: serve on %s: %w", ln.Addr(), err)
	}
	return nil
}

func (s *Server) httpServer(handler fasthttp.RequestHandler) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:      s.recovered(handler),
		ErrorHandler: s.requestFault,
		Logger:       quietLogger{s.opts.Log},

		HeaderReceived: s.admit,

		// A stream is hijacked: fasthttp's goroutine and buffers go back to their
		// pools, and the connection stays open when the handler has returned.
		KeepHijackedConns: true,
		ReduceMemoryUsage: true,

		NoDefaultServerHeader:        true,
		DisablePreParseMultipartForm: true,
		SecureErrorLogMessage:        true, // a request's bytes may hold secrets
		CloseOnShutdown:              true,
		ReadBufferSize:               s.opts.MaxHeaderBytes,
		MaxRequestBodySize:           s.opts.MaxBodyBytes,
		ReadTimeout:                  s.opts.RequestTimeout,
		WriteTimeout:                 s.opts.RequestTimeout,
		IdleTimeout:                  75 * time.Second,
		// Streams are limited by the hub; this bounds requests under way.
		Concurrency: fasthttp.DefaultConcurrency,
	}
}

// recovered keeps a handler's panic from ending the process and its streams.
func (s *Server) recovered(handler fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			if p := recover(); p != nil {
				s.panicked(string(ctx.Path()), p)
				ctx.Response.Reset()
				reply(ctx, mistake)
			}
			s.bodies.done(&ctx.Request.Header)
		}()
		handler(ctx)
		select {
		case <-s.stop: // or a client that goes on asking would keep its connection for ever
			ctx.SetConnectionClose()
		default:
		}
	}
}

// panicked notes a panic that was caught.
func (s *Server) panicked(path string, p any) {
	s.meter.panics.Inc()
	s.opts.Log.Error("a handler panicked", "path", path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// Shutdown ends the server in peace: it is not ready any more; every stream is
// told when to come back and ended, spread over half of the time that ctx leaves;
// then requests under way are finished. When ctx ends first, what is left is cut
// off. The error says what did not end by itself.
func (s *Server) Shutdown(ctx context.Context) error {
	s.ready.Store(false)
	select {
	case <-time.After(s.opts.ShutdownDelay):
	case <-ctx.Done():
	}
	window := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		window = time.Until(deadline) / 2
	}
	// New streams are refused in words while this goes on: the listeners are open.
	err := s.hub.Drain(ctx, window)
	if err != nil {
		err = fmt.Errorf("transport: end the streams: %w", err)
	}
	// Operators last: they see the others go.
	if e := s.lookout.hub.Drain(ctx, 0); e != nil {
		err = errors.Join(err, fmt.Errorf("transport: end the operators' streams: %w", e))
	}
	for _, server := range []*fasthttp.Server{s.public, s.private} {
		if e := server.ShutdownWithContext(ctx); e != nil {
			err = errors.Join(err, fmt.Errorf("transport: finish requests: %w", e))
		}
	}
	s.Close()
	return err
}

// Close ends the server at once. The journal is the caller's to close, after it. It may
// be called again.
func (s *Server) Close() {
	s.closed.Do(func() {
		s.ready.Store(false)
		close(s.stop)
		now, cancel := context.WithCancel(context.Background())
		cancel()
		for _, server := range []*fasthttp.Server{s.public, s.private} {
			_ = server.ShutdownWithContext(now) // closes idle connections
		}
		s.listeners.close()
		s.clock.Wait()
		s.lookout.stop()
		if s.committer != nil {
			s.committer.Halt()
		}
		s.hub.Stop()
		if s.committer != nil {
			s.committer.Stop() // here: a commit under way may wait for the hub
		}
		if s.engine != nil {
			s.engine.Stop()
		}
		s.log.stop()
	})
}

// quietLogger passes fasthttp's complaints on at the debug level: they are about
// single connections, of which there are many.
type quietLogger struct{ log *slog.Logger }

// Printf leaves the values out: some are a request's bytes, and these may be secret,
// SecureErrorLogMessage or not.
func (q quietLogger) Printf(format string, _ ...any) { q.log.Debug("http server", "complaint", format) }
