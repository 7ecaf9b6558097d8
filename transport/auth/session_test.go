package auth

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These were made by the packages themselves, next-auth 4.24.15 and @auth/core 0.41.3.
var golden = map[string]string{
	"next-auth.session-token":       "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AkPVGPz58ZYZPTdc.noztogwBlgXymxQbBIbetMiNCKRUyUV7SywWW9zCtRwhfMhDUSk0kVtdzxfw5_3R9L22GV-YfAGGuV3eNdG0Vs477FiyB3-zsSPW7gVsxVvQUVf9HycFQKHFGc6pJV1ZNAQSCnjvk0ml4jslVQjeXJhKleuNMmL2UaoE54WVz-2kQVml_HW8_mtlj7ejRKEo.3jNs3309ojP5DC9cB2L2Pw",
	"authjs.session-token":          "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiR09oeGh5MjU0aFZIdThoS29LYTdhczFWdzFnVzE0dWItcVhDRFdQZnJLZUE3cTU3ZDJGNmJpTEJ0eE9NYmp0NGhXbGlNdjZtN1RhOV9SNTRBUUNDOFEifQ..qKGvQA52muyCX5zwUh6ZFw.YgfS13TZn89DR_ecXqsw-ff6_JnbTrl1mCxtqeKQyOJZjJQXOHeuO9wEAXw1EnvhuX3MSbwwxdMJCfvJH_YONbK2JvgyDgfN82y6hgD2tUtWpIslWYZR1LqS3LzP3kCCg6Uxb9JVajkEkxzPsdSsYZ0wPEDoVpy5JwE4dGEGm90MKkw5YQW03vFwguo8JFA6scNQzNGkzOCIo1Xax60cXw.hgSo1kuuLmglDBkXHXpCbe1yPaWe0Xiwt0FwXPu2R_U",
	"__Secure-authjs.session-token": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoieGxGQnpwdmE5VU5oSkZNVjdUdjlabm52UnZpTUI4eW5yUmp0blQwcDlIMm9JMnMtUXdRWVJzcVdIRjZTajRhQ0tYdEZlR004ci1QcWl1eWp2b1JuaEEifQ..cFwe6B3IxqwHH-O9awqueA.qnI3-C2FfJzRPWcBiVJwY-EJ2XNKvJteXpbq97XqC8ljTMWBo5x_mf3nTvJUyurbcOaOiYywtEntq_6PCAKDoF5avPxV3vOM3i_GVEFQ6oCjwZgLaquPfqjlRmZy_Os5enfnZKng--L59CKwggY_RFh2UJWV3K3LRx4t_cDa8HVBOzYewARz214Jn97Xwm6CA1mvuUMkwAJi9JqdWSqnMg.7_Gk-OAOYMZaffH3vgzXrOa1TaS-UgIJFc5AIOQPqzM",
	"my.session":                    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiNjExYTdCVXRjWHF1blVTb3N6YV9OdThxa0VGZHk5aU5vWk5FRkNfbXd5aEJDaDV0OG45emFUTkVmNmFpcHRBTDE2cUNiYUR1R1VrVFFTZDdqZ3Jza3cifQ..fLLau-fLRvKbQNiMkSKTkQ.K0AIKDTdJsKKZMicvvBrgivh72nIUbhBShDZvpoE4j1UPk_tDDYDTjr31LsUZflHTL2NY9ni5zNzv8amJrR0yjcG2FBsuL6eovEdvUK9E7pdgRaknuqH3ejeLSMROXSAXoEfv10Wvsi22Fc9x0D5gbzCM7lwEXRnqn6p8WDgAT6kO1RvlCl6wRSKntH5pvXzKuEXpvDBIbVzA0SdgdRQOA.2K4iF7BXVQ3wTtTdpLsqI2HZwjItCpuVbCSvutDhr4w",
}

// goldenTime is when they were good: they were made for 50 years.
var goldenTime = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

