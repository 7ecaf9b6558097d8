package auth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

func TestATokenOfEachAlgorithmIsItsUsers(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	for _, k := range signers() {
		t.Run(k.algorithm, func(t *testing.T) {
			id, ok, err := ask(tokens, k.token(good))
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, auth.Identity{UserID: "7", Expires: noon.Add(time.Hour).Local()}, id)
		})
	}
}

func TestSeveralSecretsAreForRotation(t *testing.T) {
	older, other := strings.Repeat("o", 32), strings.Repeat("x", 32)
	tokens := atNoon(t, auth.TokenOptions{Secrets: []string{strings.Repeat("n", 32), older}})
	requireUser(t, "7", tokens, hmacKey(older).token(good))
	requireUser(t, "7", tokens, hs.token(good))
	requireRefused(t, auth.ErrRejected, tokens, hmacKey(other).token(good))
}

func TestAShortSecretVerifiesNothing(t *testing.T) {
	for _, secret := range []string{"", "short", strings.Repeat("x", 31)} {
		tokens := auth.NewTokens(auth.TokenOptions{Secrets: []string{secret}, Now: func() time.Time { return noon }})
		requireRefused(t, auth.ErrRejected, tokens, hmacKey(secret).token(good))
	}
}

func TestWhoHasNothingToVerifyWithKnowsNobody(t *testing.T) {
	tokens := auth.NewTokens(auth.TokenOptions{Cookie: "token"})
	for _, k := range signers() {
		requireRefused(t, nil, tokens, k.token(good))
	}
	_, ok, err := tokens.Authenticate(context.Background(), auth.Credentials{Cookie: "token=" + hs.token(good)})
	assert.NoError(t, err)
	assert.False(t, ok)
}

// What is no signed token may be an API key, or another authenticator's.
func TestWhatIsNoTokenIsNotJudged(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{Cookie: "token"})
	head, rest, _ := strings.Cut(hs.token(good), ".")
	for sentence, text := range map[string]string{
		"nothing":                            "",
		"an API key":                         "sse_0123456789abcdef",
		"a key with two dots":                "my.api.key",
		"two parts":                          head + "." + encode("{}"),
		"four parts":                         head + "." + rest + ".x",
		"five parts, as of something secret": head + ".a.b.c.d",
		"a header that is no JSON":           encode("alg: HS256") + "." + rest,
		"a header that is a list":            encode("[]") + "." + rest,
		"a header that ends too early":       encode(`{"alg":"HS256"`) + "." + rest,
		"no header":                          "." + rest,
		"a header of another base64":         head + "=." + rest,
		"a letter that is none of base64":    head + "." + rest[:9] + "+" + rest[10:],
		"a letter of another alphabet":       head + "." + rest[:9] + "é" + rest[10:],
		"a space in it":                      head + ". " + rest,
		"a line end in it":                   head + ".\n" + rest,
		"a NUL behind it":                    head + "." + rest + "\x00",
		"a comma and the same again":         head + "." + rest + "," + head + "." + rest,
		"bytes that are no UTF-8":            "\xff." + rest,
		"a hundred kilobytes of dots":        strings.Repeat(".", 100<<10),
		"a hundred kilobytes of one letter":  strings.Repeat("e", 100<<10),
		"the JSON form of a signed token":    `{"payload":"","protected":"","signature":""}`,
		"a header with bits left over":       "e31." + rest,
	} {
		t.Run(sentence, func(t *testing.T) {
			requireRefused(t, nil, tokens, text)
			_, ok, err := auth.Chain{tokens}.Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer " + text})
			assert.False(t, ok)
			assert.Equal(t, auth.ErrRejected, err, "but nobody else knows it either")
			_, ok, err = tokens.Authenticate(context.Background(), auth.Credentials{Cookie: "token=" + text})
			assert.NoError(t, err)
			assert.False(t, ok)
		})
	}
	for sentence, header := range map[string]string{
		"another scheme": "Basic " + hs.token(good), "no scheme": hs.token(good), "a scheme alone": "Bearer", "nothing": "",
	} {
		t.Run(sentence, func(t *testing.T) {
			_, ok, err := tokens.Authenticate(context.Background(), auth.Credentials{Authorization: header})
			assert.NoError(t, err)
			assert.False(t, ok)
		})
	}
}

