package transport

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// Options are a Server's settings. There are no defaults here: the program's one
// table of settings (cmd/sseactor/internal/config) declares them.
type Options struct {
	Version string
	// Development serves the page to try it on and POST /api/sse/reset.
	Development bool
	Log         *slog.Logger
	LogRate     int // lines of one kind a second, of connects, disconnects and sends

	Hub    actor.Options
	Stream stream.Options
	Events wire.Limits

	// Authenticator says who calls; nobody is known to a nil one.
	Authenticator auth.Authenticator
	Policy        auth.Policy
	// MetricsToken may read /metrics; empty: only callers with the scope may.
	MetricsToken string
	// AllowedOrigins may use the server from a browser beside its own origin.
	AllowedOrigins []string

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
