package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Key is one API key of a service, of which only the hash is kept.
type Key struct {
	Name   string
	Hash   KeyHash
	Scopes []Scope
	Sends  *Sends // bounds of the scope Publish; nil: no bounds
}

// Format implements fmt.Formatter: no verb prints the hash.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key %s %v", k.Name, k.Scopes) }

// KeyHash is what is kept of a key: keys are random, so a hash that is quick to compute
// is no help to whoever finds it.
type KeyHash [sha256.Size]byte

// HashKey is the hash of a key's secret.
func HashKey(secret string) KeyHash { return sha256.Sum256([]byte(secret)) }

// Format implements fmt.Formatter: a key that a person made up could be guessed from
// its hash.
func (KeyHash) Format(f fmt.State, _ rune) { fmt.Fprint(f, "hash") }

// MarshalText implements encoding.TextMarshaler: a log of JSON lines prints no more.
func (KeyHash) MarshalText() ([]byte, error) { return []byte("hash"), nil }

// Keys authenticates services by "Authorization: Bearer <key>". Safe for concurrent
// use.
type Keys struct{ keys atomic.Pointer[[]Key] }

// NewKeys authenticates by the given keys.
func NewKeys(keys []Key) *Keys {
	k := &Keys{}
	k.Replace(keys)
	return k
}

// Replace puts other keys in the place of those there are. Requests under way may
// still be judged by the old ones. Streams stay open.
func (k *Keys) Replace(keys []Key) {
	kept := slices.Clone(keys)
	k.keys.Store(&kept)
}

// Format implements fmt.Formatter.
func (k *Keys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "keys") }

// Authenticate implements Authenticator. It looks at every key, in constant time
// for each, so that its own time tells nothing about them.
func (k *Keys) Authenticate(_ context.Context, c Credentials) (Identity, bool, error) {
	secret, ok := bearer(c.Authorization)
	if !ok {
		return Identity{}, false, nil
	}
	hash := HashKey(secret)
	keys := *k.keys.Load()
	found := -1
	for i := range keys {
		if subtle.ConstantTimeCompare(hash[:], keys[i].Hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Identity{}, false, nil // another authenticator may know this token
	}
	key := &keys[found]
	return Identity{Service: key.Name, Scopes: key.Scopes, Sends: key.Sends}, true, nil
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
