package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// Tokens are made here with nothing but the standard library, so that the library that
// verifies them is not asked about itself.

const tokenSecret = "the-secret-of-tokens-0123456789ab"

// noon is when the tests of tokens take place.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// tokenKey signs tokens of one algorithm.
type tokenKey struct {
	algorithm string
	sign      func(text string) []byte
	public    crypto.PublicKey // nil: a secret
}

func hmacKey(secret string) tokenKey {
	return tokenKey{"HS256", func(text string) []byte {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}, nil}
}

func rsaKey(bits int) tokenKey {
	key := must(rsa.GenerateKey(rand.Reader, bits))
	return tokenKey{"RS256", func(text string) []byte {
		hash := sha256.Sum256([]byte(text))
		return must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:]))
	}, &key.PublicKey}
}

func ecdsaKey(seed byte) tokenKey {
	key := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte(strings.Repeat(string(rune(seed)), 32))))
	return tokenKey{"ES256", func(text string) []byte {
		hash := sha256.Sum256([]byte(text))
		// Without randomness the same text has the same signature (RFC 6979): the processes
		// of a fuzz test must agree on what was signed.
		der := must(key.Sign(nil, hash[:], crypto.SHA256))
		var number struct{ R, S *big.Int }
		must(asn1.Unmarshal(der, &number))
		signature := make([]byte, 64)
		number.R.FillBytes(signature[:32])
		number.S.FillBytes(signature[32:])
		return signature
	}, &key.PublicKey}
}

func ed25519Key(seed byte) tokenKey {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	return tokenKey{"EdDSA", func(text string) []byte { return ed25519.Sign(key, []byte(text)) }, key.Public()}
}

var (
	hs      = hmacKey(tokenSecret)
	es      = ecdsaKey('a')
	ed      = ed25519Key('a')
	rs      = sync.OnceValue(func() tokenKey { return rsaKey(2048) })
	signers = sync.OnceValue(func() []tokenKey { return []tokenKey{hs, rs(), es, ed} })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// fields is a JSON object; one whose value is absent is left out.
type fields map[string]any

var absent = new(int)

// with is the object with some fields changed.
func (f fields) with(changes fields) fields {
	changed := maps.Clone(f)
	maps.Copy(changed, changes)
	maps.DeleteFunc(changed, func(_ string, v any) bool { return v == absent })
	return changed
}

// good are the claims of a token that user 7 has until one o'clock.
var good = fields{"sub": "7", "exp": noon.Add(time.Hour).Unix()}

// token signs claims, with the usual header and what else is given. Claims that are a text
// are signed as they are.
func (k tokenKey) token(claims any, header ...fields) string {
	h := fields{"alg": k.algorithm, "typ": "JWT"}
	for _, more := range header {
		h = h.with(more)
	}
	payload, ok := claims.(string)
	if !ok {
		payload = string(must(json.Marshal(claims)))
	}
	return k.compact(string(must(json.Marshal(h))), payload)
}

func (k tokenKey) compact(header, payload string) string {
	text := encode(header) + "." + encode(payload)
	return text + "." + encode(string(k.sign(text)))
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// pemOf is a file of public keys.
func pemOf(keys ...tokenKey) []byte {
	var text []byte
	for _, k := range keys {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(k.public))})...)
	}
	return text
}

// atNoon makes Tokens that know hs, and the public keys of the other signers.
func atNoon(t testing.TB, o auth.TokenOptions) *auth.Tokens {
	t.Helper()
	o.Secrets = append(o.Secrets, tokenSecret)
	o.Now = func() time.Time { return noon }
	tokens := auth.NewTokens(o)
	require.NoError(t, tokens.ReplaceKeys(pemOf(signers()[1:]...)))
	return tokens
}

func asBearer(token string) auth.Credentials {
	return auth.Credentials{Authorization: "Bearer " + token}
}

func ask(tokens auth.Authenticator, token string) (auth.Identity, bool, error) {
	return tokens.Authenticate(context.Background(), asBearer(token))
}

// requireRefused checks that credentials let nobody in.
func requireRefused(t *testing.T, want error, a auth.Authenticator, token string) {
	t.Helper()
	id, ok, err := ask(a, token)
	require.Equal(t, auth.Identity{}, id)
	require.False(t, ok)
	if want == nil {
		require.NoError(t, err)
		return
	}
	require.Equal(t, want, err, "it says no more than that")
}

// requireUser checks that a token is a user's.
func requireUser(t *testing.T, user string, a auth.Authenticator, token string) {
	t.Helper()
	id, ok, err := ask(a, token)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, user, id.UserID)
}
