package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What authenticates must be harmless in a log line, a panic and a debugger's
// print, however somebody prints it.
func TestNoSecretCanBePrinted(t *testing.T) {
	hash := HashKey(appKey)
	const guess = "s3ss10n-of-somebody"
	sessions := testSessions(appKey, opsKey)
	_, _, wrong := signIn(sessions, v4Cookie+"="+guess)
	remote := askingApp(func(*http.Request) (*http.Response, error) { return nil, errors.New(guess) })
	defer remote.Close()
	_, _, unavailable := askFor(remote, guess)
	cookie, _, _ := findSession(v4Cookie+"="+guess, sessions.cookies)
	keys, err := ParseKeys([]byte("app " + appKey + " publish\n" + opsKey))
	require.Error(t, err)

	credentials := Credentials{Authorization: "Bearer " + appKey, Cookie: "session=" + opsKey}
	_, _, rejected := Chain{}.Authenticate(context.Background(), credentials)
	for name, v := range map[string]any{
		"Keys":                     testKeys(),
		"Keys by value":            *testKeys(),
		"Chain":                    Chain{testKeys()},
		"Key":                      Key{Name: "app", Hash: HashKey(appKey), Scopes: []Scope{Publish}},
		"pointer to Key":           &Key{Name: "app", Hash: HashKey(appKey)},
		"several Keys":             []Key{{Name: "app", Hash: HashKey(appKey)}},
		"Credentials":              credentials,
		"a rejection":              rejected,
		"Sessions":                 sessions,
		"their options":            SessionOptions{Secrets: []string{appKey}},
		"a wrong session":          wrong,
		"a session's cookie":       cookie,
		"its address":              &cookie,
		"Sessions by value":        *sessions,
		"the keys of sessions":     sessions.keys,
		"a derived key":            sessions.keys.v5[v5Cookie].cbc[0],
		"RemoteSessions":           remote,
		"an app that is not there": unavailable,
		"SessionIDs":               NewSessionIDs(appKey, opsKey),
		"SessionIDs by value":      *NewSessionIDs(appKey, opsKey),
		"Tickets":                  NewTickets(time.Second, 1),
		"keys that were not read":  keys,
		"why they were not":        err,
		"an Identity":              Identity{Service: "app", Scopes: []Scope{Publish}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&b, verb+"\n", v)
			}
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
			if j, err := json.Marshal(v); err == nil {
				b.Write(j)
			}
			for _, secret := range []string{appKey, opsKey, guess, string(hash[:]), string(sessions.keys.v4[0]), string(sessions.keys.v5[v5Cookie].cbc[0].key)} {
				assert.NotContains(t, b.String(), secret)
				assert.NotContains(t, b.String(), hex.EncodeToString([]byte(secret)))
				assert.NotContains(t, b.String(), strings.ToUpper(hex.EncodeToString([]byte(secret))))
				assert.NotContains(t, b.String(), decimals(secret))
				assert.NotContains(t, b.String(), strings.ReplaceAll(decimals(secret), " ", ","))
				assert.NotContains(t, b.String(), base64.StdEncoding.EncodeToString([]byte(secret)))
			}
		})
	}
}

// decimals is how Go prints bytes: "115 115 101".
func decimals(secret string) string { return strings.Trim(fmt.Sprint([]byte(secret)), "[]") }
