package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSettingsThatMustFitTogether(t *testing.T) {
	tests := []struct {
		name    string
		args    []string
		setting string // empty: no fault
		problem string
	}{
		{"the timeout is longer than the heartbeat's interval", []string{"--client-timeout=31s"}, "", ""},
		{"the timeout equals the heartbeat's interval", []string{"--client-timeout=30s"}, "client-timeout",
			"client-timeout (30s, from --client-timeout) is not more than heartbeat-interval (30s, by default)"},
		{"the heartbeat's interval was raised over the timeout", []string{"--heartbeat-interval=3m"}, "heartbeat-interval",
			"client-timeout (2m, by default) is not more than heartbeat-interval (3m, from --heartbeat-interval)"},
		{"a certificate without its key", []string{"--tls-cert=a"}, "tls-cert", "is set without tls-key"},
		{"a key without its certificate", []string{"--tls-key=a"}, "tls-key", "is set without tls-cert"},
		{"a certificate and its key", []string{"--tls-cert=a", "--tls-key=b"}, "", ""},
		{"an outbox that holds just one event", []string{"--outbox-bytes=64KiB"}, "", ""},
		{"an outbox that can't hold an event", []string{"--outbox-bytes=65535"}, "outbox-bytes",
			"outbox-bytes (65535, from --outbox-bytes) is not at least max-event-bytes (64KiB, by default)"},
		{"no room for one body", []string{"--max-bodies-bytes=1MiB"}, "max-bodies-bytes",
			"max-bodies-bytes (1MiB, from --max-bodies-bytes) is not at least max-body-bytes (4MiB, by default)"},
		{"a body that can't hold an event", []string{"--max-body-bytes=1KiB"}, "max-body-bytes",
			"max-body-bytes (1KiB, from --max-body-bytes) is not at least max-event-bytes (64KiB, by default)"},
		{"a history that can't hold an event", []string{"--history-bytes=64KiB", "--max-event-bytes=65537"}, "history-bytes",
			"history-bytes (64KiB, from --history-bytes) is not at least max-event-bytes (65537, from --max-event-bytes)"},
		{"a history that holds just one event", []string{"--history-bytes=64KiB"}, "", ""},
		{"a mailbox that can't hold an event", []string{"--mailbox-bytes=65535"}, "mailbox-bytes",
			"mailbox-bytes (65535, from --mailbox-bytes) is not at least max-event-bytes (64KiB, by default)"},
		{"a memory that can't hold a mailbox", []string{"--mailbox-memory=1MiB", "--mailbox-bytes=2MiB"}, "mailbox-memory",
			"mailbox-memory (1MiB, from --mailbox-memory) is not at least mailbox-bytes (2MiB, from --mailbox-bytes)"},
		{"a journal that can't hold a mailbox", []string{"--data-dir=d", "--journal-bytes=64MiB", "--mailbox-bytes=65MiB", "--mailbox-memory=65MiB"}, "journal-bytes",
			"journal-bytes (64MiB, from --journal-bytes) is not at least mailbox-bytes (65MiB, from --mailbox-bytes)"},
		{"a bounded journal that is nowhere", []string{"--journal-bytes=2GiB"}, "journal-bytes", "is set without data-dir, and mailboxes are kept in memory"},
		{"a bounded journal and its directory", []string{"--journal-bytes=2GiB", "--data-dir=d"}, "", ""},
		{"a directory alone", []string{"--data-dir=d"}, "", ""},
		{"a delay that eats the grace", []string{"--shutdown-delay=20s"}, "shutdown-delay",
			"shutdown-grace (20s, by default) is not more than shutdown-delay (20s, from --shutdown-delay)"},
		{"a delay within the grace", []string{"--shutdown-delay=19s"}, "", ""},
		{"a file for a development key in production", []string{"--dev-key-file=k"}, "dev-key-file", "is set in production, where no key is made at start"},
		{"a file for a development key in development", []string{"--dev-key-file=k", "--mode=development"}, "", ""},
		{"pprof in production with nowhere to be", []string{"--pprof"}, "pprof", "is on, but in production it is served on the private address only, and there is none"},
		{"pprof in production on the private listener", []string{"--pprof", "--metrics-addr=:9090"}, "", ""},
		{"sessions in a database", []string{"--session-url=https://a.example/s"}, "", ""},
		{"two kinds of sessions", []string{"--session-url=https://a.example/s", "--auth-secret=s"}, "session-url",
			"is set together with auth-secret ([set: 1], from --auth-secret), and a cookie is either an encrypted session or a name in a database"},
		{"a cookie for tokens, and no key to check them", []string{"--jwt-cookie=t"}, "jwt-cookie", "is set, but there is no key to check a token with"},
		{"an issuer, and no key", []string{"--jwt-issuer=i"}, "jwt-issuer", "is set, but there is no key to check a token with"},
		{"an audience, and no key", []string{"--jwt-audience=a"}, "jwt-audience", "is set, but there is no key to check a token with"},
		{"tokens checked with a secret", []string{"--jwt-cookie=t", "--jwt-secret=" + longSecret}, "", ""},
		{"tokens checked with a file's keys", []string{"--jwt-cookie=t", "--jwt-keys-file=k"}, "", ""},
		{"tokens checked with a JWKS", []string{"--jwt-cookie=t", "--jwt-issuer=i", "--jwt-audience=a", "--jwt-jwks-url=https://a.example"}, "", ""},
		{"a burst without a rate", []string{"--client-event-burst=5"}, "client-event-burst", "is set without client-event-rate"},
		{"a rate without a burst", []string{"--client-event-rate=1"}, "", ""},
		{"a rate and a burst", []string{"--client-event-rate=30", "--client-event-burst=3"}, "", ""},
		{"a burst that the rate can't be reached with", []string{"--client-event-rate=31", "--client-event-burst=3"}, "client-event-burst",
			"client-event-burst (3, from --client-event-burst) is not at least a tenth of client-event-rate (31, from --client-event-rate)"},
		{"two listeners on one address", []string{"--metrics-addr=:8080"}, "metrics-addr", "is the same as addr (:8080, by default)"},
		{"two listeners on free ports", []string{"--metrics-addr=:0", "--addr=:0"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.setting == "" {
				load(t, tt.args, []string{testEnv}, "")
				return
			}
			got := faultsOf(t, tt.args, []string{testEnv}, "")
			require.Len(t, got, 1)
			assert.Equal(t, tt.setting, got[0].Setting)
			assert.Equal(t, tt.problem, got[0].Problem)
			assert.NotEmpty(t, got[0].Fix)
		})
	}
}

