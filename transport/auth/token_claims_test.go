package auth_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

func at(d time.Duration) int64 { return noon.Add(d).Unix() }

func TestTheTimesOfATokenHold(t *testing.T) {
	const tolerance = 15 * time.Second
	for sentence, c := range map[string]struct {
		claims fields
		err    error
	}{
		"no end":                                {fields{"exp": absent}, auth.ErrRejected},
		"an end that is null":                   {fields{"exp": nil}, auth.ErrRejected},
		"an end that is a text":                 {fields{"exp": "1793620800"}, auth.ErrRejected},
		"an end in the year 10000":              {fields{"exp": 253402300800}, auth.ErrRejected},
		"an end in milliseconds":                {fields{"exp": at(time.Hour) * 1000}, auth.ErrRejected},
		"an end beyond all numbers":             {fields{"exp": 1e300}, auth.ErrRejected},
		"an end that is over":                   {fields{"exp": at(-time.Hour)}, auth.ErrExpired},
		"an end before the epoch":               {fields{"exp": -1}, auth.ErrExpired},
		"an end at the epoch":                   {fields{"exp": 0}, auth.ErrExpired},
		"an end that tolerance just reaches":    {fields{"exp": at(-14 * time.Second)}, nil},
		"an end that tolerance does not":        {fields{"exp": at(-15 * time.Second)}, auth.ErrExpired},
		"an end with a fraction":                {fields{"exp": float64(at(time.Minute)) + 0.5}, nil},
		"a beginning that is past":              {fields{"nbf": at(-time.Hour)}, nil},
		"a beginning that is now":               {fields{"nbf": at(0)}, nil},
		"a beginning that tolerance reaches":    {fields{"nbf": at(tolerance)}, nil},
		"a beginning that tolerance does not":   {fields{"nbf": at(tolerance + time.Second)}, auth.ErrRejected},
		"a beginning that is no number":         {fields{"nbf": "now"}, auth.ErrRejected},
		"a beginning beyond all numbers":        {fields{"nbf": 9.3e18}, auth.ErrRejected},
		"made an hour ago":                      {fields{"iat": at(-time.Hour)}, nil},
		"made within tolerance":                 {fields{"iat": at(tolerance)}, nil},
		"made in the future":                    {fields{"iat": at(tolerance + time.Second)}, auth.ErrRejected},
		"made at no number":                     {fields{"iat": []int{1}}, auth.ErrRejected},
		"over, and for somebody else":           {fields{"exp": at(-time.Hour), "aud": "x"}, auth.ErrRejected},
		"over, and nobody's":                    {fields{"exp": at(-time.Hour), "sub": absent}, auth.ErrRejected},
		"over, with a grant that is misspelled": {fields{"exp": at(-time.Hour), "sse": fields{"publsh": fields{}}}, auth.ErrRejected},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := atNoon(t, auth.TokenOptions{Tolerance: tolerance})
			if c.err != nil {
				requireRefused(t, c.err, tokens, hs.token(good.with(c.claims)))
				return
			}
			requireUser(t, "7", tokens, hs.token(good.with(c.claims)))
		})
	}
}

func TestATokenIsOverAtItsEnd(t *testing.T) {
	now := noon
	tokens := auth.NewTokens(auth.TokenOptions{Secrets: []string{tokenSecret}, Now: func() time.Time { return now }})
	token := hs.token(good)
	now = noon.Add(time.Hour - time.Nanosecond)
	requireUser(t, "7", tokens, token)
	now = noon.Add(time.Hour)
	requireRefused(t, auth.ErrExpired, tokens, token)
}

func TestOnlyWhoeverSignedATokenLearnsThatItIsOver(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	old := good.with(fields{"exp": at(-time.Hour)})
	requireRefused(t, auth.ErrExpired, tokens, hs.token(old))
	requireRefused(t, auth.ErrRejected, tokens, hmacKey(strings.Repeat("x", 32)).token(old))
}

func TestATokenIsForUs(t *testing.T) {
	for sentence, c := range map[string]struct {
		issuer, audience string
		claims           fields
		ok               bool
	}{
		"no issuer is asked for, and none said":    {"", "", fields{}, true},
		"no issuer is asked for":                   {"", "", fields{"iss": "anybody"}, true},
		"the issuer":                               {"https://id", "", fields{"iss": "https://id"}, true},
		"no issuer where one is wanted":            {"https://id", "", fields{}, false},
		"another issuer":                           {"https://id", "", fields{"iss": "https://other"}, false},
		"an issuer with a slash more":              {"https://id", "", fields{"iss": "https://id/"}, false},
		"an issuer in capitals":                    {"https://id", "", fields{"iss": "HTTPS://ID"}, false},
		"several issuers":                          {"https://id", "", fields{"iss": []string{"https://id"}}, false},
		"an issuer that is a number":               {"", "", fields{"iss": 7}, false},
		"the audience":                             {"", "sse", fields{"aud": "sse"}, true},
		"the audience among several":               {"", "sse", fields{"aud": []string{"app", "sse"}}, true},
		"no audience where one is wanted":          {"", "sse", fields{}, false},
		"another audience":                         {"", "sse", fields{"aud": "app"}, false},
		"an audience that begins so":               {"", "sse", fields{"aud": "sse2"}, false},
		"an audience in capitals":                  {"", "sse", fields{"aud": "SSE"}, false},
		"an empty list of audiences":               {"", "sse", fields{"aud": []string{}}, false},
		"an audience that is a number":             {"", "sse", fields{"aud": 7}, false},
		"an audience that is no text in a list":    {"", "sse", fields{"aud": []any{"sse", 7}}, false},
		"an audience where none is wanted":         {"", "", fields{"aud": "app"}, false},
		"an empty audience where none is wanted":   {"", "", fields{"aud": ""}, false},
		"an empty list where none is wanted":       {"", "", fields{"aud": []string{}}, false},
		"an audience null where none is wanted":    {"", "", fields{"aud": nil}, false},
		"the audience, but another issuer":         {"https://id", "sse", fields{"iss": "x", "aud": "sse"}, false},
		"Iss and Aud in capitals are other fields": {"https://id", "sse", fields{"Iss": "https://id", "Aud": "sse"}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := atNoon(t, auth.TokenOptions{Issuer: c.issuer, Audience: c.audience})
			if token := hs.token(good.with(c.claims)); c.ok {
				requireUser(t, "7", tokens, token)
			} else {
				requireRefused(t, auth.ErrRejected, tokens, token)
			}
		})
	}
}

