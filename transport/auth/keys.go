package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// Key is one API key of a service.
type Key struct {
	Name   string
	Secret string `json:"-"`
	Scopes []Scope
}

// Format implements fmt.Formatter: no verb prints the secret.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key %s %v", k.Name, k.Scopes) }

// Keys authenticates services by "Authorization: Bearer <key>". Only the keys'
// hashes are kept. Safe for concurrent use.
type Keys struct{ keys []hashedKey }

type hashedKey struct {
	identity Identity
	hash     [sha256.Size]byte
}

// NewKeys keeps the hashes of the given keys.
func NewKeys(keys []Key) *Keys {
	k := &Keys{}
	for _, key := range keys {
		k.keys = append(k.keys, hashedKey{
			identity: Identity{Service: key.Name, Scopes: key.Scopes},
			hash:     sha256.Sum256([]byte(key.Secret)),
		})
	}
	return k
}

// Authenticate implements Authenticator. It looks at every key, in constant time
// for each, so that its own time tells nothing about them.
func (k *Keys) Authenticate(_ context.Context, c Credentials) (Identity, bool, error) {
	secret, ok := bearer(c.Authorization)
	if !ok {
		return Identity{}, false, nil
	}
	hash := sha256.Sum256([]byte(secret))
	found := -1
	for i := range k.keys {
		if subtle.ConstantTimeCompare(hash[:], k.keys[i].hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Identity{}, false, nil // another authenticator may know this token
	}
	return k.keys[found].identity, true, nil
}

// bearer takes the token out of an Authorization header (RFC 6750 section 2.1;
// the scheme's case does not matter, RFC 9110 section 11.1).
func bearer(header string) (string, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	token = strings.TrimLeft(token, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// NewSecret makes a random API key of 256 bits.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: the program ends if the system has no randomness
	return "sse_" + hex.EncodeToString(b[:])
}

// IsBearer reports, in constant time, whether an Authorization header carries the
// given token.
func IsBearer(header, token string) bool {
	given, ok := bearer(header)
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok
}

// IsSecret reports whether s has the form of NewSecret's keys.
func IsSecret(s string) bool {
	digits, ok := strings.CutPrefix(s, "sse_")
	_, err := hex.DecodeString(digits)
	return ok && err == nil && len(digits) == 64
}
