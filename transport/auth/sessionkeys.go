package auth

import (
	"crypto"
	"crypto/hkdf"
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.SHA512
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// sessionKeys are the keys of an app's session cookies. There are two generations, which
// are told from each other by what a session says of itself, not by its cookie's name: an
// app may choose that.
//
//	             | enc           | kid        | key derived from    | secrets tried
//	NextAuth v4  | A256GCM       | none       | the secret          | all
//	Auth.js v5   | A256CBC-HS512 | thumbprint | secret, cookie name | the one that kid names
//	  of its own | either        | none       | secret, cookie name | the newest
//	  encoding   | A256GCM       | thumbprint | secret, cookie name | the one that kid names
//
// The secrets tried of v4 are all of them because its sessions do not say which; v4 has a
// single secret itself, and rotates by being given another.
type sessionKeys struct {
	v4 [][]byte
	v5 map[string]cookieKeys // by the cookie's name
}

// cookieKeys are the keys of one cookie, the newest first.
type cookieKeys struct{ cbc, gcm []sessionKey }

type sessionKey struct {
	id  string // kid: the RFC 7638 thumbprint
	key []byte
}

// Format implements fmt.Formatter.
func (sessionKeys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "session keys") }

// Format implements fmt.Formatter.
func (sessionKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "session key") }

func newSessionKeys(secrets, cookies []string) *sessionKeys {
	k := &sessionKeys{v5: map[string]cookieKeys{}}
	for _, secret := range secrets {
		k.v4 = append(k.v4, derive(secret, "", "NextAuth.js Generated Encryption Key", 32))
	}
	for _, cookie := range cookies {
		var keys cookieKeys
		for _, secret := range secrets {
			info := "Auth.js Generated Encryption Key (" + cookie + ")"
			keys.cbc = append(keys.cbc, named(derive(secret, cookie, info, 64), crypto.SHA512))
			keys.gcm = append(keys.gcm, named(derive(secret, cookie, info, 32), crypto.SHA256))
		}
		k.v5[cookie] = keys
	}
	return k
}

func derive(secret, salt, info string, length int) []byte {
	// It fails where a key is longer than HKDF can make, and under GODEBUG=fips140=only for
	// short secrets. No key opens nothing.
	key, _ := hkdf.Key(sha256.New, []byte(secret), []byte(salt), info, length)
	return key
}

// named gives a key its id, the thumbprint that RFC 7638 section 3.2 has for a symmetric
// key; the library makes those of public keys only.
func named(key []byte, hash crypto.Hash) sessionKey {
	h := hash.New()
	fmt.Fprintf(h, `{"k":"%s","kty":"oct"}`, base64.RawURLEncoding.EncodeToString(key))
	return sessionKey{id: base64.RawURLEncoding.EncodeToString(h.Sum(nil)), key: key}
}

// candidates are the keys that may open a session, by what its header says.
func (k *sessionKeys) candidates(cookie string, enc jose.ContentEncryption, id string) [][]byte {
	keys := k.v5[cookie].cbc
	if enc == jose.A256GCM {
		keys = k.v5[cookie].gcm
	}
	if id != "" {
		for _, key := range keys {
			if key.id == id {
				return [][]byte{key.key}
			}
		}
		return nil
	}
	if len(keys) == 0 {
		return nil
	}
	newest := keys[0].key
	if enc == jose.A256GCM {
		return append(slices.Clip(k.v4), newest)
	}
	return [][]byte{newest}
}
