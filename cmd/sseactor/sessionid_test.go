package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

const (
	newSecret = "new-0123456789abcdef0123456789abcdef"
	oldSecret = "old-0123456789abcdef0123456789abcdef"
)

func TestASignedSessionID(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(newSecret+"\n"), 0o600))
	for sentence, c := range map[string]struct {
		env  []string
		args []string
		good time.Duration
	}{
		"with the environment's secret":  {[]string{envSessionIDSecret + "=" + newSecret}, []string{"kiosk-7"}, time.Hour},
		"with the newest of several":     {[]string{envSessionIDSecret + "=" + newSecret + "," + oldSecret}, []string{"kiosk-7"}, time.Hour},
		"with a file's":                  {nil, []string{"--secret-file", file, "kiosk-7"}, time.Hour},
		"with a file's, which wins":      {[]string{envSessionIDSecret + "=" + oldSecret}, []string{"--secret-file", file, "kiosk-7"}, time.Hour},
		"for longer":                     {[]string{envSessionIDSecret + "=" + newSecret}, []string{"--ttl", "48h", "kiosk-7"}, 48 * time.Hour},
		"of a session that begins so: -": {[]string{envSessionIDSecret + "=" + newSecret}, []string{"--", "-kiosk"}, time.Hour},
	} {
		t.Run(sentence, func(t *testing.T) {
			before := time.Now()
			out, errs, err := do(t, signSessionID, c.env, "", c.args...)
			require.NoError(t, err)
			assert.Empty(t, errs)
			id := strings.TrimSuffix(out, "\n")
			session, expires, err := auth.NewSessionIDs(newSecret).Verify(id, before)
			require.NoError(t, err)
			assert.Equal(t, c.args[len(c.args)-1], session)
			assert.False(t, expires.Before(before.Add(c.good).Truncate(time.Second)))
			assert.False(t, expires.After(time.Now().Add(c.good)))
			_, _, err = auth.NewSessionIDs(oldSecret).Verify(id, before)
			assert.Error(t, err)
		})
	}
}

func TestSessionIDsThatAreNotSigned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("hunter2\n"), 0o600))
	env := []string{envSessionIDSecret + "=" + newSecret}
	for sentence, c := range map[string]struct {
		env   []string
		args  []string
		fault string
	}{
		"no session":                 {env, nil, "session-id takes one argument"},
		"flags behind the session":   {env, []string{"s", "--ttl", "1h"}, "behind the flags"},
		"an empty session":           {env, []string{""}, "SESSION: empty"},
		"a session that is no ASCII": {env, []string{"größe"}, "SESSION: byte 2"},
		"a session that is too long": {env, []string{strings.Repeat("x", auth.MaxSignedSession+1)}, "SESSION: auth: a session of"},
		"a time that is over":        {env, []string{"--ttl", "-1h", "s"}, "--ttl: -1h0m0s; 1s to"},
		"a time without end":         {env, []string{"--ttl", "1000000h", "s"}, "--ttl: "},
		"no secret":                  {nil, []string{"s"}, "the secret: there is none; give --secret-file, or SSEACTOR_SESSION_ID_SECRET"},
		"a short secret":             {[]string{envSessionIDSecret + "=hunter2"}, []string{"s"}, "the secret: entry 1 is shorter than 32 bytes"},
		"a short secret in a file":   {env, []string{"--secret-file", file, "s"}, "the secret: entry 1 is shorter than 32 bytes"},
		"a file that is not there":   {env, []string{"--secret-file", file + "-no", "s"}, "read the secret: open "},
	} {
		t.Run(sentence, func(t *testing.T) {
			out, errs, err := do(t, signSessionID, c.env, "", c.args...)
			require.ErrorContains(t, err, c.fault)
			assert.Empty(t, out)
			for _, secret := range []string{"hunter2", newSecret} {
				assert.NotContains(t, errs+err.Error(), secret)
			}
		})
	}
}
