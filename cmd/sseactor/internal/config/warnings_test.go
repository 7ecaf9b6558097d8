package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wellConfigured is a production server that nobody needs to be warned about.
var wellConfigured = []string{
	"SSEACTOR_API_KEYS=app:" + longSecret,
	"SSEACTOR_API_KEYS_FILE=/etc/sseactor/keys",
	"AUTH_SECRET=" + longSecret,
	"SSEACTOR_USER_CLAIM=user.id",
	"SSEACTOR_JWT_JWKS_URL=https://id.example.com/.well-known/jwks.json",
	"SSEACTOR_JWT_ISSUER=https://id.example.com",
	"SSEACTOR_JWT_AUDIENCE=sseactor",
	"SSEACTOR_SESSION_ID_SECRET=" + longSecret,
	"SSEACTOR_ALLOWED_ORIGINS=https://app.example.com",
	"SSEACTOR_PUBLIC_TOPICS=news,scores.*,users",
	"SSEACTOR_USER_TOPICS=user.{userId}.*,members",
	"SSEACTOR_USER_SENDS=own",
	"SSEACTOR_USER_SENDS_TOPICS=room.{userId}",
	"SSEACTOR_TRUSTED_PROXIES=10.0.0.0/8,fc00::/7",
	"SSEACTOR_METRICS_ADDR=127.0.0.1:9090",
	"SSEACTOR_METRICS_TOKEN=" + longSecret,
}

func TestEachWarningIsForItsSetting(t *testing.T) {
	for _, c := range []struct {
		name    string
		environ string
		args    []string
		setting string // empty: no warning
		problem string
	}{
		{"a short key", "SSEACTOR_API_KEYS=a:" + longSecret + ",b:" + longSecret[1:], nil, "api-keys", "fewer than 32 characters"},
		{"a short secret of the app", "SSEACTOR_AUTH_SECRET=" + longSecret + ",short", nil, "auth-secret", "can sign in as anybody"},
		{"a secret as a flag", "", []string{"--metrics-token", longSecret}, "metrics-token", "on the command line"},
		{"a list of secrets as a flag", "", []string{"--jwt-secret=" + longSecret}, "jwt-secret", "on the command line"},
		{"what is no secret as a flag", "", []string{"--jwt-cookie=t"}, "", ""},
		{"keys over plain HTTP", "SSEACTOR_JWT_JWKS_URL=http://id.example.com/keys", nil, "jwt-jwks-url", "without TLS"},
		{"keys from this machine", "SSEACTOR_JWT_JWKS_URL=http://127.0.0.1:3000/keys", nil, "", ""},
		{"no issuer", "SSEACTOR_JWT_ISSUER=", nil, "jwt-issuer", "is not set"},
		{"an origin without TLS", "SSEACTOR_ALLOWED_ORIGINS=https://a.example,http://b.example", nil, "allowed-origins", "without TLS"},
		{"an origin on this machine", "SSEACTOR_ALLOWED_ORIGINS=http://localhost:3000", nil, "", ""},
		{"the origin of a wrapped app", "SSEACTOR_ALLOWED_ORIGINS=capacitor://localhost", nil, "", ""},
		{"every topic is public", "SSEACTOR_PUBLIC_TOPICS=news,*", nil, "public-topics", "every topic"},
		{"users' own topics are public", "SSEACTOR_PUBLIC_TOPICS=us*", nil, "public-topics", "one user each"},
		{"users' own topics are public, to the dot", "SSEACTOR_PUBLIC_TOPICS=user.*", nil, "public-topics", "one user each"},
		{"a public topic beside users' own", "SSEACTOR_PUBLIC_TOPICS=users*,user.,user", nil, "", ""},
		{"every user reads all", "SSEACTOR_USER_TOPICS=user.{userId}.*,*", nil, "user-topics", "every topic"},
		{"users send anything", "SSEACTOR_USER_SENDS=anything", nil, "user-sends", "anything to everybody"},
		{"users send to all topics", "SSEACTOR_USER_SENDS_TOPICS=*", nil, "user-sends-topics", "to every topic"},
		{"users send without limit", "SSEACTOR_USER_PUBLISH_RATE=0", nil, "user-publish-rate", "no limit"},
		{"everybody is a proxy", "SSEACTOR_TRUSTED_PROXIES=0.0.0.0/0", nil, "trusted-proxies", "too many"},
		{"everybody is a proxy, in IPv6", "SSEACTOR_TRUSTED_PROXIES=::/0", nil, "trusted-proxies", "too many"},
		{"everybody is a proxy, in two halves", "SSEACTOR_TRUSTED_PROXIES=0.0.0.0/1,128.0.0.0/1", nil, "trusted-proxies", "too many"},
		{"a short token", "SSEACTOR_METRICS_TOKEN=" + longSecret[1:], nil, "metrics-token", "fewer than 32 characters"},
		{"metrics for everybody", "SSEACTOR_METRICS_ADDR=:9090", nil, "metrics-addr", "all interfaces"},
		{"metrics for everybody, in IPv6", "SSEACTOR_METRICS_ADDR=[::]:9090", nil, "metrics-addr", "all interfaces"},
		{"metrics in a private network", "SSEACTOR_METRICS_ADDR=10.0.0.7:9090", nil, "", ""},
		{"profiles", "SSEACTOR_PPROF=true", nil, "pprof", "heap profile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := load(t, c.args, with(wellConfigured, c.environ), "").Warnings()
			if c.setting == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Equal(t, c.setting, got[0].Setting)
			assert.Contains(t, got[0].Problem, c.problem)
			assert.NotEmpty(t, got[0].Fix)
			assert.NotContains(t, got[0].Problem+got[0].Fix, longSecret)
		})
	}
}

