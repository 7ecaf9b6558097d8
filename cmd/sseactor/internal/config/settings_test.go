package config

import (
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	want := Config{
		Addr: ":8080", Mode: Production,
		APIKeys:        []APIKey{{"app", NewSecret(testKey), []Scope{ScopePublish, ScopeMetrics}}},
		SessionCookies: []string{"__Secure-authjs.session-token", "authjs.session-token", "__Secure-next-auth.session-token", "next-auth.session-token"},
		SessionTimeout: 2 * time.Second, SessionCache: 10 * time.Second, UserClaim: "sub", ClockTolerance: 15 * time.Second,
		AllowVisitors: true, TicketLife: 30 * time.Second, MaxTickets: 100000, MaxBlocks: 100000, UserSends: UserSendsNothing,
		HeartbeatInterval: 30 * time.Second, HeartbeatStyle: HeartbeatEvent, ClientTimeout: 2 * time.Minute,
		MaxClients: 10000, Retry: 3 * time.Second, OutboxFrames: 1024, OutboxBytes: 1 << 20, StreamIO: StreamIOAuto,
		HistoryEvents: 100000, HistoryBytes: 64 << 20, HistoryAge: time.Hour,
		MailboxEvents: 1000, MailboxBytes: 1 << 20, MailboxAge: 168 * time.Hour, MailboxDevices: 16, MailboxMemory: 64 << 20, JournalBytes: 1 << 30,
		MaxEventBytes: 64 << 10, MaxBatchEvents: 1000, MaxBodyBytes: 4 << 20, MaxBodiesBytes: 64 << 20, MaxHeaderBytes: 16 << 10, MaxTopics: 64, MaxClientIDs: 1000,
		MaxStreamsPerUser: 100, MaxStreamsPerSession: 100, UserPublishRate: 10,
		RequestTimeout: 10 * time.Second, PublishTimeout: 5 * time.Second, IdempotencyWindow: 10 * time.Minute, IdempotencyKeys: 100000,
		ShutdownGrace: 20 * time.Second, ShutdownRetrySpread: 10 * time.Second,
		LogLevel: slog.LevelInfo, LogFormat: LogJSON, LogRate: 100,
	}
	got := *load(t, nil, []string{testEnv}, "")
	got.changes = nil
	assert.Equal(t, want, got, "in production")

	want.Mode, want.APIKeys, want.MaxClients = Development, nil, 15000
	want.PublicTopics, want.UserSends, want.LogFormat, want.Pprof = []string{"*"}, UserSendsAnything, LogText, true
	got = *load(t, []string{"--mode=development"}, nil, "")
	got.changes = nil
	assert.Equal(t, want, got, "in development")
}

func TestTheTableIsWellFormed(t *testing.T) {
	c := new(Config)
	names, fields := map[string]bool{}, map[any]bool{}
	var groups []group
	for _, s := range settings(c) {
		assert.Regexp(t, `^[a-z]+(-[a-z]+)*$`, s.name, "faults show unknown names of this form only")
		assert.LessOrEqual(t, len(s.name), 32, s.name)
		assert.False(t, names[s.name], "%s is declared twice", s.name)
		assert.False(t, fields[s.value.field()], "the field of %s is read by two settings", s.name)
		names[s.name], fields[s.value.field()] = true, true
		assert.Regexp(t, `^[A-Z].*\.$`, s.help, "%s has help of whole sentences", s.name)
		assert.NotEmpty(t, s.value.allowed(), s.name)
		assert.NotEmpty(t, s.sample(), "%s has something to show in a fault", s.name)
		if len(groups) == 0 || groups[len(groups)-1] != s.group {
			assert.False(t, slices.Contains(groups, s.group), "%s is away from its group", s.name)
			groups = append(groups, s.group)
		}
	}
	assert.Equal(t, []group{listening, access, streams, keeping, limits, shutdown, logging, metrics}, groups)

	for f, v := range reflect.ValueOf(c).Elem().Fields() {
		if f.IsExported() {
			assert.True(t, fields[v.Addr().Interface()], "Config.%s has no setting", f.Name)
		}
	}
}

const longSecret = "0123456789abcdef0123456789abcdef"

// apart can't be set together with the others, and is left out where all are.
var apart = map[string]string{"auth-secret": "s", "session-url": "http://localhost:3000/api/auth/session"}