func TestSessionsOfThePackages(t *testing.T) {
	for cookie, token := range golden {
		t.Run(cookie, func(t *testing.T) {
			s := testSessions()
			s.now = at(goldenTime)
			id, ok, err := signIn(s, cookie+"="+token)
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, "7", id.UserID)
			assert.WithinDuration(t, goldenTime.AddDate(50, 0, 0), id.Expires, 30*24*time.Hour)
			assert.True(t, id.Ambient, "a browser sends it whichever page asks")
			assert.Empty(t, id.Scopes)
			assert.Empty(t, id.Service)
		})
	}
}

func TestSessionsOfThePackagesAreGoodForTheirCookieOnly(t *testing.T) {
	for from, token := range golden {
		for to := range golden {
			s := testSessions()
			s.now = at(goldenTime)
			_, ok, err := signIn(s, to+"="+token)
			assert.Equal(t, from == to || from == v4Cookie, ok, "%s in %s: only v4 does not name the cookie", from, to)
			if !ok {
				assert.Equal(t, ErrRejected, err)
			}
		}
	}
}

func TestSessionTokens(t *testing.T) {
	gcm := func(m *minting) { m.enc, m.length = jose.A256GCM, 32 }
	noKid := func(m *minting) { m.kid = false }
	secret := func(s string) func(*minting) { return func(m *minting) { m.secret = s } }
	header := func(name jose.HeaderKey, value any) func(*minting) {
		return func(m *minting) { m.header = map[jose.HeaderKey]any{name: value} }
	}
	rotated := []string{"the newest secret", appSecret, "the oldest secret"}
	for sentence, c := range map[string]struct {
		token   minting
		secrets []string // nil: the app's
		ok      bool
	}{
		"v5":                                       {v5(v5Cookie), nil, true},
		"v5, with A256GCM":                         {v5(v5Cookie).but(gcm), nil, true},
		"v5, without kid":                          {v5(v5Cookie).but(noKid), nil, true},
		"v5, with A256GCM and without kid":         {v5(v5Cookie).but(gcm).but(noKid), nil, true},
		"v5, of a secret before":                   {v5(v5Cookie), rotated, true},
		"v5, of the oldest secret":                 {v5(v5Cookie).but(secret("the oldest secret")), rotated, true},
		"v5, of the newest secret":                 {v5(v5Cookie).but(secret("the newest secret")), rotated, true},
		"v5, of a secret before, with A256GCM":     {v5(v5Cookie).but(gcm), rotated, true},
		"v5, of a secret before, without kid":      {v5(v5Cookie).but(noKid), rotated, false},
		"v5, of the newest secret, without kid":    {v5(v5Cookie).but(noKid).but(secret("the newest secret")), rotated, true},
		"v5, of another secret":                    {v5(v5Cookie).but(secret("a guess")), nil, false},
		"v5, of a secret taken away":               {v5(v5Cookie), []string{"the newest secret"}, false},
		"v5, of another cookie":                    {v5("authjs.session-token"), nil, false},
		"v5, of another cookie, without kid":       {v5("authjs.session-token").but(noKid), nil, false},
		"v5, of its state cookie":                  {v5("__Secure-authjs.state"), nil, false},
		"v5, with the salt of another cookie":      {v5(v5Cookie).but(func(m *minting) { m.salt = "authjs.session-token" }), nil, false},
		"v5, without salt":                         {v5(v5Cookie).but(func(m *minting) { m.salt = "" }), nil, false},
		"v5, with the words of v4":                 {v5(v5Cookie).but(func(m *minting) { m.info = v4().info }), nil, false},
		"v5, with the kid of another key":          {v5(v5Cookie).but(noKid).but(header("kid", "x")), nil, false},
		"v4":                                       {v4(), nil, true},
		"v4, of a secret before":                   {v4(), rotated, true},
		"v4, of the oldest secret":                 {v4().but(secret("the oldest secret")), rotated, true},
		"v4, of another secret":                    {v4().but(secret("a guess")), nil, false},
		"v4, of a secret in other letters":         {v4().but(secret(strings.ToUpper(appSecret))), nil, false},
		"v4, salted, as its state cookie is":       {v4().but(func(m *minting) { m.salt, m.info = "next-auth.state", m.info+" (next-auth.state)" }), nil, false},
		"v4, salted with the cookie's name":        {v4().but(func(m *minting) { m.salt, m.info = v5Cookie, m.info+" ("+v5Cookie+")" }), nil, false},
		"v4, with a kid":                           {v4().but(func(m *minting) { m.kid = true }), nil, false},
		"v4's key with A256CBC-HS512":              {v4().but(func(m *minting) { m.enc, m.length = jose.A256CBC_HS512, 64 }), nil, false},
		"no secret is configured":                  {v5(v5Cookie), []string{}, false},
		"a type":                                   {v5(v5Cookie).but(header("typ", "JWT")), nil, true},
		"a type of content":                        {v5(v5Cookie).but(header("cty", "JWT")), nil, true},
		"zip":                                      {v5(v5Cookie).but(func(m *minting) { m.zip = true }), nil, false},
		"zip, of v4":                               {v4().but(func(m *minting) { m.zip = true }), nil, false},
		"zip that asks for nothing":                {v5(v5Cookie).but(header("zip", "")), nil, false},
		"crit":                                     {v5(v5Cookie).but(header("crit", []string{"exp"})), nil, false},
		"crit that names nothing":                  {v5(v5Cookie).but(header("crit", []string{})), nil, false},
		"a key in the header":                      {v5(v5Cookie).but(header("jwk", jose.JSONWebKey{Key: []byte("x")})), nil, false},
		"an unknown header field":                  {v5(v5Cookie).but(header("b64", true)), nil, false},
		"a header that is too long":                {v5(v5Cookie).but(header("typ", strings.Repeat("x", 400))), nil, false},
		"A128GCM":                                  {v4().but(func(m *minting) { m.enc, m.length = jose.A128GCM, 16 }), nil, false},
		"A192GCM":                                  {v4().but(func(m *minting) { m.enc, m.length = jose.A192GCM, 24 }), nil, false},
		"A128CBC-HS256, which v4's key would open": {v4().but(func(m *minting) { m.enc = jose.A128CBC_HS256 }), nil, false},
		"A192CBC-HS384":                            {v5(v5Cookie).but(noKid).but(func(m *minting) { m.enc, m.length = jose.A192CBC_HS384, 48 }), nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			id, ok, err := signIn(NewSessions(SessionOptions{
				Secrets: append([]string{}, pick(c.secrets, appSecret)...), Cookies: []string{v5Cookie},
				UserClaim: "sub", Now: at(noon),
			}), v5Cookie+"="+c.token.token(ann()))
			assert.Equal(t, c.ok, ok)
			if !c.ok {
				assert.Equal(t, ErrRejected, err)
				assert.Equal(t, Identity{}, id)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, Identity{UserID: "7", Expires: noon.Add(time.Hour).Local(), Ambient: true}, id)
		})
	}
}

