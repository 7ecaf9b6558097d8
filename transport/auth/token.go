package auth

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxToken bounds a token, in bytes.
const maxToken = 8 << 10

// TokenOptions says whose tokens are accepted, and for what.
type TokenOptions struct {
	// Secrets verify HS256, newest first; one of less than 32 bytes verifies nothing
	// (RFC 7518 section 3.2).
	Secrets []string `json:"-"`
	// JWKSURL is where public keys are published; empty: nowhere.
	JWKSURL string `json:"-"`

	Issuer   string // the iss of a token, exactly; empty: not looked at
	Audience string // one of a token's aud, exactly; empty: only tokens without aud are accepted

	// UserClaim is where the user's id stands, "sub" if empty; dots lead into fields of
	// fields, such as "user.id", unless a field has the dots in its own name.
	UserClaim string
	// Cookie may hold a token where there is no Authorization; empty: none does.
	Cookie string
	// Tolerance is how far the signer's clock may be from this one.
	Tolerance time.Duration

	Client *http.Client     // asks JWKSURL; its CheckRedirect is not used; nil: one of its own
	Now    func() time.Time // nil: time.Now
}

// Format implements fmt.Formatter: no verb prints what is secret.
func (TokenOptions) Format(f fmt.State, _ rune) { fmt.Fprint(f, "token options") }

// Tokens authenticates users and services by JSON Web Tokens (RFC 7519) that somebody
// else has signed. Safe for concurrent use.
//
// Nothing that was verified is remembered: it takes some 15 µs with HS256 and 110 µs with
// ES256, once in a stream's life, and what is remembered would have to be forgotten as soon
// as a key is taken back.
type Tokens struct {
	opts      *TokenOptions // behind pointers, which fmt does not follow: they hold secrets
	secrets   *[][]byte
	static    atomic.Pointer[[]publicKey]
	published *jwks // nil: no JWKSURL
}

// NewTokens makes an authenticator; it starts nothing and asks nobody yet. Whoever has
// given a JWKSURL must Close it.
func NewTokens(o TokenOptions) *Tokens {
	if o.UserClaim == "" {
		o.UserClaim = "sub"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Tokens{opts: &o, secrets: &[][]byte{}}
	for _, secret := range o.Secrets {
		*t.secrets = append(*t.secrets, []byte(secret))
	}
	t.static.Store(&[]publicKey{})
	if o.JWKSURL != "" {
		t.published = newJWKS(o.JWKSURL, o.Client, o.Now)
	}
	return t
}

// ReplaceKeys puts the public keys of a PEM text in the place of those that the last one
// held; a JWKS is not touched. The text holds 1 to 100 public keys or certificates: RSA of
// 2048 to 8192 bits, ECDSA on P-256, Ed25519. Of a certificate only the key is used; its
// dates and its issuer are not looked at. The error names the block that is wrong, and
// changes nothing.
func (t *Tokens) ReplaceKeys(pem []byte) error {
	keys, err := parsePEM(pem)
	if err != nil {
		return err
	}
	t.static.Store(&keys)
	return nil
}

// KeysFault is why the JWKS could not be had when it was last asked for; nil: it could, or
// was not asked for yet. Known keys go on for a day, and then it says that they do not. It
// is for the operator's log, and names no URL.
func (t *Tokens) KeysFault() error {
	if t.published == nil {
		return nil
	}
	return t.published.lastFault()
}

// Close ends a request for the JWKS that is under way and waits for its end. Keys that
// are known go on. It may be called twice.
func (t *Tokens) Close() {
	if t.published != nil {
		t.published.close()
	}
}

// Format implements fmt.Formatter.
func (t *Tokens) Format(f fmt.State, _ rune) { fmt.Fprint(f, "tokens") }

// Authenticate implements Authenticator. A caller with an Authorization is judged by it
// alone: the cookie of a browser does not heal it. A token that was right once is
// ErrExpired; what is not a signed token may be another authenticator's.
func (t *Tokens) Authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	if !t.verifiesAny() {
		return Identity{}, false, nil
	}
	text, shown := bearer(c.Authorization)
	ambient := c.Authorization == "" && t.opts.Cookie != ""
	if ambient {
		var err error
		if text, err = tokenCookie(c.Cookie, t.opts.Cookie); err != nil {
			return Identity{}, false, err
		}
		shown = true
	}
	if !shown || !looksSigned(text) {
		return Identity{}, false, nil
	}
	id, err := t.identify(ctx, text)
	if err != nil {
		return Identity{}, false, err
	}
	id.Ambient = ambient
	return id, true, nil
}

func (t *Tokens) verifiesAny() bool {
	return len(*t.secrets) > 0 || t.published != nil || len(*t.static.Load()) > 0
}

func (t *Tokens) identify(ctx context.Context, text string) (Identity, error) {
	if len(text) > maxToken {
		return Identity{}, ErrRejected
	}
	signed, err := parseSigned(text)
	if err != nil {
		return Identity{}, err
	}
	payload, err := t.verify(ctx, signed)
	if err != nil {
		return Identity{}, err
	}
	return t.read(payload)
}

// verify gives what was signed. A key verifies one algorithm only, whichever a token asks
// for: a public key is never taken for an HMAC's secret.
func (t *Tokens) verify(ctx context.Context, s signed) ([]byte, error) {
	if s.algorithm == jose.HS256 {
		for _, secret := range *t.secrets {
			if payload, err := s.jws.Verify(secret); err == nil {
				return payload, nil
			}
		}
		return nil, ErrRejected
	}
	if payload, ok := s.verifiedBy(*t.static.Load()); ok {
		return payload, nil
	}
	if t.published == nil {
		return nil, ErrRejected
	}
	keys, err := t.published.find(ctx, s.keyID, s.algorithm)
	if err != nil {
		return nil, err
	}
	if payload, ok := s.verifiedBy(keys); ok {
		return payload, nil
	}
	return nil, ErrRejected
}

// tokenCookie is the value of the cookie with a name; empty: there is none. The error is
// ErrRejected: two of them differ. One may have been set by another site of the same
// domain, and nobody can say which.
func tokenCookie(header, name string) (string, error) {
	found := ""
	for pair := range strings.SplitSeq(header, ";") {
		got, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		if got != name || value == "" {
			continue
		}
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1] // RFC 6265 section 4.1.1 allows it
		}
		if found != "" && found != value {
			return "", ErrRejected
		}
		found = value
	}
	return found, nil
}