func TestTheUserClaim(t *testing.T) {
	long := strings.Repeat("ü", 128)
	for sentence, c := range map[string]struct {
		claim  string
		claims fields
		user   string // empty: rejected
	}{
		"sub unless another is named":            {"", fields{"sub": "7", "id": "8"}, "7"},
		"another":                                {"id", fields{"sub": "7", "id": "8"}, "8"},
		"one in another":                         {"user.id", fields{"sub": "7", "user": fields{"id": "8"}}, "8"},
		"deeper":                                 {"a.b.c", fields{"a": fields{"b": fields{"c": "8"}}}, "8"},
		"a whole number":                         {"id", fields{"id": 8}, "8"},
		"a whole number of many digits":          {"id", fields{"id": uint64(9007199254740993)}, "9007199254740993"},
		"zero":                                   {"id", fields{"id": 0}, "0"},
		"128 characters":                         {"", fields{"sub": long}, long},
		"letters of all kinds":                   {"", fields{"sub": "Zoë 👩‍💻|auth0"}, "Zoë 👩‍💻|auth0"},
		"129 characters":                         {"", fields{"sub": long + "x"}, ""},
		"nothing in it":                          {"", fields{"sub": ""}, ""},
		"null":                                   {"", fields{"sub": nil}, ""},
		"zero, written otherwise":                {"id", fields{"id": json.RawMessage("-0")}, ""},
		"a number with an exponent":              {"id", fields{"id": json.RawMessage("1e3")}, ""},
		"an integer that is too long":            {"id", fields{"id": json.RawMessage(strings.Repeat("1", 129))}, ""},
		"a list":                                 {"", fields{"sub": []string{"7"}}, ""},
		"an object":                              {"user", fields{"sub": "7", "user": fields{"id": "8"}}, ""},
		"true":                                   {"", fields{"sub": true}, ""},
		"a fraction":                             {"", fields{"sub": 7.5}, ""},
		"an integer below zero":                  {"id", fields{"id": -8}, "-8"},
		"a name with dots in it":                 {"https://example.com/id", fields{"https://example.com/id": "8"}, "8"},
		"a name with dots before one inside":     {"user.id", fields{"user.id": "8", "user": fields{"id": "9"}}, "8"},
		"a name with dots, inside":               {"user.a.b", fields{"user": fields{"a.b": "8"}}, "8"},
		"a line end":                             {"", fields{"sub": "7\n8"}, ""},
		"a NUL":                                  {"", fields{"sub": "7\x00"}, ""},
		"a control character of the second kind": {"", fields{"sub": "7\u0085"}, ""},
		"the replacement character":              {"", fields{"sub": "7\ufffd"}, ""},
		"missing, and sub is another's name":     {"id", fields{"sub": "7"}, ""},
		"missing in an object":                   {"user.id", fields{"user": fields{}}, ""},
		"in something that is no object":         {"user.id", fields{"user": "7", "sse": fields{"scopes": []string{"admin"}}}, ""},
		"in null":                                {"user.id", fields{"user": nil, "sse": fields{"scopes": []string{"admin"}}}, ""},
		"of another case":                        {"id", fields{"ID": "8", "Id": "9"}, ""},
		"nobody at all":                          {"", fields{"sub": absent}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := atNoon(t, auth.TokenOptions{UserClaim: c.claim})
			token := hs.token(fields{"exp": at(time.Hour)}.with(c.claims))
			if c.user == "" {
				requireRefused(t, auth.ErrRejected, tokens, token)
				return
			}
			id, ok, err := ask(tokens, token)
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, auth.Identity{UserID: c.user, Expires: noon.Add(time.Hour).Local()}, id)
		})
	}
}

func TestClaimsThatAreNoneAreRejected(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	for sentence, payload := range map[string]string{
		"nothing":                          "",
		"no JSON":                          "sub=7",
		"a list":                           `[{"sub":"7","exp":1793624400}]`,
		"null":                             `null`,
		"a text":                           `"7"`,
		"an object without an end":         `{"sub":"7","exp":1793624400`,
		"something behind it":              `{"sub":"7","exp":1793624400}{}`,
		"a field twice":                    `{"sub":"7","sub":"8","exp":1793624400}`,
		"a byte that is no letter":         "{\"sub\":\"7\xff\",\"exp\":1793624400}",
		"such a byte where nobody looks":   "{\"sub\":\"7\",\"x\":\"\xff\",\"exp\":1793624400}",
		"half of a surrogate pair":         `{"sub":"\ud83d","exp":1793624400}`,
		"objects in objects without bound": `{"sub":"7","exp":1793624400,"x":` + strings.Repeat("[", 5000),
	} {
		t.Run(sentence, func(t *testing.T) { requireRefused(t, auth.ErrRejected, tokens, hs.token(payload)) })
	}
	requireUser(t, "7", tokens, hs.token(`{"sub":"7","exp":1793624400}`))
}
