package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// What verifies tokens, and what it says of them, is harmless in a log line however
// somebody prints it.
func TestNoSecretOfTokensCanBePrinted(t *testing.T) {
	token := hs.token(good)
	options := auth.TokenOptions{Secrets: []string{tokenSecret}, JWKSURL: jwksURL, Cookie: "token"}
	tokens := atNoon(t, options)
	t.Cleanup(tokens.Close)
	require.NoError(t, tokens.ReplaceKeys(pemOf(ed)))
	requireUser(t, "7", tokens, token)

	id, _, err := ask(tokens, token)
	require.NoError(t, err)
	_, _, rejected := ask(tokens, token[:len(token)-9])
	_, _, expired := ask(tokens, hs.token(good.with(fields{"exp": 0})))
	p := publishes()
	p.isDown()
	down := p.tokens(t)
	_, _, unavailable := ask(down, ed.token(good))
	for name, v := range map[string]any{
		"Tokens":              tokens,
		"Tokens in a struct":  struct{ Who *auth.Tokens }{tokens},
		"Tokens not exported": struct{ who *auth.Tokens }{tokens},
		"a Chain":             auth.Chain{tokens},
		"TokenOptions":        options,
		"pointer to options":  &options,
		"several options":     []auth.TokenOptions{options},
		"Credentials":         auth.Credentials{Authorization: "Bearer " + token, Cookie: "token=" + token},
		"an Identity":         id,
		"a rejection":         rejected,
		"an expiry":           expired,
		"no answer":           unavailable,
		"why there was none":  down.KeysFault(),
		"a key file's fault":  tokens.ReplaceKeys([]byte(block("PRIVATE KEY", []byte(tokenSecret)))),
		"another fault of it": tokens.ReplaceKeys([]byte(block("PUBLIC KEY", []byte(tokenSecret)))),
		"a file of no key":    tokens.ReplaceKeys([]byte(tokenSecret)),
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				fmt.Fprintf(&b, verb+"\n", v)
			}
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
			if j, err := json.Marshal(v); err == nil {
				b.Write(j)
			}
			printed := strings.ToLower(b.String())
			for _, secret := range []string{tokenSecret, jwksURLSecret, token, token[strings.LastIndex(token, ".")+1:]} {
				for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprint([]byte(secret))} {
					assert.NotContains(t, printed, strings.ToLower(form))
				}
			}
		})
	}
}
