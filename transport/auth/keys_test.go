package auth

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	appKey = "sse_app-0123456789abcdef"
	opsKey = "sse_ops-0123456789abcdef"
)

func testKeys() *Keys {
	return NewKeys([]Key{
		{Name: "app", Hash: HashKey(appKey), Scopes: []Scope{Publish, Metrics}},
		{Name: "ops", Hash: HashKey(opsKey), Scopes: []Scope{Admin}},
		{Name: "bare", Hash: HashKey("sse_bare-0123456789abcdef")},
	})
}

func TestKeys(t *testing.T) {
	for sentence, c := range map[string]struct {
		authorization string
		service       string // empty: unknown
	}{
		"the first key":                           {"Bearer " + appKey, "app"},
		"another key":                             {"Bearer " + opsKey, "ops"},
		"the scheme in small letters":             {"bearer " + appKey, "app"},
		"the scheme in capitals":                  {"BEARER " + appKey, "app"},
		"several spaces behind the scheme":        {"Bearer   " + appKey, "app"},
		"no header":                               {"", ""},
		"the scheme alone":                        {"Bearer", ""},
		"the scheme and a space":                  {"Bearer ", ""},
		"the key without a scheme":                {appKey, ""},
		"the key behind a colon":                  {"Bearer:" + appKey, ""},
		"a tab for the space":                     {"Bearer\t" + appKey, ""},
		"another scheme":                          {"Basic " + appKey, ""},
		"a scheme that begins the same":           {"Bearers " + appKey, ""},
		"a part of the key":                       {"Bearer " + appKey[:len(appKey)-1], ""},
		"the key and more":                        {"Bearer " + appKey + "0", ""},
		"the key in capitals":                     {"Bearer " + strings.ToUpper(appKey), ""},
		"two keys":                                {"Bearer " + appKey + " " + opsKey, ""},
		"the name of a key":                       {"Bearer app", ""},
		"name and key":                            {"Bearer app:" + appKey, ""},
		"a key of a megabyte":                     {"Bearer " + strings.Repeat("x", 1<<20), ""},
		"a NUL behind the key":                    {"Bearer " + appKey + "\x00", ""},
		"a space before the scheme":               {" Bearer " + appKey, ""},
		"the scheme's letters of other alphabets": {"Βearer " + appKey, ""}, // a Greek capital beta
	} {
		t.Run(sentence, func(t *testing.T) {
			id, ok, err := testKeys().Authenticate(context.Background(), Credentials{Authorization: c.authorization})
			require.NoError(t, err, "an unknown token may be another authenticator's")
			assert.Equal(t, c.service != "", ok)
			assert.Equal(t, c.service, id.Service)
			if !ok {
				assert.Equal(t, Identity{}, id)
			}
		})
	}
}

func TestAKeyHasItsScopesAndNoUser(t *testing.T) {
	id, _, err := testKeys().Authenticate(context.Background(), Credentials{Authorization: "Bearer " + appKey, Cookie: "user=7"})
	require.NoError(t, err)
	assert.Equal(t, Identity{Service: "app", Scopes: []Scope{Publish, Metrics}}, id)
	assert.True(t, id.Has(Publish))
	assert.True(t, id.Has(Metrics))
	assert.False(t, id.Has(Admin))
	assert.False(t, id.Has(""))
}

func TestNoKeysKnowNobody(t *testing.T) {
	_, ok, err := NewKeys(nil).Authenticate(context.Background(), Credentials{Authorization: "Bearer "})
	assert.NoError(t, err)
	assert.False(t, ok)
}

func TestAnIdentityIsKnownByServiceOrUser(t *testing.T) {
	assert.False(t, Identity{}.Known())
	assert.False(t, Identity{Scopes: []Scope{Admin}}.Known())
	assert.True(t, Identity{Service: "app"}.Known())
	assert.True(t, Identity{UserID: "7"}.Known())
}

func TestIsBearer(t *testing.T) {
	for sentence, c := range map[string]struct {
		header, token string
		want          bool
	}{
		"the token":                          {"Bearer t0ken", "t0ken", true},
		"the scheme in small letters":        {"bearer t0ken", "t0ken", true},
		"another token":                      {"Bearer t0kem", "t0ken", false},
		"a part of it":                       {"Bearer t0ke", "t0ken", false},
		"another scheme":                     {"Basic t0ken", "t0ken", false},
		"nothing":                            {"", "t0ken", false},
		"nothing is not the empty token":     {"", "", false},
		"a scheme is not the empty token":    {"Bearer ", "", false},
		"another scheme is not empty either": {"Basic x", "", false},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, IsBearer(c.header, c.token)) })
	}
}

func TestNewSecretsAreSecretsAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		s := NewSecret()
		assert.True(t, IsSecret(s), s)
		assert.False(t, seen[s])
		seen[s] = true
	}
}

func TestIsSecret(t *testing.T) {
	good := NewSecret()
	assert.True(t, IsSecret(good))
	for sentence, s := range map[string]string{
		"nothing": "", "the beginning alone": "sse_", "a digit too few": good[:len(good)-1], "a digit too many": good + "0",
		"two digits too many": good + "00", "no beginning": good[4:], "a line end behind it": good + "\n", "no digit": good[:len(good)-1] + "g",
	} {
		t.Run(sentence, func(t *testing.T) { assert.False(t, IsSecret(s)) })
	}
}
