package auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sseactor/sseactor/transport/auth"
)

// What the issuer answers may be anything.
func TestAnAnswerThatIsNoJWKSGivesNoKeys(t *testing.T) {
	const inAnswer = "what-the-answer-says"
	many := make([]fields, 101)
	for i := range many {
		many[i] = oldJWK
	}
	for sentence, c := range map[string]struct {
		status int
		body   string
		fault  string
	}{
		"nothing":                   {200, "", "auth: JWKS: the answer is no JWKS"},
		"a page":                    {200, "<html>" + inAnswer, "auth: JWKS: the answer is no JWKS"},
		"a list":                    {200, "[" + jwksOf(oldJWK) + "]", "auth: JWKS: the answer is no JWKS"},
		"null":                      {200, "null", "auth: JWKS: the answer is no JWKS"},
		"no keys":                   {200, "{}", "auth: JWKS: the answer is no JWKS"},
		"keys that are null":        {200, `{"keys":null}`, "auth: JWKS: the answer is no JWKS"},
		"keys that are an object":   {200, `{"keys":{"` + inAnswer + `":1}}`, "auth: JWKS: the answer is no JWKS"},
		"keys in capitals":          {200, `{"KEYS":[]}`, "auth: JWKS: the answer is no JWKS"},
		"keys twice":                {200, `{"keys":[],"keys":[]}`, "auth: JWKS: the answer is no JWKS"},
		"half of it":                {200, jwksOf(oldJWK)[:40], "auth: JWKS: the answer is no JWKS"},
		"lists in lists":            {200, strings.Repeat("[", 1<<20), "auth: JWKS: the answer is no JWKS"},
		"lists in lists in keys":    {200, `{"keys":` + strings.Repeat("[", 1<<20-8), "auth: JWKS: the answer is no JWKS"},
		"more keys than may be":     {200, jwksOf(many...), "auth: JWKS: 101 keys; at most 100"},
		"more bytes than may be":    {200, jwksOf(oldJWK) + strings.Repeat(" ", 1<<20), "auth: JWKS: the answer has more than 1048576 bytes"},
		"not found":                 {404, inAnswer, "auth: JWKS: the answer is 404; 200 is wanted, and no redirect followed"},
		"a fault":                   {500, jwksOf(oldJWK), "auth: JWKS: the answer is 500; 200 is wanted, and no redirect followed"},
		"another kind of good":      {203, jwksOf(oldJWK), "auth: JWKS: the answer is 203; 200 is wanted, and no redirect followed"},
		"no answer":                 {0, inAnswer, "auth: JWKS: connection refused"},
		"a redirect to nowhere":     {302, jwksOf(oldJWK), "auth: JWKS: the answer is 302; 200 is wanted, and no redirect followed"},
		"a redirect, for good":      {308, jwksOf(oldJWK), "auth: JWKS: the answer is 308; 200 is wanted, and no redirect followed"},
		"an answer that is cut off": {-1, inAnswer, "auth: JWKS: unexpected EOF"},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := publishes()
			switch c.status {
			case 0:
				p.isDown()
			case -1:
				p.does(func(*http.Request) (*http.Response, error) {
					answer := answerOf(200, c.body)
					answer.Body = io.NopCloser(io.MultiReader(strings.NewReader(c.body), cutOff{}))
					return answer, nil
				})
			default:
				p.says(c.status, c.body)
			}
			tokens := p.tokens(t)
			requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
			require.EqualError(t, tokens.KeysFault(), c.fault)
		})
	}
}

// cutOff is where a connection ends too early.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAURLThatCannotBeUsedIsNotSaid(t *testing.T) {
	for _, url := range []string{"https://id.example.com/%zz?" + jwksURLSecret, "nowhere://" + jwksURLSecret, jwksURLSecret, "http://127.0.0.1:1/" + jwksURLSecret} {
		tokens := auth.NewTokens(auth.TokenOptions{JWKSURL: url})
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		require.Error(t, tokens.KeysFault())
		assert.NotContains(t, tokens.KeysFault().Error(), jwksURLSecret)
		tokens.Close()
	}
}

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	body := &countless{}
	p := publishes()
	p.does(func(*http.Request) (*http.Response, error) {
		answer := answerOf(200, "")
		answer.Body = body
		return answer, nil
	})
	tokens := p.tokens(t)
	requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
	assert.LessOrEqual(t, body.read.Load(), int64(1<<20+1))
	assert.True(t, body.closed.Load())
}