// another gives for each other setting a right value that is not its default.
var another = map[string]string{
	"addr": "[::1]:80", "tls-cert": "/c", "tls-key": "/k", "mode": "development", "config": "sse.conf",
	"api-keys": "b:" + testKey + ":admin", "api-keys-file": "/k", "dev-key-file": "/d", "allowed-origins": "https://a.example,http://[::1]:3000", "public-topics": "a,b.*",
	"session-cookies": "a,b", "session-timeout": "1s", "session-cache": "0s", "user-claim": "user.id", "clock-tolerance": "0s",
	"jwt-secret": longSecret + "," + longSecret, "jwt-keys-file": "/j", "jwt-jwks-url": "https://id.example/keys?p=a", "jwt-issuer": "https://id.example", "jwt-audience": "a, b", "jwt-cookie": "token",
	"allow-visitors": "false", "session-id-secret": longSecret, "ticket-life": "10m", "max-tickets": "1", "max-blocks": "2",
	"user-topics": "user.{userId}.*,all", "user-sends": "own", "user-sends-topics": "room.{userId}", "trusted-proxies": "10.0.0.0/8,::1/128",
	"max-streams-per-user": "0", "max-streams-per-session": "1", "max-streams-per-address": "2", "client-event-rate": "10", "client-event-burst": "5", "publish-rate": "3", "user-publish-rate": "0",
	"heartbeat-interval": "150ms", "heartbeat-style": "comment", "client-timeout": "1m30s", "max-clients": "5", "max-stream-age": "1h",
	"retry": "1s", "outbox-frames": "16", "outbox-bytes": "2MiB", "stream-io": "portable", "writers": "3",
	"data-dir": "/d", "history-events": "0", "history-bytes": "128KiB", "history-age": "1m", "mailbox-events": "1", "mailbox-bytes": "64KiB", "mailbox-age": "1h",
	"mailbox-devices": "3", "mailbox-memory": "1MiB", "journal-bytes": "64MiB",
	"max-event-bytes": "1000", "max-batch-events": "2", "max-body-bytes": "1MiB", "max-bodies-bytes": "2MiB", "max-header-bytes": "8KiB", "max-topics": "9", "max-client-ids": "8",
	"request-timeout": "2s", "publish-timeout": "10ms", "idempotency-window": "24h", "idempotency-keys": "7",
	"shutdown-grace": "40s", "shutdown-delay": "5s", "shutdown-retry-spread": "0s",
	"log-level": "warn", "log-format": "json", "log-rate": "1", "metrics-addr": "localhost:9090", "metrics-token": testKey, "pprof": "false",
}

func TestEverySettingIsReadFromEveryLayer(t *testing.T) {
	var args, environ []string
	file := ""
	for _, s := range settings(new(Config)) {
		if text, ok := apart[s.name]; ok {
			testOneSettingFromEveryLayer(t, s, text)
			continue
		}
		text, ok := another[s.name]
		require.True(t, ok, "add %s to the test", s.name)
		args = append(args, flags.spell(s.name), text)
		environ = append(environ, environment.assign(s.name, text))
		if !s.noFile {
			file += s.name + " = " + text + "\n"
		}
	}
	args[slices.Index(args, "--pprof")] = "--pprof=false"
	args[slices.Index(args, "--allow-visitors")] = "--allow-visitors=false"
	args = slices.DeleteFunc(args, func(a string) bool { return a == "false" })

	fromFlags, fromEnv := load(t, args, nil, ""), load(t, nil, environ, "")
	fromFile := load(t, []string{"--config=sse.conf"}, nil, file)
	byDefault := reflect.ValueOf(*load(t, []string{"--mode=development"}, nil, ""))
	for f, v := range reflect.ValueOf(*fromFlags).Fields() {
		if !f.IsExported() {
			continue
		}
		assert.Equal(t, v.Interface(), reflect.ValueOf(*fromEnv).FieldByIndex(f.Index).Interface(), f.Name)
		assert.Equal(t, v.Interface(), reflect.ValueOf(*fromFile).FieldByIndex(f.Index).Interface(), f.Name)
		if f.Name != "Mode" && f.Name != "AuthSecrets" && f.Name != "SessionURL" {
			assert.NotEqual(t, byDefault.FieldByIndex(f.Index).Interface(), v.Interface(), "%s was set", f.Name)
		}
	}
}

func testOneSettingFromEveryLayer(t *testing.T, s *setting, text string) {
	t.Helper()
	args, environ := []string{flags.spell(s.name), text}, []string{environment.assign(s.name, text)}
	for layer, c := range map[layer]*Config{
		flags: load(t, args, []string{testEnv}, ""), environment: load(t, nil, append(environ, testEnv), ""),
		file: load(t, []string{"--config=sse.conf"}, []string{testEnv}, file.assign(s.name, text)),
	} {
		last := c.changes[len(c.changes)-1]
		assert.Equal(t, s.name, last.name)
		again := newLoader(new(Config)).named(s.name)
		require.NoError(t, again.value.parse(text, Production))
		assert.Equal(t, again.value.text(), last.value, "%s from %v", s.name, layer)
		assert.NotEqual(t, "[unset]", last.value)
	}
}

func TestAValueIsShownAsItCouldBeWritten(t *testing.T) {
	secret := regexp.MustCompile(`^\[(un)?set(: \d+)?\]$`)
	for _, s := range settings(new(Config)) {
		require.NoError(t, s.value.parse(another[s.name]+apart[s.name], Development), s.name)
		if shown := s.value.text(); !secret.MatchString(shown) {
			require.NoError(t, s.value.parse(shown, Development), s.name)
			assert.Equal(t, shown, s.value.text(), s.name)
		}
	}
}
