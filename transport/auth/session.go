package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// SessionOptions say how an app makes its sessions.
type SessionOptions struct {
	// Secrets are the app's, the newest first; at least one.
	Secrets []string
	// Cookies are the names that a session's cookie may have. Of several sessions the one
	// whose name comes first here decides, whatever becomes of it.
	Cookies []string
	// UserClaim is the claim that holds the user's id, a text or an integer; dots lead into
	// objects, as in "user.id".
	UserClaim string
	// Tolerance is how far the app's clock may be from this one.
	Tolerance time.Duration
	// Now is the time; nil: time.Now.
	Now func() time.Time
}

// Format implements fmt.Formatter: no verb prints the secrets.
func (SessionOptions) Format(f fmt.State, _ rune) { fmt.Fprint(f, "session options") }

// Sessions authenticates users by the session cookie of NextAuth v4 or Auth.js v5, which
// is a JSON Web Token that the app has encrypted for itself (RFC 7519, RFC 7516). Safe for
// concurrent use.
//
// It is stricter than those packages: a session must have an end and a user, must not come
// from the future, and has one text only.
type Sessions struct {
	cookies   []string
	userClaim string
	tolerance time.Duration
	now       func() time.Time
	keys      *sessionKeys
}

// NewSessions derives all keys at once: to derive one takes as long as to open a session.
func NewSessions(o SessionOptions) *Sessions {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sessions{
		cookies:   o.Cookies,
		userClaim: o.UserClaim,
		tolerance: o.Tolerance,
		now:       o.Now,
		keys:      newSessionKeys(o.Secrets, o.Cookies),
	}
}

// Format implements fmt.Formatter.
func (Sessions) Format(f fmt.State, _ rune) { fmt.Fprint(f, "sessions") }

// Authenticate implements Authenticator. A session that has expired is ErrExpired only if
// it was the app's. The tolerance is part of a session's time: a stream that was opened
// within it would be ended at once, and come back, and be ended. A caller with an
// Authorization is judged by that alone.
func (s *Sessions) Authenticate(_ context.Context, c Credentials) (Identity, bool, error) {
	if c.Authorization != "" {
		return Identity{}, false, nil
	}
	cookie, ok, err := findSession(c.Cookie, s.cookies)
	if !ok || err != nil {
		return Identity{}, false, err
	}
	text, ok := s.open(cookie.name, cookie.text())
	if !ok {
		return Identity{}, false, ErrRejected
	}
	id, err := s.identity(text)
	return id, err == nil, err
}

// identity reads what the app says of the user.
func (s *Sessions) identity(text []byte) (Identity, error) {
	claims, ok := parseSessionClaims(text)
	if !ok {
		return Identity{}, ErrRejected
	}
	user, ok := claims.user(s.userClaim)
	if !ok {
		return Identity{}, ErrRejected
	}
	expires, ok := claims.time("exp")
	if !ok || expires.IsZero() {
		return Identity{}, ErrRejected
	}
	now := s.now()
	for _, name := range []string{"nbf", "iat"} {
		if from, ok := claims.time(name); !ok || from.After(now.Add(s.tolerance)) {
			return Identity{}, ErrRejected
		}
	}
	expires = expires.Add(s.tolerance)
	if !now.Before(expires) {
		return Identity{}, ErrExpired
	}
	return Identity{UserID: user, Expires: expires, Ambient: true}, nil
}

// tagLengths are those of the two ways of encryption, in base64url characters.
var tagLengths = map[jose.ContentEncryption]int{jose.A256GCM: 22, jose.A256CBC_HS512: 43}

// open decrypts a session that came in a cookie of that name.
func (s *Sessions) open(cookie, token string) ([]byte, bool) {
	if !compact(token) {
		return nil, false
	}
	jwe, err := jose.ParseEncryptedCompact(token,
		[]jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM, jose.A256CBC_HS512})
	if err != nil {
		return nil, false
	}
	enc, ok := encryptionOf(jwe.Header)
	// Else bytes could go from the ciphertext's end to the tag, and a session had many texts.
	if !ok || len(token)-strings.LastIndexByte(token, '.')-1 != tagLengths[enc] {
		return nil, false
	}
	for _, key := range s.keys.candidates(cookie, enc, jwe.Header.KeyID) {
		if text, err := jwe.Decrypt(key); err == nil {
			return text, true
		}
	}
	return nil, false
}

// encryptionOf is the enc of a header that asks for nothing else: "zip" would let a short
// cookie become a long text, "crit" and whatever comes next are not known here.
func encryptionOf(h jose.Header) (jose.ContentEncryption, bool) {
	for name := range h.ExtraHeaders {
		if name != "enc" && name != jose.HeaderType && name != jose.HeaderContentType {
			return "", false
		}
	}
	enc, ok := h.ExtraHeaders["enc"].(string)
	return jose.ContentEncryption(enc), ok && h.JSONWebKey == nil && h.Nonce == ""
}

// maxJWEHeader bounds a session's header, in base64url characters. That of Auth.js has 174.
const maxJWEHeader = 512

// compact reports whether a token may be a JWE with a key that both sides know: five parts,
// of which the second, an encrypted key, is empty. Each part must have the one text that
// its bytes have; the library does not look at what is over in the last character.
func compact(token string) bool {
	parts := 0
	for part := range strings.SplitSeq(token, ".") {
		parts++
		if parts == 1 && len(part) > maxJWEHeader || parts == 2 && part != "" || parts > 5 {
			return false
		}
		last := part[len(part)-len(part)%4:]
		if _, err := base64.RawURLEncoding.Strict().DecodeString(last); err != nil {
			return false
		}
	}
	return parts == 5
}