// countless is a body that never ends.
type countless struct {
	read   atomic.Int64
	closed atomic.Bool
}

func (c *countless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	c.read.Add(int64(len(b)))
	return len(b), nil
}

func (c *countless) Close() error {
	c.closed.Store(true)
	return nil
}

// Each key that can't be used stands before one that can: it is skipped, and verifies
// nothing.
func TestKeysThatCannotBeUsedAreSkipped(t *testing.T) {
	usable := jwkOf(newKey, fields{"kid": "new"})
	weak := rsaKey(1024)
	p384 := fields{"kty": "EC", "crv": "P-384", "x": encode(strings.Repeat("x", 48)), "y": encode(strings.Repeat("y", 48)), "kid": "k"}
	for sentence, c := range map[string]struct {
		jwk   any
		token string
	}{
		"no object":                              {"key", ""},
		"null":                                   {nil, ""},
		"nothing in it":                          {fields{}, ""},
		"a kind that nobody knows yet":           {fields{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, ""},
		"a kind in small letters":                {jwkOf(rs(), fields{"kty": "rsa", "kid": "k"}), rs().token(lasting, fields{"kid": "k"})},
		"an RSA key that is weak":                {jwkOf(weak, fields{"kid": "k"}), weak.token(lasting, fields{"kid": "k"})},
		"another curve":                          {p384, ""},
		"another curve's name on a point":        {jwkOf(es, fields{"crv": "P-384", "kid": "k"}), es.token(lasting, fields{"kid": "k"})},
		"a point that is not on the curve":       {jwkOf(es, fields{"y": encode(strings.Repeat("y", 32)), "kid": "k"}), es.token(lasting, fields{"kid": "k"})},
		"a key that encrypts":                    {jwkOf(es, fields{"use": "enc", "kid": "k"}), es.token(lasting, fields{"kid": "k"})},
		"a key that signs only":                  {jwkOf(es, fields{"key_ops": []string{"sign"}, "kid": "k"}), es.token(lasting, fields{"kid": "k"})},
		"a key that does nothing":                {jwkOf(es, fields{"key_ops": []string{}, "kid": "k"}), es.token(lasting, fields{"kid": "k"})},
		"an RSA key of another algorithm":        {jwkOf(rs(), fields{"alg": "RS512", "kid": "k"}), rs().token(lasting, fields{"kid": "k"})},
		"an RSA key that is said to be an HMAC":  {jwkOf(rs(), fields{"alg": "HS256", "kid": "k"}), rs().token(lasting, fields{"kid": "k"})},
		"an Ed25519 key said to be an ECDSA one": {jwkOf(ed, fields{"alg": "ES256", "kid": "k"}), ed.token(lasting, fields{"kid": "k"})},
		"a key with its private half":            {jwkOf(ed, fields{"d": encode(strings.Repeat("a", 32)), "kid": "k"}), ed.token(lasting, fields{"kid": "k"})},
		"a secret that everybody can read":       {fields{"kty": "oct", "k": encode(tokenSecret), "alg": "HS256", "kid": "k"}, hs.token(lasting, fields{"kid": "k"})},
		"a secret in a public key":               {jwkOf(ed, fields{"k": encode(tokenSecret), "kid": "k"}), ed.token(lasting, fields{"kid": "k"})},
		"a kid that is a number":                 {jwkOf(ed, fields{"kid": 1}), ed.token(lasting)},
		"a certificate of another key":           {jwkOf(ed, fields{"x5c": []string{"AAAA"}, "kid": "k"}), ed.token(lasting, fields{"kid": "k"})},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := publishes()
			p.says(200, jsonText(fields{"keys": []any{c.jwk, usable}}))
			tokens := p.tokens(t)
			requireUser(t, "7", tokens, newToken)
			if c.token != "" {
				requireRefused(t, auth.ErrRejected, p.tokens(t), c.token)
			}
		})
	}
}