// pick is the list, or, where there is none, the one.
func pick(list []string, one string) []string {
	if list == nil {
		return []string{one}
	}
	return list
}

func TestSessionsThatAreNoneAreRejected(t *testing.T) {
	good := v5(v5Cookie).token(ann())
	part := strings.Split(good, ".")
	headed := func(header string) string {
		return strings.Join(append([]string{base64.RawURLEncoding.EncodeToString([]byte(header))}, part[1:]...), ".")
	}
	for sentence, token := range map[string]string{
		"a letter":                           "x",
		"dots":                               "....",
		"more dots":                          ".....",
		"many dots":                          strings.Repeat(".", 10_000),
		"a part too few":                     strings.Join(part[:4], "."),
		"a part too many":                    good + ".",
		"a part twice":                       good + "." + part[4],
		"an encrypted key":                   part[0] + ".AAAA." + strings.Join(part[2:], "."),
		"padding":                            good + "=",
		"its own beginning":                  good[:len(good)-1],
		"half of it":                         good[:len(good)/2],
		"more behind it":                     good + "A",
		"the letters of plain base64":        part[0] + "..+/+/." + strings.Join(part[3:], "."),
		"no header":                          strings.Join(append([]string{""}, part[1:]...), "."),
		"no iv":                              strings.Join([]string{part[0], "", "", part[3], part[4]}, "."),
		"no tag":                             strings.Join([]string{part[0], "", part[2], part[3], ""}, "."),
		"nothing encrypted":                  strings.Join([]string{part[0], "", part[2], "", part[4]}, "."),
		"a header that is no JSON":           headed("{"),
		"a header that is a list":            headed("[]"),
		"a header that is null":              headed("null"),
		"a header without alg":               headed(`{"enc":"A256GCM"}`),
		"a header without enc":               headed(`{"alg":"dir"}`),
		"an enc that is no text":             headed(`{"alg":"dir","enc":1}`),
		"two algs":                           headed(`{"alg":"none","alg":"dir","enc":"A256CBC-HS512"}`),
		"alg none":                           headed(`{"alg":"none"}`),
		"alg none with enc":                  headed(`{"alg":"none","enc":"A256CBC-HS512"}`),
		"enc none":                           headed(`{"alg":"dir","enc":"none"}`),
		"alg in capitals":                    headed(`{"alg":"DIR","enc":"A256CBC-HS512"}`),
		"A256KW":                             headed(`{"alg":"A256KW","enc":"A256CBC-HS512"}`),
		"PBES2, which is made to be slow":    headed(`{"alg":"PBES2-HS512+A256KW","p2c":2147483647,"p2s":"AAAA","enc":"A256CBC-HS512"}`),
		"RSA-OAEP":                           headed(`{"alg":"RSA-OAEP","enc":"A256CBC-HS512"}`),
		"an unsigned token":                  "eyJhbGciOiJub25lIn0.eyJzdWIiOiI3In0.",
		"a signed token":                     "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.cAOIAifu3fykvhkHpbuhbvtH807-Z2rI1FS3vX1XMjE",
		"the JSON serialization":             `{"protected":"` + part[0] + `","iv":"` + part[2] + `","ciphertext":"` + part[3] + `","tag":"` + part[4] + `"}`,
		"in quotation marks":                 `"` + good + `"`,
		"percent-encoded":                    strings.ReplaceAll(good, ".", "%2E"),
		"a NUL behind it":                    good + "\x00",
		"a line end within":                  good[:300] + "\n" + good[300:],
		"a space within":                     good[:300] + " " + good[300:],
		"a letter that is not ASCII":         good[:300] + "é" + good[300:],
		"oversized":                          strings.Repeat("A", maxSessionText+1),
		"oversized in its encrypted part":    part[0] + ".." + part[2] + "." + strings.Repeat("A", maxSessionText) + "." + part[4],
		"the tag's beginning in the text":    part[0] + ".." + part[2] + "." + part[3] + part[4][:4] + "." + part[4][4:],
		"the text's end in the tag":          part[0] + ".." + part[2] + "." + part[3][:len(part[3])-4] + "." + part[3][len(part[3])-4:] + part[4],
		"the iv of another":                  part[0] + ".." + strings.Split(v5(v5Cookie).token(ann()), ".")[2] + "." + part[3] + "." + part[4],
		"two tokens":                         good + good,
		"two tokens with a comma between":    good + "," + good,
		"two tokens with two colons between": good + "::" + good,
	} {
		t.Run(sentence, func(t *testing.T) {
			id, ok, err := signIn(testSessions(), v5Cookie+"="+token)
			assert.Equal(t, ErrRejected, err)
			assert.False(t, ok)
			assert.Equal(t, Identity{}, id)
		})
	}
	_, ok, err := signIn(testSessions(), v5Cookie+"="+good)
	assert.True(t, ok, "but the one that they were made of is one")
	assert.NoError(t, err)
}