func TestAWarningOfSessionsInADatabase(t *testing.T) {
	environ := with(wellConfigured, "SSEACTOR_AUTH_SECRET=")
	got := load(t, nil, with(environ, "SSEACTOR_SESSION_URL=http://app:3000/api/auth/session"), "").Warnings()
	require.Len(t, got, 1)
	assert.Equal(t, "session-url", got[0].Setting)
	assert.Empty(t, load(t, nil, with(environ, "SSEACTOR_SESSION_URL=http://localhost:3000/api/auth/session"), "").Warnings())
	assert.Empty(t, load(t, nil, with(environ, "SSEACTOR_SESSION_URL=https://app.example.com/api/auth/session"), "").Warnings())
}

func TestNobodyIsWarned(t *testing.T) {
	t.Run("of a good configuration", func(t *testing.T) {
		assert.Empty(t, load(t, nil, wellConfigured, "").Warnings())
	})
	t.Run("of the defaults", func(t *testing.T) {
		assert.Empty(t, load(t, nil, []string{"SSEACTOR_API_KEYS=app:" + longSecret}, "").Warnings())
	})
	t.Run("of users who send without limit, where they don't send", func(t *testing.T) {
		assert.Empty(t, load(t, nil, []string{"SSEACTOR_API_KEYS=app:" + longSecret, "SSEACTOR_USER_PUBLISH_RATE=0"}, "").Warnings())
	})
	t.Run("in development, whatever is set", func(t *testing.T) {
		args := []string{"--mode=development", "--api-keys=app:" + testKey, "--trusted-proxies=::/0", "--user-topics=*", "--jwt-jwks-url=http://a.example"}
		assert.Empty(t, load(t, args, nil, "").Warnings())
	})
}

func TestFilesThatHoldSecretsAreListed(t *testing.T) {
	for sentence, c := range map[string]struct {
		args []string
		file string
		want []SecretFile
	}{
		"none":                           {nil, "", nil},
		"keys and a private key":         {[]string{"--api-keys-file=/k", "--tls-cert=/c", "--tls-key=/t", "--jwt-keys-file=/public"}, "", []SecretFile{{"tls-key", "/t", false}, {"api-keys-file", "/k", false}, {"jwt-keys-file", "/public", true}}},
		"a directory of people's events": {[]string{"--data-dir=/d"}, "", []SecretFile{{"data-dir", "/d", false}}},
		"settings without a secret":      {[]string{"--config=sse.conf"}, "retry = 1s", nil},
		"settings, a secret in them":     {[]string{"--config=sse.conf"}, "retry = 1s\njwt-secret = " + longSecret, []SecretFile{{"config", "sse.conf", false}}},
		"a secret that a flag overrides": {[]string{"--config=sse.conf", "--jwt-secret=" + longSecret}, "jwt-secret = " + longSecret, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.want, load(t, c.args, []string{testEnv}, c.file).SecretFiles())
		})
	}
}

// with sets one more variable, in the place of what it was.
func with(environ []string, entry string) []string {
	name, _, found := strings.Cut(entry, "=")
	if !found {
		return environ
	}
	var all []string
	for _, e := range environ {
		if other, _, _ := strings.Cut(e, "="); other != name {
			all = append(all, e)
		}
	}
	return append(all, entry)
}