func TestAlgorithmsCannotBeConfused(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	rsaPEM := string(pemOf(rs()))
	plain := encode(string(must(json.Marshal(good))))
	unencoded := fmt.Sprintf(`{"sub":"7","exp":%d}`, noon.Add(time.Hour).Unix())
	notEncoded := encode(`{"alg":"HS256","b64":false}`)
	ownJWK := jwkOf(ed25519Key('z'), fields{"kid": "own"})
	for sentence, token := range map[string]string{
		"no algorithm at all":                         encode(`{"alg":"none"}`) + "." + plain + ".",
		"none, in capitals":                           encode(`{"alg":"NONE"}`) + "." + plain + ".",
		"none, with a signature":                      hs.token(good, fields{"alg": "none"}),
		"no alg":                                      hs.token(good, fields{"alg": absent}),
		"an alg that is no text":                      hs.token(good, fields{"alg": 256}),
		"an alg in small letters":                     hs.token(good, fields{"alg": "hs256"}),
		"alg twice":                                   hs.compact(`{"alg":"none","alg":"HS256"}`, string(must(json.Marshal(good)))),
		"ALG beside alg":                              hs.compact(`{"alg":"none","ALG":"HS256"}`, string(must(json.Marshal(good)))),
		"an RSA key's PEM as a secret":                hmacKey(rsaPEM).token(good),
		"an RSA key's PEM without its last line end":  hmacKey(strings.TrimSpace(rsaPEM)).token(good),
		"an Ed25519 key as a secret":                  hmacKey(string(must(json.Marshal(ed.public)))).token(good),
		"the empty secret":                            hmacKey("").token(good),
		"a longer HMAC":                               hs.token(good, fields{"alg": "HS512"}),
		"another padding of RSA":                      rs().token(good, fields{"alg": "PS256"}),
		"a longer hash with RSA":                      rs().token(good, fields{"alg": "RS512"}),
		"ECDSA's signature said to be Ed25519's":      es.token(good, fields{"alg": "EdDSA"}),
		"Ed25519's said to be ECDSA's":                ed.token(good, fields{"alg": "ES256"}),
		"an HMAC said to be RSA's":                    hs.token(good, fields{"alg": "RS256"}),
		"an algorithm that encrypts":                  hs.token(good, fields{"alg": "dir", "enc": "A256GCM"}),
		"a stranger's key":                            ed25519Key('z').token(good),
		"a stranger's key, shown in the header":       ed25519Key('z').token(good, fields{"jwk": ownJWK}),
		"a stranger's key, at a place in the header":  ed25519Key('z').token(good, fields{"jku": "https://evil.example/jwks", "kid": "own"}),
		"a stranger's certificate, at a place":        ed25519Key('z').token(good, fields{"x5u": "https://evil.example/x5u"}),
		"a stranger's certificate that can't be read": ed25519Key('z').token(good, fields{"x5c": []string{"AAAA"}}),
		"an extension that must be understood":        hs.token(good, fields{"crit": []string{"exp"}, "exp": 1}),
		"an extension that is in no list":             hs.token(good, fields{"crit": []string{}}),
		"a payload that is not encoded":               hs.token(good, fields{"crit": []string{"b64"}, "b64": true}),
		"the same without saying that it matters":     hs.token(good, fields{"b64": true}),
		"one that was signed before it was encoded":   notEncoded + "." + encode(unencoded) + "." + encode(string(hs.sign(notEncoded+"."+unencoded))),
		"a kid that is no text":                       hs.token(good, fields{"kid": 1}),
		"no signature":                                strings.TrimSuffix(hs.token(good), encode(string(hs.sign(encode(`{"alg":"HS256","typ":"JWT"}`)+"."+plain)))),
		"a logout token":                              hs.token(good, fields{"typ": "logout+jwt"}),
		"a typ that is no text":                       hs.token(good, fields{"typ": 1}),
		"a token in a token":                          hs.token(hs.token(good), fields{"cty": "JWT"}),
	} {
		t.Run(sentence, func(t *testing.T) { requireRefused(t, auth.ErrRejected, tokens, token) })
	}
}

func TestHintsInAHeaderHarmNobody(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	for sentence, header := range map[string]fields{
		"no typ":                         {"typ": absent},
		"typ in small letters":           {"typ": "jwt"},
		"typ as a media type":            {"typ": "application/JWT"},
		"an access token":                {"typ": "at+jwt"},
		"a kid that nobody needs":        {"kid": "2026"},
		"a place for keys, not asked":    {"jku": "https://id.example.com/jwks"},
		"a stranger's key, not used":     {"jwk": jwkOf(ed25519Key('z'), nil)},
		"a field that nobody knows":      {"https://example.com/x": fields{"y": 1}},
		"a place for a certificate, too": {"x5u": "https://id.example.com/x5u"},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, k := range signers() {
				requireUser(t, "7", tokens, k.token(good, header))
			}
		})
	}
}

func TestSecretsAloneVerifyNoPublicKeysTokens(t *testing.T) {
	tokens := auth.NewTokens(auth.TokenOptions{Secrets: []string{tokenSecret}, Now: func() time.Time { return noon }})
	requireUser(t, "7", tokens, hs.token(good))
	for _, k := range signers()[1:] {
		requireRefused(t, auth.ErrRejected, tokens, k.token(good))
	}
}

// Public keys are public: whoever takes one for an HMAC's secret lets everybody in.
func TestPublicKeysAloneVerifyNoHMAC(t *testing.T) {
	tokens := auth.NewTokens(auth.TokenOptions{Now: func() time.Time { return noon }})
	require.NoError(t, tokens.ReplaceKeys(pemOf(rs(), es, ed)))
	for _, secret := range []string{string(pemOf(rs())), string(pemOf(rs(), es, ed)), tokenSecret} {
		requireRefused(t, auth.ErrRejected, tokens, hmacKey(secret).token(good))
	}
	requireUser(t, "7", tokens, rs().token(good))
}