func TestNoSessionWithAnyByteChangedIsAccepted(t *testing.T) {
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for generation, token := range map[string]string{"v4": v4().token(ann()), "v5": v5(v5Cookie).token(ann())} {
		t.Run(generation, func(t *testing.T) {
			s := testSessions()
			for i := range len(token) {
				for bit := range 8 {
					changed := token[:i] + string([]byte{token[i] ^ 1<<bit}) + token[i+1:]
					_, ok, err := signIn(s, v5Cookie+"="+changed)
					require.False(t, ok, "bit %d of byte %d", bit, i)
					if !strings.Contains(changed, ";") { // that ends a cookie
						require.Equal(t, ErrRejected, err, "bit %d of byte %d", bit, i)
					}
				}
				for _, other := range []byte{letters[rand.IntN(len(letters))], '.', '='} {
					changed := token[:i] + string([]byte{other}) + token[i+1:]
					_, ok, _ := signIn(s, v5Cookie+"="+changed)
					require.Equal(t, changed == token, ok, "%q at %d", other, i)
				}
				_, ok, _ := signIn(s, v5Cookie+"="+token[:i]+token[i+1:])
				require.False(t, ok, "without byte %d", i)
				_, ok, _ = signIn(s, v5Cookie+"="+token[:i])
				require.False(t, ok, "its first %d bytes", i)
			}
			// The last character has bits to spare: only one of its texts is the session's.
			for i := range len(letters) {
				changed := token[:len(token)-1] + letters[i:i+1]
				_, ok, _ := signIn(s, v5Cookie+"="+changed)
				require.Equal(t, changed == token, ok, "%q at the end", letters[i])
			}
		})
	}
}

