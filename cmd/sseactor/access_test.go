package main

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/transport"
	"github.com/sseactor/sseactor/transport/auth"
)

const (
	fileKey    = "sse_file-0123456789abcdef"
	longSecret = "0123456789abcdef0123456789abcdef"
)

// optionsOf is what the server is given for a production configuration.
func optionsOf(t *testing.T, args ...string) transport.Options {
	t.Helper()
	c, err := config.Load(args, []string{"SSEACTOR_API_KEYS=app:" + testKey}, os.ReadFile)
	require.NoError(t, err)
	who, err := newAccess(c)
	require.NoError(t, err)
	t.Cleanup(who.close)
	return serverOptions(c, slog.New(slog.DiscardHandler), who)
}

func TestWhoIsAskedWhoCalls(t *testing.T) {
	const keys, tokens, sessions, remote = "*auth.Keys", "*auth.Tokens", "*auth.Sessions", "*auth.RemoteSessions"
	for sentence, c := range map[string]struct {
		args []string
		want []string
	}{
		"API keys alone":                    {nil, []string{keys}},
		"tokens with a secret":              {[]string{"--jwt-secret", longSecret}, []string{keys, tokens}},
		"tokens with keys in a file":        {[]string{"--jwt-keys-file", "/k"}, []string{keys, tokens}},
		"tokens with a JWKS":                {[]string{"--jwt-jwks-url", "https://id.example.com/keys"}, []string{keys, tokens}},
		"sessions in the cookie":            {[]string{"--auth-secret", longSecret}, []string{keys, sessions}},
		"sessions in the app's database":    {[]string{"--session-url", "https://app.example.com/s"}, []string{keys, remote}},
		"a token wins over a session":       {[]string{"--auth-secret", longSecret, "--jwt-secret", longSecret}, []string{keys, tokens, sessions}},
		"a token wins over the database":    {[]string{"--session-url", "https://a.example", "--jwt-secret", longSecret}, []string{keys, tokens, remote}},
		"signed sessionIds are no identity": {[]string{"--session-id-secret", longSecret}, []string{keys}},
	} {
		t.Run(sentence, func(t *testing.T) {
			var got []string
			for _, a := range optionsOf(t, c.args...).Authenticator.(auth.Chain) {
				got = append(got, reflect.TypeOf(a).String())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestTheServerIsGivenWhatIsSetAboutAccess(t *testing.T) {
	byDefault := optionsOf(t)
	assert.Equal(t, auth.Policy{Visitors: true, UserSends: auth.UserSendsNothing}, byDefault.Policy)
	assert.Nil(t, byDefault.SessionIDs, "any sessionId will do")
	assert.Equal(t, 100, byDefault.Hub.MaxPerUser)
	assert.Equal(t, 100, byDefault.Hub.MaxPerSession)
	assert.Zero(t, byDefault.Hub.MaxPerNetwork)
	assert.Zero(t, byDefault.Hub.EventRate)
	assert.Zero(t, byDefault.Hub.EventBurst)
	assert.Zero(t, byDefault.PublishRate)
	assert.Equal(t, 10, byDefault.UserPublishRate)

	o := optionsOf(t, "--allow-visitors=false", "--public-topics", "news,scores.*", "--user-topics", "user.{userId}.*", "--user-sends", "own",
		"--user-sends-topics", "room.{userId}", "--session-id-secret", longSecret, "--ticket-life", "1m", "--max-tickets", "2", "--max-blocks", "3",
		"--trusted-proxies", "10.0.0.0/8", "--publish-rate", "4", "--user-publish-rate", "5", "--max-streams-per-user", "6",
		"--max-streams-per-session", "7", "--max-streams-per-address", "8", "--client-event-rate", "9", "--client-event-burst", "1")
	assert.False(t, o.Policy.Visitors)
	user := auth.Identity{UserID: "7"}
	for topic, want := range map[string]bool{"news": true, "scores.x": true, "user.7.x": true, "user.8.x": false, "room.7": false} {
		assert.Equal(t, want, o.Policy.MaySubscribe(user, topic), topic)
	}
	assert.NoError(t, o.Policy.MaySend(user, "", auth.Addressees{UserID: "7", Topics: []string{"room.7"}}))
	assert.Error(t, o.Policy.MaySend(user, "", auth.Addressees{Topics: []string{"news"}}))
	id, err := auth.NewSessionIDs(longSecret).Sign("s", time.Now().Add(time.Hour))
	require.NoError(t, err)
	session, _, err := o.SessionIDs.Verify(id, time.Now())
	require.NoError(t, err)
	assert.Equal(t, "s", session)
	assert.Equal(t, time.Minute, o.TicketLife)
	assert.Equal(t, []int{2, 3, 4, 5}, []int{o.MaxTickets, o.MaxBlocks, o.PublishRate, o.UserPublishRate})
	assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, o.TrustedProxies)
	assert.Equal(t, []int{6, 7, 8, 9, 1}, []int{o.Hub.MaxPerUser, o.Hub.MaxPerSession, o.Hub.MaxPerNetwork, o.Hub.EventRate, o.Hub.EventBurst})
}

func TestEveryRateHasABurstThatTheHubTakes(t *testing.T) {
	for _, rate := range []string{"0", "1", "3", "4", "5", "8", "1000000"} {
		_, err := transport.New(optionsOf(t, "--client-event-rate", rate))
		assert.NoError(t, err, rate)
	}
}

func TestKeysOfTheSettingAndOfTheFileAreOneLot(t *testing.T) {
	c, err := config.Load(nil, []string{"SSEACTOR_API_KEYS=app:" + testKey + ":admin"}, os.ReadFile)
	require.NoError(t, err)
	who, err := newAccess(c)
	require.NoError(t, err)
	service := func(secret string) string {
		id, _, _ := who.chain.Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer " + secret})
		return id.Service
	}
	line := func(name, secret string) string {
		return auth.Key{Name: name, Hash: auth.HashKey(secret), Scopes: []auth.Scope{auth.Publish}}.Line() + "\n"
	}
	assert.Equal(t, "app", service(testKey), "before a file is read")

	n, err := who.replaceFileKeys([]byte(line("orders", fileKey) + line("app", fileKey+"2")))
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	assert.Equal(t, []string{"app", "orders", "app"}, []string{service(testKey), service(fileKey), service(fileKey + "2")})

	for sentence, text := range map[string]string{
		"a line that is faulty":      line("orders", fileKey) + "app " + fileKey + " publish\n",
		"a key that is set too":      line("other", fileKey+"3") + line("orders", testKey),
		"an empty file":              "",
		"a file of blanks":           " \n",
		"a line that was cut":        strings.TrimSuffix(line("orders", fileKey), "\n"),
		"a key that is there before": line("a", fileKey+"3") + line("b", fileKey+"3"),
	} {
		t.Run(sentence+" changes nothing", func(t *testing.T) {
			_, err := who.replaceFileKeys([]byte(text))
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "sse_")
			assert.Equal(t, []string{"app", "orders", ""}, []string{service(testKey), service(fileKey), service(fileKey + "3")})
		})
	}
	_, err = who.replaceFileKeys([]byte("# none any more\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"app", ""}, []string{service(testKey), service(fileKey)}, "a file without a key leaves the setting's")
}

func TestAccessIsNotPrintedWithItsSecrets(t *testing.T) {
	o := optionsOf(t, "--auth-secret", longSecret, "--jwt-secret", longSecret, "--session-id-secret", longSecret)
	var b strings.Builder
	for _, v := range []any{o.Authenticator, o.SessionIDs, o.Policy} {
		slog.New(slog.NewTextHandler(io.Writer(&b), nil)).Info("x", "v", v)
	}
	assert.NotContains(t, b.String(), longSecret)
	assert.NotContains(t, b.String(), testKey)
}
