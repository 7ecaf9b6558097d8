package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

const (
	jwksTimeout  = 5 * time.Second
	jwksMaxBytes = 1 << 20
)

// jwksSource is where a JWKS is published. Safe for concurrent use.
type jwksSource struct {
	url    string
	client *http.Client
}

func newJWKSSource(url string, client *http.Client) jwksSource {
	if client == nil {
		client = newJWKSClient()
	}
	own := *client
	// Whoever can send us elsewhere would say who signs.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return jwksSource{url, &own}
}

// newJWKSClient keeps no connection: it would be idle for ten minutes at a time.
func newJWKSClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: jwksTimeout}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    jwksTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
	}}
}

// fetch asks for the keys, within 5 s. The error says neither the URL, which may hold a
// secret, nor anything of the answer but its status.
func (s jwksSource) fetch(ctx context.Context) ([]publicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, jwksTimeout)
	defer cancel()
	body, err := s.get(ctx)
	if err != nil {
		return nil, fmt.Errorf("auth: JWKS: %w", err)
	}
	keys, err := parseJWKS(body)
	if err != nil {
		return nil, fmt.Errorf("auth: JWKS: %w", err)
	}
	return keys, nil
}

func (s jwksSource) get(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, errors.New("the URL can't be used")
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %d; 200 is wanted, and no redirect followed", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, jwksMaxBytes+1))
	if err != nil {
		return nil, withoutURL(err)
	}
	if len(body) > jwksMaxBytes {
		return nil, fmt.Errorf("the answer has more than %d bytes", jwksMaxBytes)
	}
	return body, nil
}

func withoutURL(err error) error {
	if at := new(url.Error); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// parseJWKS reads the keys that tokens can be verified with. Others, broken ones among
// them, are skipped: an issuer adds new kinds before it uses them.
func parseJWKS(body []byte) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil || set.Keys == nil {
		return nil, errors.New("the answer is no JWKS")
	}
	if len(set.Keys) > maxPublicKeys {
		return nil, fmt.Errorf("%d keys; at most %d", len(set.Keys), maxPublicKeys)
	}
	var keys []publicKey
	for _, raw := range set.Keys {
		if k, ok := parseJWK(raw); ok {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// parseJWK reads a public key that may verify signatures (RFC 7517 section 4).
func parseJWK(raw json.RawMessage) (publicKey, bool) {
	var of struct {
		Private    json.RawMessage `json:"d"`
		Symmetric  json.RawMessage `json:"k"`
		Operations []string        `json:"key_ops"`
	}
	// What everybody can read verifies nothing: a secret that is published is none, and
	// neither is the private half of a pair.
	if json.Unmarshal(raw, &of) != nil || of.Private != nil || of.Symmetric != nil {
		return publicKey{}, false
	}
	var jwk jose.JSONWebKey
	if jwk.UnmarshalJSON(raw) != nil || jwk.Use != "" && jwk.Use != "sig" ||
		of.Operations != nil && !slices.Contains(of.Operations, "verify") {
		return publicKey{}, false
	}
	switch jwk.Key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return publicKey{}, false
	}
	k, err := newPublicKey(jwk.KeyID, jwk.Key)
	return k, err == nil && (jwk.Algorithm == "" || jwk.Algorithm == string(k.algorithm))
}