func TestProductionNeedsAnAPIKeyAndSaysHowToMakeOne(t *testing.T) {
	for _, environ := range [][]string{nil, {"SSEACTOR_API_KEYS="}} {
		got := faultsOf(t, nil, environ, "")
		require.Len(t, got, 1)
		assert.Equal(t, "api-keys", got[0].Setting)
		assert.Contains(t, got[0].Fix, "SSEACTOR_API_KEYS=app:$(openssl rand -hex 32)")
	}
	assert.Empty(t, load(t, []string{"--mode=development"}, nil, "").APIKeys)
}

func TestProductionNeedsAWayToPublish(t *testing.T) {
	for _, way := range []string{"--api-keys=app:" + testKey, "--api-keys-file=k", "--jwt-secret=" + longSecret, "--jwt-keys-file=k", "--jwt-jwks-url=https://a.example"} {
		load(t, []string{way}, nil, "")
	}
	for _, none := range []string{"--auth-secret=s", "--session-id-secret=" + longSecret, "--metrics-token=" + testKey, "--session-url=https://a.example"} {
		got := faultsOf(t, []string{none}, nil, "")
		require.Len(t, got, 1, none)
		assert.Equal(t, "api-keys", got[0].Setting)
	}
}

// Whoever shares the app's variables with the server can't remove one of them.
func TestASecretThatIsTheAppsIsNotToBeRemovedButNotToBeRead(t *testing.T) {
	got := faultsOf(t, nil, []string{testEnv, "AUTH_SECRET=s", "SSEACTOR_SESSION_URL=https://a.example/s"}, "")
	require.Len(t, got, 1)
	assert.Equal(t, "set SSEACTOR_AUTH_SECRET= to nothing if the app keeps sessions in a database, else remove session-url", got[0].Fix)
	c := load(t, nil, []string{testEnv, "AUTH_SECRET=s", "SSEACTOR_SESSION_URL=https://a.example/s", "SSEACTOR_AUTH_SECRET="}, "")
	assert.Empty(t, c.AuthSecrets)

	got = faultsOf(t, nil, []string{testEnv, "SSEACTOR_AUTH_SECRET=s", "SSEACTOR_SESSION_URL=https://a.example/s"}, "")
	require.Len(t, got, 1)
	assert.Equal(t, "remove auth-secret if the app keeps sessions in a database, else remove session-url", got[0].Fix)
}

func TestARuleIsSilentWhereOneOfItsSettingsIsFaulty(t *testing.T) {
	got := faultsOf(t, []string{"--client-timeout=5", "--heartbeat-interval=10m"}, []string{testEnv}, "")
	require.Len(t, got, 1)
	assert.Equal(t, "client-timeout", got[0].Setting)
}