func TestSessionClaims(t *testing.T) {
	in := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for sentence, c := range map[string]struct {
		claim   string // empty: sub
		payload any
		user    string
		err     error
	}{
		"the user":                            {"", ann(), "7", nil},
		"an end in the fraction of a second":  {"", ann(payload{"exp": float64(in(time.Hour)) + 0.5}), "7", nil},
		"expired a second ago":                {"", ann(payload{"exp": in(-time.Second)}), "7", nil},
		"expired within the tolerance":        {"", ann(payload{"exp": in(-14 * time.Second)}), "7", nil},
		"expired by the tolerance":            {"", ann(payload{"exp": in(-15 * time.Second)}), "", ErrExpired},
		"expired long ago":                    {"", ann(payload{"exp": 0}), "", ErrExpired},
		"no exp":                              {"", ann(payload{"exp": absent}), "", ErrRejected},
		"an exp that is null":                 {"", ann(payload{"exp": nil}), "", ErrRejected},
		"an exp that is a text":               {"", ann(payload{"exp": fmt.Sprint(in(time.Hour))}), "", ErrRejected},
		"an exp before 1970":                  {"", ann(payload{"exp": -1}), "", ErrRejected},
		"an exp in milliseconds":              {"", ann(payload{"exp": in(time.Hour) * 1000}), "", ErrRejected},
		"an exp beyond all numbers":           {"", []byte(`{"sub":"7","exp":1e999}`), "", ErrRejected},
		"an exp that is true":                 {"", ann(payload{"exp": true}), "", ErrRejected},
		"two exps, the last of them past":     {"", []byte(fmt.Sprintf(`{"sub":"7","exp":%d,"exp":1}`, in(time.Hour))), "", ErrExpired},
		"an Exp is no exp":                    {"", ann(payload{"exp": absent, "Exp": in(time.Hour)}), "", ErrRejected},
		"no iat":                              {"", ann(payload{"iat": absent}), "7", nil},
		"an iat within the tolerance":         {"", ann(payload{"iat": in(15 * time.Second)}), "7", nil},
		"an iat in the future":                {"", ann(payload{"iat": in(16 * time.Second)}), "", ErrRejected},
		"an iat that is a text":               {"", ann(payload{"iat": "now"}), "", ErrRejected},
		"an nbf past":                         {"", ann(payload{"nbf": in(-time.Hour)}), "7", nil},
		"an nbf within the tolerance":         {"", ann(payload{"nbf": in(15 * time.Second)}), "7", nil},
		"not yet valid":                       {"", ann(payload{"nbf": in(16 * time.Second)}), "", ErrRejected},
		"an nbf that is null":                 {"", ann(payload{"nbf": nil}), "", ErrRejected},
		"not yet valid and expired":           {"", ann(payload{"nbf": in(time.Hour), "exp": 1}), "", ErrRejected},
		"a number":                            {"", ann(payload{"sub": 7}), "7", nil},
		"a large number":                      {"", []byte(fmt.Sprintf(`{"sub":12345678901234567890123,"exp":%d}`, in(time.Hour))), "12345678901234567890123", nil},
		"a negative number":                   {"", ann(payload{"sub": -7}), "-7", nil},
		"nought":                              {"", ann(payload{"sub": 0}), "0", nil},
		"less than nought":                    {"", []byte(fmt.Sprintf(`{"sub":-0,"exp":%d}`, in(time.Hour))), "", ErrRejected},
		"a number with a fraction":            {"", ann(payload{"sub": 7.5}), "", ErrRejected},
		"an integer written as a fraction":    {"", []byte(fmt.Sprintf(`{"sub":7.0,"exp":%d}`, in(time.Hour))), "", ErrRejected},
		"an integer written with an exponent": {"", []byte(fmt.Sprintf(`{"sub":7e0,"exp":%d}`, in(time.Hour))), "", ErrRejected},
		"a number of 129 digits":              {"", []byte(fmt.Sprintf(`{"sub":%s,"exp":%d}`, strings.Repeat("7", 129), in(time.Hour))), "", ErrRejected},
		"no sub":                              {"", ann(payload{"sub": absent}), "", ErrRejected},
		"a sub that is null":                  {"", ann(payload{"sub": nil}), "", ErrRejected},
		"a sub that is empty":                 {"", ann(payload{"sub": ""}), "", ErrRejected},
		"a sub that is true":                  {"", ann(payload{"sub": true}), "", ErrRejected},
		"a sub that is a list":                {"", ann(payload{"sub": []string{"7"}}), "", ErrRejected},
		"a sub that is an object":             {"", ann(payload{"sub": payload{"id": "7"}}), "", ErrRejected},
		"a Sub is no sub":                     {"", ann(payload{"sub": absent, "Sub": "7"}), "", ErrRejected},
		"128 characters":                      {"", ann(payload{"sub": strings.Repeat("é", 128)}), strings.Repeat("é", 128), nil},
		"129 characters":                      {"", ann(payload{"sub": strings.Repeat("x", 129)}), "", ErrRejected},
		"a NUL":                               {"", ann(payload{"sub": "7\x00"}), "", ErrRejected},
		"a line end":                          {"", ann(payload{"sub": "7\n"}), "", ErrRejected},
		"a control character of Latin-1":      {"", ann(payload{"sub": "7\u0085"}), "", ErrRejected},
		"bytes that are no UTF-8":             {"", []byte("{\"sub\":\"7\xff\",\"exp\":4102444800}"), "", ErrRejected},
		"bytes that are no UTF-8 elsewhere":   {"", []byte("{\"sub\":\"7\",\"name\":\"\xff\",\"exp\":4102444800}"), "", ErrRejected},
		"half a character":                    {"", []byte(`{"sub":"7\ud800","exp":4102444800}`), "", ErrRejected},
		"spaces are a part of it":             {"", ann(payload{"sub": " 7 "}), " 7 ", nil},
		"an escaped letter is the letter":     {"", []byte(`{"sub":"\u0037","exp":4102444800}`), "7", nil},
		"another claim":                       {"email", ann(), "ann@example.com", nil},
		"another claim, which is not there":   {"id", ann(), "", ErrRejected},
		"a nested claim":                      {"user.id", ann(payload{"user": payload{"id": "8"}}), "8", nil},
		"a claim that is nested deeper":       {"a.b.c", ann(payload{"a": payload{"b": payload{"c": 8}}}), "8", nil},
		"a nested claim that is not there":    {"user.id", ann(payload{"user": payload{"name": "x"}}), "", ErrRejected},
		"a nested claim without its object":   {"user.id", ann(), "", ErrRejected},
		"a nested claim in a text":            {"user.id", ann(payload{"user": "x"}), "", ErrRejected},
		"a nested claim in null":              {"user.id", ann(payload{"user": nil}), "", ErrRejected},
		"a nested claim in a list":            {"user.0", ann(payload{"user": []string{"8"}}), "", ErrRejected},
		"a claim with dots in its name":       {"https://example.com/id", ann(payload{"https://example.com/id": "8"}), "8", nil},
		"a claim with dots, inside an object": {"user.app.id", ann(payload{"user": payload{"app.id": "8"}}), "8", nil},
		"a payload that is a list":            {"", []byte(`["7"]`), "", ErrRejected},
		"a payload that is null":              {"", []byte(`null`), "", ErrRejected},
		"a payload that is no JSON":           {"", []byte(`sub=7`), "", ErrRejected},
		"a payload with more behind it":       {"", []byte(`{"sub":"7","exp":4102444800}{}`), "", ErrRejected},
		"an empty payload":                    {"", []byte{}, "", ErrRejected},
		"a payload that is nested very deep":  {"", []byte(strings.Repeat(`{"sub":`, 1500) + "7" + strings.Repeat("}", 1500)), "", ErrRejected},
		"a payload of other things":           {"", ann(payload{"roles": []string{"admin"}, "scopes": []string{"admin"}}), "7", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := testSessions()
			if c.claim != "" {
				s.userClaim = c.claim
			}
			id, ok, err := signIn(s, v4Cookie+"="+v4().token(c.payload))
			assert.Equal(t, c.err, err)
			assert.Equal(t, c.err == nil, ok)
			assert.Equal(t, c.user, id.UserID)
			assert.Empty(t, id.Scopes, "a session has no scopes, whatever it says")
		})
	}
}

