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
			help: "Keys of the services that publish, as name:key or name:key:scope+scope with the scopes publish, metrics and admin; without scopes a key may publish and read metrics. Production needs keys, here or in a file, or tokens. Secret.",
		},
		{
			name: "api-keys-file", group: access, example: "/etc/sseactor/keys", value: path(&c.APIKeysFile),
			help: "File of further keys, kept as hashes and with bounds of what each may publish; sseactor key makes its lines. It is read again when it changes.",
		},
		{
			name: "dev-key-file", group: access, example: ".sseactor-key", value: path(&c.DevKeyFile),
			help: "Development only: file that keeps the API key made at start, so that it is the same after a restart.",
		},
		{
			name: "auth-secret", group: access, example: "SECRET", also: []string{"AUTH_SECRET", "NEXTAUTH_SECRET"}, value: secrets(&c.AuthSecrets, 1), whole: wholeSecret(&c.AuthSecrets),
			help: "Secrets of the app's Auth.js or NextAuth, newest first: its session cookies then sign users in here. Secret.",
		},
		{
			name: "session-cookies", group: access, def: "__Secure-authjs.session-token,authjs.session-token,__Secure-next-auth.session-token,next-auth.session-token",
			value: notEmpty(list(&c.SessionCookies, "names of cookies", checkCookieName)),
			help:  "Names of the app's session cookies, the one that wins first.",
		},
		{
			name: "session-url", group: access, example: "http://app:3000/api/auth/session", value: webURL(&c.SessionURL),
			help: "For apps that keep sessions in a database: the app's session endpoint, which is asked whose a session cookie is.",
		},
		{
			name: "session-timeout", group: access, def: "2s", value: duration(&c.SessionTimeout, 10*time.Millisecond, time.Minute),
			help: "Time that the session endpoint may take to answer; beyond it callers are answered 503.",
		},
		{
			name: "session-cache", group: access, def: "10s", value: orZero("off", duration(&c.SessionCache, time.Second, time.Hour)),
			help: "Time for which an answer of the session endpoint holds: a session that is ended there lets streams be opened for so long.",
		},
		{
			name: "user-claim", group: access, def: "sub", example: "id", value: claim(&c.UserClaim),
			help: "Field of a session or token that holds the user's id. Auth.js with OAuth and no adapter makes sub anew at each sign-in.",
		},
		{
			name: "clock-tolerance", group: access, def: "15s", value: duration(&c.ClockTolerance, 0, 5*time.Minute),
			help: "How far this machine's clock may be from that of whoever made a session or token.",
		},
		{
			name: "jwt-secret", group: access, example: "SECRET", value: secrets(&c.JWTSecrets, 32),
			help: "Secrets of tokens signed with HS256, newest first. Secret.",
		},
		{
			name: "jwt-keys-file", group: access, example: "/etc/sseactor/jwt.pem", value: path(&c.JWTKeysFile),
			help: "PEM file of public keys or certificates of tokens signed with RS256, ES256 or EdDSA. It is read again when it changes.",
		},
		{
			name: "jwt-jwks-url", group: access, example: "https://id.example.com/.well-known/jwks.json", value: webURL(&c.JWKSURL),
			help: "Where such keys are published as a JWKS; it is asked every ten minutes, and when a token names a key that is not known.",
		},
		{
			name: "jwt-issuer", group: access, example: "https://id.example.com", value: words(&c.JWTIssuer),
			help: "What the iss of a token must be; none: it is not looked at.",
		},
		{
			name: "jwt-audience", group: access, example: "sseactor", value: words(&c.JWTAudience),
			help: "What the aud of a token must hold; none: only tokens without one are accepted.",
		},
		{
			name: "jwt-cookie", group: access, example: "events-token", value: cookie(&c.JWTCookie),
			help: "Name of a cookie that may hold a token, besides the Authorization header.",
		},
		{
			name: "allow-visitors", group: access, def: "true", value: boolean(&c.AllowVisitors),
			help: "Let callers who are not signed in open streams by a sessionId.",
		},
		{
			name: "session-id-secret", group: access, example: "SECRET", value: secrets(&c.SessionIDSecrets, 32),
			help: "Secrets that sign sessionIds, newest first; with one only signed ones let visitors in. Secret.",
		},
		{
			name: "ticket-life", group: access, def: "30s", value: duration(&c.TicketLife, time.Second, 10*time.Minute),
			help: "Time within which a ticket (POST /api/sse/ticket) must be used.",
		},
		{
			name: "max-tickets", group: access, def: "100000", value: integer(&c.MaxTickets, 1, 10_000_000),
			help: "Most tickets that are made in the life of one, and as many again are kept; beyond it 503.",
		},
		{
			name: "max-blocks", group: access, def: "100000", value: integer(&c.MaxBlocks, 1, 10_000_000),
			help: "Most users and sessions that an administrator may keep out at one time.",
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
			name: "user-topics", group: access, example: "user.{userId}.*", value: list(&c.UserTopics, "topics of 1 to 128 characters, each may end in * and have {userId} in it once", checkUserTopicPattern),
			help: "Topics that a signed-in user may subscribe to as well; {userId} stands for the user's id. Where * follows, ids that have the character before it match nothing.",
		},
		{
			name: "user-sends", group: access, def: string(UserSendsNothing), dev: string(UserSendsAnything), value: oneOf(&c.UserSends, UserSendsNothing, UserSendsOwn, UserSendsAnything),
			help: "What a signed-in user may send: nothing, to the own streams, or anything to everybody.",
		},
		{
			name: "user-sends-topics", group: access, example: "room.{userId}", value: list(&c.UserSendsTopics, "topics as for user-topics", checkUserTopicPattern),
			help: "Topics that a signed-in user may send to as well.",
		},
		{
			name: "trusted-proxies", group: access, example: "10.0.0.0/8,127.0.0.1", value: prefixes(&c.TrustedProxies),
			help: "Addresses of the proxies whose X-Forwarded-For is believed when it says who the client is.",
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
			name: "data-dir", group: keeping, example: "/var/lib/sseactor", value: directory(&c.DataDir),
			help: "Directory of the journal, which keeps persistent events over restarts; it is made if it is not there, and is one server's alone. None: they are kept in memory, and are gone when the server ends.",
		},
		{
			name: "history-events", group: keeping, def: "100000", value: integer(&c.HistoryEvents, 0, 10_000_000),
			help: "Most recent events kept in memory for streams that resume; 0 keeps none, and who has missed something is told.",
		},
		{
			name: "history-bytes", group: keeping, def: "64MiB", value: size(&c.HistoryBytes, 64*kib, 64*gib),
			help: "Most memory for them. At least the size of the largest event.",
		},
		{
			name: "history-age", group: keeping, def: "1h", value: duration(&c.HistoryAge, time.Second, 7*24*time.Hour),
			help: "Time for which they are kept.",
		},
		{
			name: "mailbox-events", group: keeping, def: "1000", value: integer(&c.MailboxEvents, 1, 1_000_000),
			help: "Most events in the mailbox of one user, session or topic, and in that of everybody; beyond it the oldest go, and their reader is told.",
		},
		{
			name: "mailbox-bytes", group: keeping, def: "1MiB", value: size(&c.MailboxBytes, 4*kib, gib),
			help: "Most bytes in one mailbox. At least the size of the largest event.",
		},
		{
			name: "mailbox-age", group: keeping, def: "168h", value: duration(&c.MailboxAge, time.Minute, 365*24*time.Hour),
			help: "Time for which an event is kept in a mailbox; its ttl may make it shorter. A device that was not seen for so long is forgotten.",
		},
		{
			name: "mailbox-devices", group: keeping, def: "16", value: integer(&c.MailboxDevices, 1, 1000),
			help: "Most devices of one user or session whose place is remembered; the one that was not seen for longest is forgotten.",
		},
		{
			name: "mailbox-memory", group: keeping, def: "64MiB", value: size(&c.MailboxMemory, mib, 64*gib),
			help: "Most memory for all mailboxes where there is no data-dir; beyond it persistent events are answered 503. At least the size of one mailbox.",
		},
		{
			name: "journal-bytes", group: keeping, def: "1GiB", value: size(&c.JournalBytes, 64*mib, 1024*gib),
			help: "Most space of the journal on disk, about; beyond it persistent events are answered 503. At least the size of one mailbox.",
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
			name: "max-streams-per-user", group: limits, def: "100", value: integer(&c.MaxStreamsPerUser, 0, 10_000_000),
			help: "Most streams of one user; 0 sets no limit.",
		},
		{
			name: "max-streams-per-session", group: limits, def: "100", value: integer(&c.MaxStreamsPerSession, 0, 10_000_000),
			help: "Most streams of one sessionId; 0 sets no limit.",
		},
		{
			name: "max-streams-per-address", group: limits, def: "0", value: integer(&c.MaxStreamsPerAddress, 0, 10_000_000),
			help: "Most streams of one client address (of one /64 in IPv6); 0 sets no limit. Behind proxies set trusted-proxies first.",
		},
		{
			name: "client-event-rate", group: limits, def: "0", value: integer(&c.ClientEventRate, 0, 1_000_000),
			help: "Most events a second for one stream; beyond it low and normal ones are dropped, and the client is told. 0 sets no limit.",
		},
		{
			name: "client-event-burst", group: limits, def: "0", value: integer(&c.ClientEventBurst, 0, 1_000_000),
			help: "Most events for one stream at once, after it has been quiet; 0 takes a quarter of client-event-rate.",
		},
		{
			name: "publish-rate", group: limits, def: "0", value: integer(&c.PublishRate, 0, 10_000_000),
			help: "Most events a second that one API key or token may publish, with a burst of as many; 0 sets no limit.",
		},
		{
			name: "user-publish-rate", group: limits, def: "10", value: integer(&c.UserPublishRate, 0, 10_000_000),
			help: "Most events a second that one signed-in user may publish, with a burst of as many; 0 sets no limit.",
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
