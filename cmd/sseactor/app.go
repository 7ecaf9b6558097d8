package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/cmd/sseactor/internal/watch"
	"github.com/sseactor/sseactor/transport"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// app is the running server and its listeners.
type app struct {
	config  *config.Config
	log     *slog.Logger
	access  *access
	kept    *mailboxes
	server  *transport.Server
	files   *watch.Watcher
	outside *outside
	paced   bool // whether the garbage collector is, which is so unless somebody set GOGC
	pacer   *pacer
	public  net.Listener
	private net.Listener // nil: none
	serving sync.WaitGroup
	failed  chan error
}

// newApp makes the server of what is configured, reads the files that are named there, and
// opens the journal. Nothing runs yet; close frees it.
func newApp(c *config.Config, log *slog.Logger) (*app, error) {
	access, err := newAccess(c)
	if err != nil {
		return nil, err
	}
	cert := &certificate{}
	files := watch.New(log, rereadInterval, fileSources(c, access, cert)...)
	if err := files.Read(); err != nil {
		access.close()
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	kept, err := openMailboxes(c, log)
	if err != nil {
		access.close()
		return nil, err
	}
	options := serverOptions(c, log, access)
	options.Journal = kept.store
	kept.begin(&options.Hub)
	options.Reread = files.Counts
	if c.TLSCert != "" {
		options.TLS = cert.config()
	}
	server, err := transport.New(options)
	if err != nil {
		kept.close()
		access.close()
		return nil, err
	}
	return &app{config: c, log: log, access: access, kept: kept, server: server, files: files, outside: access.outside(log), failed: make(chan error, 2)}, nil
}

// close frees what newApp has made. Nothing may run any more.
func (a *app) close() {
	a.kept.close()
	a.access.close()
}

// start opens the listeners and starts every goroutine of the program: each stands here,
// and runUntil waits for it. After an error nothing is left open.
func (a *app) start() (err error) {
	if a.public, err = transport.Listen(a.config.Addr, a.config.ClientTimeout); err != nil {
		return fmt.Errorf("listen on %s (setting addr): %w", a.config.Addr, err)
	}
	if a.config.MetricsAddr != "" {
		if a.private, err = transport.Listen(a.config.MetricsAddr, a.config.ClientTimeout); err != nil {
			return errors.Join(fmt.Errorf("listen on %s (setting metrics-addr): %w", a.config.MetricsAddr, err), a.public.Close())
		}
	}
	if err := a.server.Start(); err != nil {
		if a.private != nil {
			err = errors.Join(err, a.private.Close())
		}
		return errors.Join(err, a.public.Close())
	}
	a.kept.began()
	a.files.Start()
	a.outside.start()
	if a.paced {
		a.pacer = startPacer()
	}
	a.serving.Go(func() { a.failed <- a.server.Serve(a.public) })
	if a.private != nil {
		a.serving.Go(func() { a.failed <- a.server.ServePrivate(a.private) })
	}
	return nil
}

// runUntil serves until ctx ends or a listener fails, and then ends the server
// within the grace time.
func (a *app) runUntil(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
		a.log.Info("shutting down", "grace", a.config.ShutdownGrace.String())
	case failure = <-a.failed:
		a.log.Error("a listener failed; shutting down", "error", failure)
	}
	began := time.Now()
	grace, cancel := context.WithTimeout(context.Background(), a.config.ShutdownGrace)
	defer cancel()
	if err := a.server.Shutdown(grace); err != nil {
		a.log.Warn("some were cut off at the end of the grace time", "error", err)
	}
	a.serving.Wait()
	a.kept.keepHistory(a.server.Hub())
	a.files.Stop()
	a.outside.stop()
	if a.pacer != nil {
		a.pacer.stop()
	}
	a.log.Info("stopped", "took", time.Since(began).Round(time.Millisecond).String())
	return failure
}

// url is where a person on this machine reaches the server.
func (a *app) url() string {
	if a.config.TLSCert != "" {
		return urlOf("https", a.public)
	}
	return urlOf("http", a.public)
}

// adminURL is where the operators' endpoints are.
func (a *app) adminURL() string {
	if a.private != nil {
		return urlOf("http", a.private)
	}
	return a.url()
}

func urlOf(scheme string, ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return scheme + "://" + ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// serverOptions says in the server's words what the configuration says.
func serverOptions(c *config.Config, log *slog.Logger, who *access) transport.Options {
	writers := c.Writers
	if writers == 0 {
		writers = runtime.GOMAXPROCS(0)
	}
	return transport.Options{
		Version:     versionText(),
		Development: c.Mode == config.Development,
		Log:         log,
		LogRate:     c.LogRate,
		Hub: actor.Options{
			Start:             time.Now(),
			Seed:              rand.Uint64(),
			MaxClients:        c.MaxClients,
			MaxPerUser:        c.MaxStreamsPerUser,
			MaxPerSession:     c.MaxStreamsPerSession,
			MaxPerNetwork:     c.MaxStreamsPerAddress,
			EventRate:         c.ClientEventRate,
			EventBurst:        c.ClientEventBurst,
			OutboxFrames:      c.OutboxFrames,
			OutboxBytes:       c.OutboxBytes,
			HistoryEvents:     c.HistoryEvents,
			HistoryBytes:      c.HistoryBytes,
			HistoryAge:        c.HistoryAge,
			HeartbeatInterval: c.HeartbeatInterval,
			HeartbeatComment:  c.HeartbeatStyle == config.HeartbeatComment,
			ClientTimeout:     c.ClientTimeout,
			MaxAge:            c.MaxStreamAge,
			Retry:             c.Retry,
			RetrySpread:       c.ShutdownRetrySpread,
			Writers:           writers,
		},
		Stream:            stream.Options{Writers: writers, Portable: c.StreamIO == config.StreamIOPortable, WriteTimeout: c.ClientTimeout},
		Events:            wire.Limits{EventBytes: c.MaxEventBytes, Events: c.MaxBatchEvents, Topics: c.MaxTopics, ClientIDs: c.MaxClientIDs},
		MailboxAge:        c.MailboxAge,
		Authenticator:     who.chain,
		Policy:            who.policy,
		SessionIDs:        who.sessionIDs,
		TicketLife:        c.TicketLife,
		MaxTickets:        c.MaxTickets,
		MaxBlocks:         c.MaxBlocks,
		MetricsToken:      c.MetricsToken.Reveal(),
		AllowedOrigins:    c.AllowedOrigins,
		TrustedProxies:    c.TrustedProxies,
		PublishRate:       c.PublishRate,
		UserPublishRate:   c.UserPublishRate,
		MaxTopics:         c.MaxTopics,
		MaxBodyBytes:      c.MaxBodyBytes,
		MaxBodiesBytes:    c.MaxBodiesBytes,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		RequestTimeout:    c.RequestTimeout,
		PublishTimeout:    c.PublishTimeout,
		IdempotencyWindow: c.IdempotencyWindow,
		IdempotencyKeys:   c.IdempotencyKeys,
		ShutdownDelay:     c.ShutdownDelay,
		PrivateListener:   c.MetricsAddr != "",
		Profiling:         c.Pprof,
	}
}