func TestAnExpiredSessionOfAnotherAppIsOnlyWrong(t *testing.T) {
	expired := ann(payload{"exp": 1})
	_, _, err := signIn(testSessions(), v4Cookie+"="+v4().token(expired))
	assert.Equal(t, ErrExpired, err)
	_, _, err = signIn(testSessions(), v4Cookie+"="+v4().but(func(m *minting) { m.secret = "a guess" }).token(expired))
	assert.Equal(t, ErrRejected, err, "who can't make a session learns nothing of it")
}

func TestTheFirstOfTheNamesDecides(t *testing.T) {
	seven, eight := v5Cookie+"="+v5(v5Cookie).token(ann()), v4Cookie+"="+v4().token(ann(payload{"sub": "8"}))
	expired := v5Cookie + "=" + v5(v5Cookie).token(ann(payload{"exp": 1}))
	for sentence, c := range map[string]struct {
		header, user string
		err          error
	}{
		"in their order":              {seven + "; " + eight, "7", nil},
		"in another order":            {eight + "; " + seven, "7", nil},
		"an expired one too":          {eight + "; " + expired, "", ErrExpired},
		"a wrong one too":             {eight + "; " + v5Cookie + "=x", "", ErrRejected},
		"an empty one is not there":   {eight + "; " + v5Cookie + "=", "8", nil},
		"an empty chunk is not there": {eight + "; " + v5Cookie + ".0=", "8", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			id, _, err := signIn(testSessions(), c.header)
			assert.Equal(t, c.err, err)
			assert.Equal(t, c.user, id.UserID)
		})
	}
}