func TestPublishedKeysOfEachAlgorithm(t *testing.T) {
	rsa, ecdsa, ed := rs(), es, ed
	signature := fields{"use": "sig", "key_ops": []string{"verify"}}
	p := publishes(
		jwkOf(rsa, signature.with(fields{"kid": "r", "alg": "RS256"})),
		jwkOf(ecdsa, signature.with(fields{"kid": "e", "alg": "ES256"})),
		jwkOf(ed, signature.with(fields{"kid": "d", "alg": "EdDSA"})),
	)
	for sentence, c := range map[string]struct {
		token string
		ok    bool
	}{
		"RSA":                                {rsa.token(lasting, fields{"kid": "r"}), true},
		"ECDSA":                              {ecdsa.token(lasting, fields{"kid": "e"}), true},
		"Ed25519":                            {ed.token(lasting, fields{"kid": "d"}), true},
		"RSA, the only one, without its id":  {rsa.token(lasting), true},
		"Ed25519 with RSA's id":              {ed.token(lasting, fields{"kid": "r"}), false},
		"RSA with an id in capitals":         {rsa.token(lasting, fields{"kid": "R"}), false},
		"a stranger's with the right id":     {newKey.token(lasting, fields{"kid": "d"}), false},
		"an HMAC with a published key's id":  {hs.token(lasting, fields{"kid": "r"}), false},
		"an HMAC by a published key's bytes": {hmacKey(string(pemOf(rsa))).token(lasting, fields{"kid": "r"}), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := p.tokens(t)
			if c.ok {
				requireUser(t, "7", tokens, c.token)
			} else {
				requireRefused(t, auth.ErrRejected, tokens, c.token)
			}
		})
	}
}

func TestATokenThatNamesNoKeyMustLeaveNoChoice(t *testing.T) {
	p := publishes(oldJWK, newJWK)
	tokens := p.tokens(t)
	requireRefused(t, auth.ErrRejected, tokens, oldKey.token(lasting))
	requireUser(t, "7", tokens, oldToken)
}

func TestTwoKeysOfOneIDAreBothTried(t *testing.T) {
	p := publishes(oldJWK, jwkOf(newKey, fields{"kid": "old"}))
	tokens := p.tokens(t)
	requireUser(t, "7", tokens, oldToken)
	requireUser(t, "7", tokens, newKey.token(lasting, fields{"kid": "old"}))
}

// A real server, asked by the client that Tokens make for themselves.
func TestARealIssuerIsAsked(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var accept, path, last atomic.Value
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accept.Store(r.Header.Get("Accept"))
		path.Store(r.URL.RequestURI())
		last.Store(r.Close)
		_, _ = io.WriteString(w, jwksOf(oldJWK))
	}))
	defer issuer.Close()
	tokens := auth.NewTokens(auth.TokenOptions{JWKSURL: issuer.URL + "/jwks?a=b"})
	defer tokens.Close()
	requireUser(t, "7", tokens, oldToken)
	assert.Equal(t, "/jwks?a=b", path.Load())
	assert.Equal(t, true, last.Load(), "the connection isn't kept for ten minutes")
	assert.Equal(t, "application/jwk-set+json, application/json", accept.Load())
}

func TestARedirectIsNotFollowed(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = io.WriteString(w, jwksOf(oldJWK))
	}))
	defer other.Close()
	issuer := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer issuer.Close()
	follows := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, client := range []*http.Client{nil, follows} {
		tokens := auth.NewTokens(auth.TokenOptions{JWKSURL: issuer.URL, Client: client})
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		tokens.Close()
	}
	assert.Zero(t, elsewhere.Load())
	assert.NoError(t, follows.CheckRedirect(nil, nil), "the caller's client is as it was")
}

func TestCloseLeavesNothingOfARealRequest(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	asked, gone := make(chan struct{}), make(chan struct{})
	issuer := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(gone)
	}))
	defer issuer.Close()
	tokens := auth.NewTokens(auth.TokenOptions{JWKSURL: issuer.URL})
	refused := make(chan error)
	go func() {
		_, _, err := ask(tokens, oldToken)
		refused <- err
	}()
	<-asked
	tokens.Close()
	assert.True(t, errors.Is(<-refused, auth.ErrUnavailable))
	<-gone
}
