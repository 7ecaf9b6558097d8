package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hidden = "hunter2" // in every secret of these tests

func TestASecretIsOnlyRevealed(t *testing.T) {
	s := NewSecret(hidden)
	assert.Equal(t, hidden, s.Reveal())
	assert.True(t, s.IsSet())
	assert.Empty(t, Secret{}.Reveal())
	assert.False(t, NewSecret("").IsSet())
	assert.Equal(t, "[unset]", fmt.Sprint(NewSecret("")))
	assert.Equal(t, "[set]", fmt.Sprintf("%#v", s))
	assert.Equal(t, "[set]", s.GoString())
}

// allOutputs is what the ways of printing, encoding and logging make of v.
func allOutputs(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	encoded, err := json.Marshal(v)
	require.NoError(t, err)
	out["json"] = string(encoded)
	var text, asJSON strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("started", "config", v)
	slog.New(slog.NewJSONHandler(&asJSON, nil)).Info("started", "config", v)
	out["slog text"], out["slog json"] = text.String(), asJSON.String()
	return out
}

func TestNoOutputShowsASecret(t *testing.T) {
	secret := hidden + "-0123456789abcdef"
	long := secret + secret
	c := load(t, []string{"--config=sse.conf", "--metrics-token", secret}, []string{"SSEACTOR_API_KEYS=app:" + secret, "AUTH_SECRET=" + secret},
		"jwt-secret = "+long+"\nsession-id-secret = "+long)
	require.Equal(t, secret, c.MetricsToken.Reveal())
	for _, all := range [][]Secret{c.AuthSecrets, c.JWTSecrets, c.SessionIDSecrets} {
		require.Len(t, all, 1)
		require.Contains(t, all[0].Reveal(), hidden)
	}
	require.Equal(t, secret, c.APIKeys[0].Key.Reveal())

	type private struct { // fmt calls no methods below an unexported field
		config Config
		key    APIKey
		token  Secret
	}
	for what, v := range map[string]any{
		"Config": *c, "*Config": c, "APIKeys": c.APIKeys, "APIKey": c.APIKeys[0], "Secret": c.MetricsToken, "*Secret": &c.MetricsToken,
		"Secrets": c.AuthSecrets, "Warnings": c.Warnings(), "SecretFiles": c.SecretFiles(),
		"unexported fields": private{*c, c.APIKeys[0], c.MetricsToken}, "map": map[string]any{"a": c},
	} {
		for way, out := range allOutputs(t, v) {
			assert.NotContains(t, out, hidden, "%s by %s", what, way)
			assert.NotContains(t, out, fmt.Sprintf("%x", hidden), "%s by %s", what, way)
			assert.NotContains(t, out, fmt.Sprintf("%X", hidden), "%s by %s", what, way)
		}
	}
}

func TestNoFaultShowsASecret(t *testing.T) {
	long := hidden + "0123456789abcdef"
	wrong := []string{ // as api-keys and as metrics-token
		hidden, hidden + ":" + long + ":" + long, long + "," + long, "a:" + long + ":" + hidden, "a:" + long + ":publish:" + hidden,
		"a:" + long + " x", long + "ü", strings.Repeat(long, 20), "a:" + long + ",a:" + long + "x", "a b " + long + ":" + long, "a:" + long + ",", `"` + long,
	}
	var errs []error
	fail := func(args, environ []string, file string) {
		t.Helper()
		_, err := Load(args, environ, fileOf(file))
		require.Error(t, err)
		errs = append(errs, err)
	}
	for _, name := range []string{"api-keys", "metrics-token", "jwt-secret", "session-id-secret"} {
		for _, w := range wrong {
			if strings.HasSuffix(name, "-secret") {
				w = hidden + "," + w // one of them is too short at any rate
			}
			fail([]string{"--nonsense", "--" + name + "=" + w}, nil, "")
			fail([]string{"--" + name, w, w}, nil, "")
			fail(nil, []string{environment.assign(name, w), environment.assign(name, w)}, "")
			fail([]string{"--config=sse.conf"}, nil, name+" = "+w+"\n"+name+" = "+w)
			fail([]string{"--config=sse.conf"}, nil, name+" "+w)                // no =
			fail([]string{"--config=sse.conf"}, nil, name+" = a:\n"+w+"==")     // wrapped, ends as base64 does
			fail([]string{"--config=sse.conf"}, nil, name+` = "`+w+`" `+w)      // after the quote
			fail([]string{"--config=sse.conf"}, nil, name+` = "`+w)             // quote not closed
			fail([]string{"--config=sse.conf"}, nil, name+` = #`+w)             // comment or value
			fail([]string{"--config=sse.conf"}, nil, name+" = "+w+"\xff")       // not text
			fail([]string{"--config=sse.conf"}, nil, name+" = "+w+"\x01")       // control character
			fail([]string{"--" + name[:len(name)-1], w}, nil, "")               // misspelt
			fail([]string{"--" + name[:len(name)-1] + "=" + w}, nil, "")        // misspelt
			fail([]string{"--" + name[:len(name)-1], "-" + w}, nil, "")         // misspelt, value with a dash
			fail(nil, []string{environment.spell(name[1:]) + "=" + w}, "")      // misspelt
			fail([]string{"--allowed-origins=https://u:" + w + "@h"}, nil, "")  // password in an origin
			fail([]string{w}, nil, "")                                          // stray
			fail([]string{"--mode=development", "-" + w + "=" + w}, nil, "")    // stray, with a dash
			fail([]string{"--config=sse.conf"}, nil, w+"\n\n"+w+" = "+w+"\n\n") // no name
		}
	}
	for _, err := range errs {
		for _, out := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", errors.Unwrap(err))} {
			require.NotContains(t, out, hidden)
		}
		encoded, jsonErr := json.Marshal(err)
		require.NoError(t, jsonErr)
		require.NotContains(t, string(encoded), hidden)
	}
}

func TestTheLogSaysWhatWasSetAndWhere(t *testing.T) {
	c := load(t, []string{"--max-clients=5", "--config=sse.conf"}, []string{testEnv, "SSEACTOR_RETRY=1m"}, "\npublic-topics = a,b")
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("starting", "config", c)
	var line struct {
		Config map[string]struct{ Value, From string }
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &line))
	assert.Equal(t, map[string]struct{ Value, From string }{
		"config":        {"sse.conf", "--config"},
		"api-keys":      {"[set: 1]", "SSEACTOR_API_KEYS"},
		"public-topics": {"a,b", "sse.conf:2"},
		"max-clients":   {"5", "--max-clients"},
		"retry":         {"1m", "SSEACTOR_RETRY"},
	}, line.Config)
	assert.Equal(t, "config=sse.conf (from --config), api-keys=[set: 1] (from SSEACTOR_API_KEYS), public-topics=a,b (from sse.conf:2), "+
		"max-clients=5 (from --max-clients), retry=1m (from SSEACTOR_RETRY)", c.String())
	assert.Equal(t, "all settings at their defaults", Config{}.String())
}
