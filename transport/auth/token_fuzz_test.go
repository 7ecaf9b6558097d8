package auth_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// Whatever comes in, nothing panics, and nothing gets in but what was signed, letter by
// letter.
func FuzzToken(f *testing.F) {
	var signed []string
	for _, k := range signers() {
		for _, claims := range []fields{good, good.with(fields{"sse": fields{"publish": fields{"topics": []string{"a"}}}})} {
			token := k.token(claims)
			signed = append(signed, token)
			f.Add(token)
		}
		f.Add(k.token(good.with(fields{"exp": 0})))
		f.Add(k.token(good, fields{"jwk": jwkOf(ed, nil), "kid": "x", "crit": []string{"b64"}, "b64": false}))
	}
	f.Add(encode(`{"alg":"none"}`) + "." + encode(`{"sub":"7"}`) + ".")
	f.Add("e30.e30.")
	tokens := atNoon(f, auth.TokenOptions{Cookie: "token"})
	f.Fuzz(func(t *testing.T, text string) {
		for _, given := range []auth.Credentials{asBearer(text), {Cookie: "token=" + text}} {
			id, ok, err := tokens.Authenticate(context.Background(), given)
			if !ok {
				assert.Equal(t, auth.Identity{}, id)
				assert.Contains(t, []error{nil, auth.ErrRejected, auth.ErrExpired}, err)
				continue
			}
			assert.NoError(t, err)
			whole := func(token string) bool { return token == strings.TrimLeft(text, " ") }
			if given.Authorization == "" {
				whole = func(token string) bool { return strings.Contains(text, token) } // among other cookies
			}
			assert.True(t, slices.ContainsFunc(signed, whole), "not what was signed: %q", text)
		}
	})
}

// What a trusted issuer signs may be wrong, too: claims that get in say what they must,
// and publish no further than is written there.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"7","exp":1793624400}`, `{"exp":1793624400,"sse":{"subscribe":{"topics":["a.*"],"users":["7"],"sessions":["s"]}}}`,
		`{"sub":"s","exp":1793624400,"user":{"id":"8"},"sse":{"publish":{"topics":["a"],"users":[],"sessions":["x*"],"events":["e"],"everybody":false},"scopes":["metrics","admin"]}}`,
		`{"sub":"7","exp":1793624400,"nbf":1.5,"iat":1e3,"aud":null,"sse":{"publish":{"everybody":true}}}`, `{"exp":1e400}`, `{"sub":7,"exp":"x"}`,
		`{"user":{"id":null}}`, `{"sub":"\ud800","exp":1793624400}`, `[]`, `{"sse":{"scopes":["publish"],"publish":{}}}`, `{"SUB":"7","sub":"8","exp":1793624400}`,
	} {
		f.Add(seed, "sub")
		f.Add(seed, "user.id")
	}
	f.Fuzz(func(t *testing.T, payload, claim string) {
		id, ok, err := ask(atNoon(t, auth.TokenOptions{UserClaim: claim}), hs.token(payload))
		if !ok {
			require.Contains(t, []error{auth.ErrRejected, auth.ErrExpired}, err)
			return
		}
		require.NoError(t, err)
		require.True(t, utf8.ValidString(payload))
		require.True(t, json.Valid([]byte(payload)))
		require.True(t, id.Expires.After(noon) && id.Expires.Year() <= 9999, id.Expires)
		for _, name := range []string{id.UserID, id.Service} {
			require.LessOrEqual(t, utf8.RuneCountInString(name), 128+len("token:"))
			require.False(t, strings.ContainsFunc(name, unicode.IsControl), name)
		}
		reads := len(id.Reads.Topics) + len(id.Reads.Users) + len(id.Reads.Sessions)
		require.True(t, id.Known() || reads > 0, "a token says who, or gives something")
		require.True(t, id.Service == "" || id.UserID == "")
		require.True(t, id.Sends == nil || id.Has(auth.Publish))
		require.True(t, id.Sends == nil || id.Sends.Events != nil || id.Sends.To != nil, "bounds that bound nothing")
		if id.Has(auth.Publish) && (id.Sends == nil || id.Sends.To == nil) {
			require.True(t, strings.Contains(payload, "everybody") || strings.Contains(payload, "publish") || strings.Contains(payload, `\u`), "nothing said so")
		}
	})
}

// The first line of defence: what an Authorization header may hold.
func FuzzAuthorization(f *testing.F) {
	const key = "sse_0123456789abcdef"
	known := map[string]bool{key: true}
	for _, k := range signers() {
		known[k.token(good)] = true
	}
	for token := range known {
		for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  ", "Basic ", "Bearer\t", "", "Bearer, ", "Bearer " + key + " ", " Bearer "} {
			f.Add(scheme + token)
		}
	}
	f.Add("Bearer")
	f.Add("Bearer ")
	chain := auth.Chain{auth.NewKeys([]auth.Key{{Name: "app", Hash: auth.HashKey(key), Scopes: []auth.Scope{auth.Publish}}}), atNoon(f, auth.TokenOptions{})}
	f.Fuzz(func(t *testing.T, header string) {
		id, ok, err := chain.Authenticate(context.Background(), auth.Credentials{Authorization: header})
		if !ok {
			assert.Equal(t, auth.Identity{}, id)
			assert.Equal(t, header == "", err == nil, "an Authorization that nobody knows is rejected")
			return
		}
		require.NoError(t, err)
		require.Greater(t, len(header), len("Bearer "))
		assert.True(t, strings.EqualFold(header[:len("Bearer ")], "Bearer "), header)
		assert.True(t, known[strings.TrimLeft(header[len("Bearer "):], " ")], header)
		assert.True(t, id.Known())
	})
}

// An issuer's answer is read by itself: whatever it is, a stranger gets no user.
func FuzzJWKS(f *testing.F) {
	f.Add(jwksOf(oldJWK, newJWK, jwkOf(rs(), fields{"alg": "RS256", "use": "sig"}), jwkOf(es, fields{"key_ops": []string{"verify"}})))
	f.Add(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"","y":""},{"kty":"OKP","crv":"Ed25519","x":"","d":""},7,null]}`)
	f.Add(`{"keys":[{"kty":"RSA","n":"","e":"","d":"","p":"","q":"","dp":"","dq":"","qi":"","x5c":[""],"x5t":"","x5u":":"}]}`)
	strange := ed25519Key('z').token(lasting)
	f.Fuzz(func(t *testing.T, body string) {
		p := publishes()
		p.says(200, body)
		tokens := p.tokens(t)
		_, ok, err := ask(tokens, strange)
		assert.False(t, ok)
		assert.Contains(t, []error{auth.ErrRejected, auth.ErrUnavailable}, err)
		if fault := tokens.KeysFault(); fault != nil {
			assert.Less(t, len(fault.Error()), 200)
		}
	})
}