func TestSessionsWithoutASessionCookieKnowNobody(t *testing.T) {
	for _, header := range []string{"", ";", "; ;", "theme=dark", "authjs.csrf-token=x", v5Cookie, v5Cookie + "=", "x" + v5Cookie + "=x", strings.ToUpper(v5Cookie) + "=x", v5Cookie + "x=x", v5Cookie + ".x=x", v5Cookie + ".00=x", v5Cookie + ".-1=x", "x=" + v5Cookie + "=x", strings.Repeat("a=b; ", 10_000)} {
		id, ok, err := signIn(testSessions(), header)
		assert.NoError(t, err, header)
		assert.False(t, ok, header)
		assert.Equal(t, Identity{}, id)
	}
	_, ok, err := testSessions().Authenticate(t.Context(), Credentials{Authorization: "Bearer " + v5(v5Cookie).token(ann())})
	assert.NoError(t, err)
	assert.False(t, ok, "a session is no bearer token")
}

func TestChunkedSessions(t *testing.T) {
	long := ann(payload{"picture": strings.Repeat("p", 6000)})
	token := v5(v5Cookie).token(long)
	two := inChunks(v5Cookie, token, 4096)
	require.Len(t, two, 3)
	eleven := inChunks(v5Cookie, token, len(token)/11+1)
	require.Len(t, eleven, 11)
	sorted := slices.Clone(eleven)
	slices.Sort(sorted)
	require.Equal(t, eleven[10], sorted[1], "by letters the eleventh is the second")
	backwards := slices.Clone(eleven)
	slices.Reverse(backwards)
	without := func(i int) []string { return slices.Delete(slices.Clone(eleven), i, i+1) }
	with := func(list []string, more ...string) []string { return append(slices.Clone(list), more...) }
	small := v5(v5Cookie).token(ann())
	for sentence, c := range map[string]struct {
		cookies []string
		ok      bool
	}{
		"in chunks as Auth.js makes them":     {two, true},
		"in one chunk":                        {[]string{v5Cookie + ".0=" + small}, true},
		"in eleven chunks":                    {eleven, true},
		"in the order of letters":             {sorted, true},
		"backwards":                           {backwards, true},
		"other cookies between":               {slices.Insert(slices.Clone(eleven), 5, "theme=dark", v5Cookie+".x=1"), true},
		"a chunk twice, the same":             {with(eleven, eleven[3]), true},
		"a chunk twice, not the same":         {with(eleven, v5Cookie+".3=x"), false},
		"without the first":                   {without(0), false},
		"without one in the middle":           {without(5), false},
		"without the last":                    {without(10), false},
		"with an empty one in the middle":     {with(without(5), v5Cookie+".5="), false},
		"with a chunk of another session":     {with(without(5), strings.Replace(eleven[4], ".4=", ".5=", 1)), false},
		"with one more":                       {with(eleven, v5Cookie+".11=x"), false},
		"with a hole and one more":            {with(eleven, v5Cookie+".12=x"), false},
		"with a number that is written twice": {with(without(5), strings.Replace(eleven[5], ".5=", ".05=", 1)), false},
		"beginning with the second":           {[]string{v5Cookie + ".1=" + small}, false},
		"with a chunk of a high number":       {[]string{v5Cookie + ".0=" + small, v5Cookie + ".16=x"}, false},
		"a chunk beside the whole":            {[]string{v5Cookie + "=" + small, v5Cookie + ".0=" + small}, false},
		"in more chunks than may be":          {inChunks(v5Cookie, token, len(token)/17+1), false},
		"in chunks of one character":          {inChunks(v5Cookie, token, 1), false},
		"larger than a session may be":        {inChunks(v5Cookie, strings.Repeat("A", maxSessionText+1), 4000), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			id, ok, err := signIn(testSessions(), strings.Join(c.cookies, "; "))
			assert.Equal(t, c.ok, ok)
			if !c.ok {
				assert.Equal(t, ErrRejected, err)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, "7", id.UserID)
		})
	}
}

func TestAnAmbiguousSessionIsRejected(t *testing.T) {
	seven, eight := v4().token(ann()), v4().token(ann(payload{"sub": "8"}))
	_, ok, err := signIn(testSessions(), v4Cookie+"="+seven+"; "+v4Cookie+"="+eight)
	assert.Equal(t, ErrRejected, err)
	assert.False(t, ok)
	id, ok, err := signIn(testSessions(), v4Cookie+"="+seven+";"+v4Cookie+"="+seven)
	assert.NoError(t, err, "the same twice is not")
	assert.True(t, ok)
	assert.Equal(t, "7", id.UserID)
}

func TestSessionsAreReadAtOnceByMany(t *testing.T) {
	s, header := testSessions("new", appSecret), v4Cookie+"="+v4().token(ann())
	done := make(chan error)
	for range 16 {
		go func() {
			for range 20 {
				if id, _, err := signIn(s, header); err != nil || id.UserID != "7" {
					done <- fmt.Errorf("%v %w", id, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range 16 {
		assert.NoError(t, <-done)
	}
}