func TestNoByteOfATokenCanBeAnother(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
	for _, k := range signers() {
		t.Run(k.algorithm, func(t *testing.T) {
			token := k.token(good)
			requireUser(t, "7", tokens, token)
			for i := range token {
				others := []byte{token[i] ^ 1, token[i] ^ 0x20, token[i] ^ 0x80, 0, '\n'}
				if i == len(token)-1 || token[i] == '.' || token[i+1] == '.' { // where bits may be left over
					others = append(others, letters...)
				}
				for _, other := range others {
					if other == token[i] {
						continue
					}
					_, ok, _ := ask(tokens, token[:i]+string([]byte{other})+token[i+1:])
					require.False(t, ok, "byte %d: %q", i, other)
				}
				for _, text := range []string{token[:i], token[i:] + token[:i], token[:i] + token[i+1:], token[:i] + "A" + token[i:]} {
					if text != token {
						_, ok, _ := ask(tokens, text)
						require.False(t, ok, "at byte %d", i)
					}
				}
			}
		})
	}
}

func TestATokenHasABound(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	sized := func(bytes int) string {
		for n := bytes * 3 / 4; ; n-- {
			if token := hs.token(good.with(fields{"x": strings.Repeat("x", n)})); len(token) <= bytes {
				return token
			}
		}
	}
	requireUser(t, "7", tokens, sized(8<<10))
	requireRefused(t, auth.ErrRejected, tokens, sized(8<<10+4))
	requireRefused(t, auth.ErrRejected, tokens, sized(100<<10))
}

func TestATokenInACookie(t *testing.T) {
	token := hs.token(good)
	wrong := hmacKey(strings.Repeat("x", 32)).token(good)
	for sentence, c := range map[string]struct {
		given auth.Credentials
		ok    bool
		err   error
	}{
		"alone":                             {auth.Credentials{Cookie: "token=" + token}, true, nil},
		"among others":                      {auth.Credentials{Cookie: "theme=dark; token=" + token + "; a=b"}, true, nil},
		"without spaces":                    {auth.Credentials{Cookie: "theme=dark;token=" + token + ";a=b"}, true, nil},
		"in quotes":                         {auth.Credentials{Cookie: `token="` + token + `"`}, true, nil},
		"twice, and the same":               {auth.Credentials{Cookie: "token=" + token + "; token=" + token}, true, nil},
		"twice, and one is wrong":           {auth.Credentials{Cookie: "token=" + token + "; token=" + wrong}, false, auth.ErrRejected},
		"twice, and the other is wrong":     {auth.Credentials{Cookie: "token=" + wrong + "; token=" + token}, false, auth.ErrRejected},
		"twice, and one is no token":        {auth.Credentials{Cookie: "token=x; token=" + token}, false, auth.ErrRejected},
		"beside one that was emptied":       {auth.Credentials{Cookie: "token=; token=" + token}, true, nil},
		"a wrong one":                       {auth.Credentials{Cookie: "token=" + wrong}, false, auth.ErrRejected},
		"one that was emptied":              {auth.Credentials{Cookie: "token="}, false, nil},
		"one that is something else":        {auth.Credentials{Cookie: "token=deleted"}, false, nil},
		"another name":                      {auth.Credentials{Cookie: "token2=" + token}, false, nil},
		"a name in capitals":                {auth.Credentials{Cookie: "TOKEN=" + token}, false, nil},
		"a name that ends so":               {auth.Credentials{Cookie: "my-token=" + token}, false, nil},
		"no name":                           {auth.Credentials{Cookie: token}, false, nil},
		"one quote":                         {auth.Credentials{Cookie: `token="` + token}, false, nil},
		"the value of another":              {auth.Credentials{Cookie: "a=token=" + token}, false, nil},
		"beside a key that others may know": {auth.Credentials{Authorization: "Bearer sse_0123", Cookie: "token=" + token}, false, nil},
		"beside a token that is wrong":      {auth.Credentials{Authorization: "Bearer " + wrong, Cookie: "token=" + token}, false, auth.ErrRejected},
		"beside an Authorization of others": {auth.Credentials{Authorization: "Basic eDp5", Cookie: "token=" + token}, false, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			id, ok, err := atNoon(t, auth.TokenOptions{Cookie: "token"}).Authenticate(context.Background(), c.given)
			assert.Equal(t, c.ok, ok)
			assert.Equal(t, c.err, err)
			assert.Equal(t, c.ok, id.Ambient, "a browser sends it whichever page asks it to")
			_, ok, err = atNoon(t, auth.TokenOptions{}).Authenticate(context.Background(), auth.Credentials{Cookie: c.given.Cookie})
			assert.NoError(t, err)
			assert.False(t, ok, "no cookie is looked at unless it is named")
		})
	}
	id, _, err := atNoon(t, auth.TokenOptions{Cookie: "token"}).Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer " + token, Cookie: "token=" + wrong})
	require.NoError(t, err)
	assert.Equal(t, "7", id.UserID)
	assert.False(t, id.Ambient, "no browser sends it by itself")
}
