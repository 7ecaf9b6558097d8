package transport

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// Options are a Server's settings. There are no defaults here: the program's one
// table of settings (cmd/sseactor/internal/config) declares them.
type Options struct {
	Version string
	// Development serves the demo and POST /api/sse/reset.
	Development bool
	Log         *slog.Logger
	LogRate     int // lines of one kind a second, of connects, disconnects and sends

	Hub    actor.Options
	Stream stream.Options
	Events wire.Limits
	// Journal keeps persistent events for receivers that are away; nil: nothing does.
	Journal journal.Store
	// MailboxAge is how long they are kept at most.
	MailboxAge time.Duration

	// Authenticator says who calls; nobody is known to a nil one.
	Authenticator auth.Authenticator
	Policy        auth.Policy
	// SessionIDs checks the sessionIds of visitors; nil: any will do.
	SessionIDs *auth.SessionIDs
	TicketLife time.Duration
	MaxTickets int // made in the life of one
	MaxBlocks  int // users and sessions that are kept out
	// Reread is how often files were read again, and how often one that had changed
	// could not be used; nil: there are no such files. Any goroutine calls it.
	Reread func() (reads, faults uint64)
	// MetricsToken may read /metrics; empty: only callers with the scope may.
	MetricsToken string
	// AllowedOrigins may use the server from a browser beside its own origin.
	AllowedOrigins []string
	// TrustedProxies are believed when they say who the client is.
	TrustedProxies []netip.Prefix

	// Most events a second of one service and of one user; 0: no limit.
	PublishRate     int
	UserPublishRate int
	// Now is the clock that rates are measured by; nil: time.Now.
	Now func() time.Time

	MaxTopics      int // of a stream
	MaxBodyBytes   int
	MaxBodiesBytes int // of all requests under way with bodies over 8 KiB
	MaxHeaderBytes int
	RequestTimeout time.Duration // to send a request
	PublishTimeout time.Duration // to be taken by the hub

	IdempotencyWindow time.Duration
	IdempotencyKeys   int

	// ShutdownDelay is how long the server is "not ready" before it ends streams.
	ShutdownDelay time.Duration
	// TLS serves HTTPS; nil: HTTP.
	TLS *tls.Config
	// PrivateListener says that ServePrivate will be called: the public listener
	// then has no /metrics and no admin endpoints.
	PrivateListener bool
	// Profiling serves /debug/pprof, on the private listener if there is one, to
	// callers with the admin scope.
	Profiling bool
}
