// Package config turns flags, the environment and a file into one checked
// Config.
//
// Every setting is declared once, in settings.go: its name, defaults, bounds
// and help. The flag, the environment variable, the file's key, the help and
// the README's table are derived from that entry, so that they can't disagree.
//
// Load is pure: what it knows of the process it is given as arguments. It
// collects every fault instead of stopping at the first, because an operator
// who mends one setting for each restart loses a deployment a setting.
package config

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"
)

// Config is the checked configuration. What each field means, its default and
// its bounds stand in settings.go, beside the setting's name. It is not changed
// after Load and may be read by any goroutine.
type Config struct {
	// Listening
	Addr       string
	TLSCert    string // both or neither
	TLSKey     string
	Mode       Mode
	ConfigFile string

	// Access
	APIKeys          []APIKey
	APIKeysFile      string
	DevKeyFile       string // always empty in production
	AuthSecrets      []Secret
	SessionCookies   []string // never empty
	SessionURL       string   // not together with AuthSecrets
	SessionTimeout   time.Duration
	SessionCache     time.Duration // 0: off
	UserClaim        string
	ClockTolerance   time.Duration
	JWTSecrets       []Secret
	JWTKeysFile      string
	JWKSURL          string
	JWTIssuer        string
	JWTAudience      string
	JWTCookie        string
	AllowVisitors    bool
	SessionIDSecrets []Secret
	TicketLife       time.Duration
	MaxTickets       int
	MaxBlocks        int
	AllowedOrigins   []string
	PublicTopics     []string // a name, or a beginning followed by *
	UserTopics       []string // the same, with {userId} where the user's id goes
	UserSends        UserSends
	UserSendsTopics  []string
	TrustedProxies   []netip.Prefix

	// Streams
	HeartbeatInterval time.Duration
	HeartbeatStyle    HeartbeatStyle
	ClientTimeout     time.Duration // more than HeartbeatInterval
	MaxClients        int
	MaxStreamAge      time.Duration // 0: no limit
	Retry             time.Duration
	OutboxFrames      int
	OutboxBytes       int // at least MaxEventBytes
	StreamIO          StreamIO
	Writers           int // 0: GOMAXPROCS

	// History and mailboxes
	DataDir        string // empty: mailboxes are kept in memory
	HistoryEvents  int    // 0: off
	HistoryBytes   int    // at least MaxEventBytes
	HistoryAge     time.Duration
	MailboxEvents  int
	MailboxBytes   int // at least MaxEventBytes
	MailboxAge     time.Duration
	MailboxDevices int
	MailboxMemory  int // without DataDir; at least MailboxBytes
	JournalBytes   int // with DataDir; at least MailboxBytes

	// Limits
	MaxEventBytes  int
	MaxBatchEvents int
	MaxBodyBytes   int // at least MaxEventBytes
	MaxBodiesBytes int // at least MaxBodyBytes
	MaxHeaderBytes int
	MaxTopics      int
	MaxClientIDs   int

	// A limit of 0 is none.
	MaxStreamsPerUser    int
	MaxStreamsPerSession int
	MaxStreamsPerAddress int
	ClientEventRate      int // a second
	ClientEventBurst     int // 0: a quarter of the rate
	PublishRate          int // a second
	UserPublishRate      int // a second

	RequestTimeout    time.Duration
	PublishTimeout    time.Duration
	IdempotencyWindow time.Duration
	IdempotencyKeys   int

	// Shutdown
	ShutdownGrace       time.Duration
	ShutdownDelay       time.Duration // less than ShutdownGrace
	ShutdownRetrySpread time.Duration

	// Logging
	LogLevel  slog.Level
	LogFormat LogFormat
	LogRate   int

	// Metrics
	MetricsAddr  string // empty: no private listener
	MetricsToken Secret
	Pprof        bool // in production only together with MetricsAddr

	// changes are kept as text, made when Load ends, so that a copy of Config
	// shares nothing with it and printing one can't reach a secret.
	changes []change
}

// change is a setting that somebody set.
type change struct {
	name, value, from string // value is redacted where it is secret
}

// secret reports whether the setting is one that is not shown, and is set.
func (ch change) secret() bool { return strings.HasPrefix(ch.value, "[set") }

// LogValue lists the settings that were set, each with its value and where it
// came from; the ones left at their default are not listed.
func (c Config) LogValue() slog.Value {
	attrs := make([]slog.Attr, len(c.changes))
	for i, ch := range c.changes {
		attrs[i] = slog.Group(ch.name, slog.String("value", ch.value), slog.String("from", ch.from))
	}
	return slog.GroupValue(attrs...)
}

// String says on one line what LogValue says.
func (c Config) String() string {
	if len(c.changes) == 0 {
		return "all settings at their defaults"
	}
	parts := make([]string, len(c.changes))
	for i, ch := range c.changes {
		parts[i] = ch.name + "=" + ch.value + " (from " + ch.from + ")"
	}
	return strings.Join(parts, ", ")
}

// Mode is the environment that the server runs in.
type Mode string

// The two modes. Some defaults and checks depend on them.
const (
	Production  Mode = "production"
	Development Mode = "development"
)

// UserSends is what signed-in users may send.
type UserSends string

// What users may send.
const (
	UserSendsNothing  UserSends = "nothing"
	UserSendsOwn      UserSends = "own"
	UserSendsAnything UserSends = "anything"
)

// HeartbeatStyle is what a heartbeat looks like on the wire.
type HeartbeatStyle string

// An event is visible to JavaScript, a comment is smaller.
const (
	HeartbeatEvent   HeartbeatStyle = "event"
	HeartbeatComment HeartbeatStyle = "comment"
)

// StreamIO is how streams are written to sockets.
type StreamIO string

// Auto takes the fastest way that the system has; Portable works on all.
const (
	StreamIOAuto     StreamIO = "auto"
	StreamIOPortable StreamIO = "portable"
)

// LogFormat is how log lines are encoded.
type LogFormat string

// JSON is for machines, text for people.
const (
	LogJSON LogFormat = "json"
	LogText LogFormat = "text"
)
