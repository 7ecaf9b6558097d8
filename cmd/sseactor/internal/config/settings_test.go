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
		APIKeys:           []APIKey{{"app", NewSecret(testKey), []Scope{ScopePublish, ScopeMetrics}}},
		HeartbeatInterval: 30 * time.Second, HeartbeatStyle: HeartbeatEvent, ClientTimeout: 2 * time.Minute,
		MaxClients: 10000, Retry: 3 * time.Second, OutboxFrames: 1024, OutboxBytes: 1 << 20, StreamIO: StreamIOAuto,
		MaxEventBytes: 64 << 10, MaxBatchEvents: 1000, MaxBodyBytes: 4 << 20, MaxBodiesBytes: 64 << 20, MaxHeaderBytes: 16 << 10, MaxTopics: 64, MaxClientIDs: 1000,
		RequestTimeout: 10 * time.Second, PublishTimeout: 5 * time.Second, IdempotencyWindow: 10 * time.Minute, IdempotencyKeys: 100000,
		ShutdownGrace: 20 * time.Second, ShutdownRetrySpread: 10 * time.Second,
		LogLevel: slog.LevelInfo, LogFormat: LogJSON, LogRate: 100,
	}
	got := *load(t, nil, []string{testEnv}, "")
	got.changes = nil
	assert.Equal(t, want, got, "in production")

	want.Mode, want.APIKeys, want.MaxClients = Development, nil, 15000
	want.PublicTopics, want.LogFormat, want.Pprof = []string{"*"}, LogText, true
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
	assert.Equal(t, []group{listening, access, streams, limits, shutdown, logging, metrics}, groups)

	for f, v := range reflect.ValueOf(c).Elem().Fields() {
		if f.IsExported() {
			assert.True(t, fields[v.Addr().Interface()], "Config.%s has no setting", f.Name)
		}
	}
}

// another gives for each setting a right value that is not its default.
var another = map[string]string{
	"addr": "[::1]:80", "tls-cert": "/c", "tls-key": "/k", "mode": "development", "config": "sse.conf",
	"api-keys": "b:" + testKey + ":admin", "dev-key-file": "/d", "allowed-origins": "https://a.example,http://[::1]:3000", "public-topics": "a,b.*",
	"heartbeat-interval": "150ms", "heartbeat-style": "comment", "client-timeout": "1m30s", "max-clients": "5", "max-stream-age": "1h",
	"retry": "1s", "outbox-frames": "16", "outbox-bytes": "2MiB", "stream-io": "portable", "writers": "3",
	"max-event-bytes": "1000", "max-batch-events": "2", "max-body-bytes": "1MiB", "max-bodies-bytes": "2MiB", "max-header-bytes": "8KiB", "max-topics": "9", "max-client-ids": "8",
	"request-timeout": "2s", "publish-timeout": "10ms", "idempotency-window": "24h", "idempotency-keys": "7",
	"shutdown-grace": "40s", "shutdown-delay": "5s", "shutdown-retry-spread": "0s",
	"log-level": "warn", "log-format": "json", "log-rate": "1", "metrics-addr": "localhost:9090", "metrics-token": testKey, "pprof": "false",
}

func TestEverySettingIsReadFromEveryLayer(t *testing.T) {
	var args, environ []string
	file := ""
	for _, s := range settings(new(Config)) {
		text, ok := another[s.name]
		require.True(t, ok, "add %s to the test", s.name)
		args = append(args, flags.spell(s.name), text)
		environ = append(environ, environment.assign(s.name, text))
		if !s.noFile {
			file += s.name + " = " + text + "\n"
		}
	}
	args[slices.Index(args, "--pprof")] = "--pprof=false"
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
		if f.Name != "Mode" {
			assert.NotEqual(t, byDefault.FieldByIndex(f.Index).Interface(), v.Interface(), "%s was set", f.Name)
		}
	}
}

func TestAValueIsShownAsItCouldBeWritten(t *testing.T) {
	secret := regexp.MustCompile(`^\[(un)?set(: \d+)?\]$`)
	for _, s := range settings(new(Config)) {
		require.NoError(t, s.value.parse(another[s.name], Development), s.name)
		if shown := s.value.text(); !secret.MatchString(shown) {
			require.NoError(t, s.value.parse(shown, Development), s.name)
			assert.Equal(t, shown, s.value.text(), s.name)
		}
	}
}
