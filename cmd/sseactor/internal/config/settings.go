package config

import (
	"log/slog"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// settings is the table: the one place where a setting's name, defaults, bounds
// and help are written. Each entry reads into its field of c. The order is that
// of the help.
func settings(c *Config) []*setting {
	return []*setting{
		{
			name: "addr", group: listening, def: ":8080", value: address(&c.Addr),
			help: "Where to listen. Without a host it listens on all interfaces; port 0 takes a free one.",
		},
		{
			name: "tls-cert", group: listening, example: "/etc/sseactor/tls.crt", value: path(&c.TLSCert),
			help: "PEM file of the certificate and its chain. With it and its key the server speaks HTTPS.",
		},
		{
			name: "tls-key", group: listening, example: "/etc/sseactor/tls.key", value: path(&c.TLSKey),
			help: "PEM file of the certificate's private key.",
		},
		{
			name: "mode", group: listening, def: string(Production), value: oneOf(&c.Mode, Production, Development),
			help: "What the server is used for. Development has the reset endpoint, makes an API key if none is given, and has other defaults where that is noted.",
		},
		{
			name: "config", group: listening, example: "/etc/sseactor.conf", noFile: true, value: path(&c.ConfigFile),
			help: "File of further settings: lines name = value, # before a comment, a value may stand in double quotes. Flags and the environment win over it.",
		},

		{
			name: "api-keys", group: access, example: "app:KEY", value: apiKeys(&c.APIKeys),
			help: "Keys of the services that publish, as name:key or name:key:scope+scope with the scopes publish, metrics and admin; without scopes a key may publish and read metrics. Production needs at least one. Secret.",
		},
		{
			name: "dev-key-file", group: access, example: ".sseactor-key", value: path(&c.DevKeyFile),
			help: "Development only: file that keeps the API key made at start, so that it is the same after a restart.",
		},
		{
			name: "allowed-origins", group: access, example: "https://app.example.com", value: origins(&c.AllowedOrigins),
			help: "Origins whose pages may use the server, besides its own.",
		},
		{
			name: "public-topics", group: access, dev: "*", example: "news,scores.*", value: list(&c.PublicTopics, "topics of 1 to 128 characters, each may end in *", checkTopicPattern),
			help: "Topics that anybody who may open a stream may subscribe to. A trailing * stands for any rest.",
		},

		{
			name: "heartbeat-interval", group: streams, def: "30s", value: inProduction(time.Second, duration(&c.HeartbeatInterval, 100*time.Millisecond, 10*time.Minute)),
			help: "Longest silence on a stream before a heartbeat is sent. Keep it below the idle timeout of proxies, often 60s.",
		},
		{
			name: "heartbeat-style", group: streams, def: string(HeartbeatEvent), value: oneOf(&c.HeartbeatStyle, HeartbeatEvent, HeartbeatComment),
			help: "What a heartbeat is: an event, which pages can watch for, or a comment line, which is shorter and which they can't see.",
		},
		{
			name: "client-timeout", group: streams, def: "2m", value: duration(&c.ClientTimeout, time.Second, time.Hour),
			help: "A stream that takes nothing for so long although something waits for it is ended. Longer than the heartbeat's interval.",
		},
		{
			name: "max-clients", group: streams, def: "10000", dev: "15000", value: integer(&c.MaxClients, 1, 10_000_000),
			help: "Most streams open at once. Each needs a file descriptor.",
		},
		{
			name: "max-stream-age", group: streams, def: "0s", value: orZero("off", duration(&c.MaxStreamAge, time.Second, 7*24*time.Hour)),
			help: "Age at which a stream is ended so that its client reconnects, varied by 10 % either way.",
		},
		{
			name: "retry", group: streams, def: "3s", value: duration(&c.Retry, 100*time.Millisecond, 10*time.Minute),
			help: "Delay before reconnecting that a stream's client is told; each gets between 1 and 1.5 times this.",
		},
		{
			name: "outbox-frames", group: streams, def: "1024", value: integer(&c.OutboxFrames, 16, 65_536),
			help: "Most events that wait for one slow client.",
		},
		{
			name: "outbox-bytes", group: streams, def: "1MiB", value: size(&c.OutboxBytes, kib, gib),
			help: "Most bytes that wait for one slow client. At least the size of the largest event.",
		},
		{
			name: "stream-io", group: streams, def: string(StreamIOAuto), value: oneOf(&c.StreamIO, StreamIOAuto, StreamIOPortable),
			help: "How streams are written: auto takes the fastest way that the system has, portable works everywhere.",
		},
		{
			name: "writers", group: streams, def: "0", value: integer(&c.Writers, 0, 256),
			help: "Goroutines that write streams; 0 takes one for each CPU in use (GOMAXPROCS).",
		},

		{
			name: "max-event-bytes", group: limits, def: "64KiB", value: size(&c.MaxEventBytes, 256, 64*mib),
			help: "Largest event that is accepted.",
		},
		{
			name: "max-batch-events", group: limits, def: "1000", value: integer(&c.MaxBatchEvents, 1, 100_000),
			help: "Most events in one publish request.",
		},
		{
			name: "max-body-bytes", group: limits, def: "4MiB", value: size(&c.MaxBodyBytes, kib, gib),
			help: "Largest body of a request. At least the size of the largest event.",
		},
		{
			name: "max-bodies-bytes", group: limits, def: "64MiB", value: size(&c.MaxBodiesBytes, kib, gib),
			help: "Most memory for the bodies, from 8 KiB on, of all requests under way; beyond it publishers are answered 503. At least the size of the largest body.",
		},
		{
			name: "max-header-bytes", group: limits, def: "16KiB", value: size(&c.MaxHeaderBytes, kib, mib),
			help: "Largest request line and headers together.",
		},
		{
			name: "max-topics", group: limits, def: "64", value: integer(&c.MaxTopics, 1, 4096),
			help: "Most topics of one stream, and of one event.",
		},
		{
			name: "max-client-ids", group: limits, def: "1000", value: integer(&c.MaxClientIDs, 1, 100_000),
			help: "Most client ids that one event may be sent to.",
		},
		{
			name: "request-timeout", group: limits, def: "10s", value: duration(&c.RequestTimeout, 100*time.Millisecond, 10*time.Minute),
			help: "Time that a client may take to send a request.",
		},
		{
			name: "publish-timeout", group: limits, def: "5s", value: duration(&c.PublishTimeout, 10*time.Millisecond, time.Minute),
			help: "Time that a publish waits for a busy server before it is answered 503.",
		},
		{
			name: "idempotency-window", group: limits, def: "10m", value: duration(&c.IdempotencyWindow, time.Second, 24*time.Hour),
			help: "Time for which an Idempotency-Key is remembered.",
		},
		{
			name: "idempotency-keys", group: limits, def: "100000", value: integer(&c.IdempotencyKeys, 1, 10_000_000),
			help: "Most Idempotency-Keys remembered for the length of the window, and as many again for a second one; a batch counts once for each of its events.",
		},

		{
			name: "shutdown-grace", group: shutdown, def: "20s", value: duration(&c.ShutdownGrace, 100*time.Millisecond, time.Hour),
			help: "Time from the signal to stop until what is still open is cut off. Keep it below the orchestrator's own limit.",
		},
		{
			name: "shutdown-delay", group: shutdown, def: "0s", value: duration(&c.ShutdownDelay, 0, time.Hour),
			help: "Time for which /readyz says no before streams are ended, so that a balancer stops sending clients here. Part of the grace and shorter than it.",
		},
		{
			name: "shutdown-retry-spread", group: shutdown, def: "10s", value: duration(&c.ShutdownRetrySpread, 0, 10*time.Minute),
			help: "Each stream ended by a shutdown is told to come back after the retry delay plus a random part of this, so that clients don't return all at once.",
		},

		{
			name: "log-level", group: logging, def: "info", value: oneOf(&c.LogLevel, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError),
			help: "Least important log lines that are written.",
		},
		{
			name: "log-format", group: logging, def: string(LogJSON), dev: string(LogText), value: oneOf(&c.LogFormat, LogJSON, LogText),
			help: "How log lines are written: json for machines, text for people.",
		},
		{
			name: "log-rate", group: logging, def: "100", value: integer(&c.LogRate, 1, 1_000_000),
			help: "Most lines a second about clients coming and going, of each kind; the rest are counted.",
		},

		{
			name: "metrics-addr", group: metrics, example: "127.0.0.1:9090", value: orEmpty(address(&c.MetricsAddr)),
			help: "Private address for /metrics, admin and pprof. With it /metrics and admin leave the public one.",
		},
		{
			name: "metrics-token", group: metrics, example: "TOKEN", value: token(&c.MetricsToken),
			help: "Bearer token that may read /metrics, for Prometheus. Secret.",
		},
		{
			name: "pprof", group: metrics, def: "false", dev: "true", value: boolean(&c.Pprof),
			help: "Serve /debug/pprof: on the private address, or in development without one on the main address.",
		},
	}
}
