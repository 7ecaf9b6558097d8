package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sseactor/sseactor/transport/auth"
)

// jwkOf is the JWK of a public key, with some fields changed.
func jwkOf(k tokenKey, changes fields) fields {
	var jwk fields
	switch key := k.public.(type) {
	case *rsa.PublicKey:
		jwk = fields{"kty": "RSA", "n": encode(string(key.N.Bytes())), "e": encode(string(big.NewInt(int64(key.E)).Bytes()))}
	case *ecdsa.PublicKey:
		point := must(key.Bytes())
		jwk = fields{"kty": "EC", "crv": "P-256", "x": encode(string(point[1:33])), "y": encode(string(point[33:]))}
	case ed25519.PublicKey:
		jwk = fields{"kty": "OKP", "crv": "Ed25519", "x": encode(string(key))}
	}
	return jwk.with(changes)
}

func jwksOf(keys ...fields) string { return jsonText(fields{"keys": keys}) }

func jsonText(v any) string { return string(must(json.Marshal(v))) }

// publisher is a server that publishes a JWKS, and counts who asks for it. It stands where
// the network would, so that time can be the test's.
type publisher struct {
	mu     sync.Mutex
	asked  int
	answer func(*http.Request) (*http.Response, error)
}

// publishes makes a publisher of keys.
func publishes(keys ...fields) *publisher {
	p := &publisher{}
	p.says(200, jwksOf(keys...))
	return p
}

// does changes what the publisher does when it is asked.
func (p *publisher) does(answer func(*http.Request) (*http.Response, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *publisher) says(status int, body string) {
	p.does(func(*http.Request) (*http.Response, error) { return answerOf(status, body), nil })
}

func (p *publisher) isDown() {
	p.does(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
}

// never answers, until it is given up.
func (p *publisher) never() {
	p.does(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	})
}

func (p *publisher) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *publisher) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.asked++
	answer := p.answer
	p.mu.Unlock()
	return answer(r)
}

func answerOf(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// jwksURL has a secret in its query, which must be seen nowhere.
const jwksURL = "https://id.example.com/jwks?key=" + jwksURLSecret

const jwksURLSecret = "the-secret-in-the-url"

// tokens makes Tokens that know the publisher's keys alone.
func (p *publisher) tokens(t testing.TB) *auth.Tokens {
	t.Helper()
	tokens := auth.NewTokens(auth.TokenOptions{JWKSURL: jwksURL, Client: &http.Client{Transport: p}})
	t.Cleanup(tokens.Close)
	return tokens
}

// lasting are claims that outlive a test's clock.
var lasting = fields{"sub": "7", "exp": 4102444800} // 2100
