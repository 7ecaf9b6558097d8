package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSend(t *testing.T) {
	p := startServer(t, "--mode", "development")
	listener := start(t, tail, []string{"SSE_URL=" + p.url, "SSE_KEY=" + testKey}, "--json", "--session", "s", "--topics", "news")
	listener.out.wait(t, `"event":"connection"`)
	env := []string{"SSE_URL=" + p.url, "SSE_KEY=" + testKey}
	for sentence, c := range map[string]struct {
		args []string
		in   string
		sent int
		want string // the event as tail prints it, without time and id
	}{
		"text":                              {[]string{"hello you"}, "", 1, `"event":"message","data":"hello you"`},
		"JSON":                              {[]string{`{"a": [1]}`}, "", 1, `"event":"message","data":"{\"a\":[1]}"`},
		"a name and a session":              {[]string{"--event", "note", "--session", "s", "1"}, "", 1, `"event":"note","data":"1"`},
		"topics":                            {[]string{"--topics", "news,other", "2"}, "", 1, `"event":"message","data":"2"`},
		"nobody there":                      {[]string{"--user", "nobody", "3"}, "", 0, ""},
		"unknown clients":                   {[]string{"--clients", "x,y", "4"}, "", 0, ""},
		"standard input":                    {[]string{"-"}, "two\nlines", 1, `"event":"message","data":"two\nlines"`},
		"an empty text":                     {[]string{""}, "", 1, `"event":"message","data":""`},
		"an id of one's own and a priority": {[]string{"--id", "mine", "--priority", "high", "5"}, "", 1, `"event":"message","id":"mine","data":"5"`},
	} {
		t.Run(sentence, func(t *testing.T) {
			out, errs, err := do(t, send, env, c.in, c.args...)
			require.NoError(t, err, errs)
			var answer struct {
				Success    bool
				EventsSent int
				Event      struct{ ID string }
			}
			require.NoError(t, json.Unmarshal([]byte(out), &answer), out)
			assert.True(t, answer.Success)
			assert.Equal(t, c.sent, answer.EventsSent)
			if c.sent > 0 {
				listener.out.wait(t, `"id":"`+answer.Event.ID+`"`)
				for line := range strings.Lines(listener.out.String()) {
					if strings.Contains(line, `"id":"`+answer.Event.ID+`"`) {
						line = strings.Replace(line, `"id":"`+answer.Event.ID+`",`, "", 1)
						assert.Contains(t, line, strings.Replace(c.want, `"id":"mine",`, "", 1))
					}
				}
			}
		})
	}
	for sentence, c := range map[string]struct {
		args []string
		env  []string
		want string
	}{
		"an empty target is no broadcast": {[]string{"--user", "", "x"}, env, "userId: empty"},
		"no topics are no broadcast":      {[]string{"--topics", "", "x"}, env, "topics[0]: empty"},
		"no key":                          {[]string{"x"}, env[:1], "401 UNAUTHORIZED"},
		"a key is reused":                 {[]string{"--idempotency-key", "k", "other"}, env, "422 IDEMPOTENCY_KEY_REUSED"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if sentence == "a key is reused" {
				_, _, err := do(t, send, env, "", "--idempotency-key", "k", "first")
				require.NoError(t, err)
			}
			_, _, err := do(t, send, c.env, "", c.args...)
			assert.ErrorContains(t, err, c.want)
		})
	}
	t.Run("a key from a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(file, []byte(testKey+"\n"), 0o600))
		_, _, err := do(t, send, nil, "", "--url", p.url, "--key-file", file, "x")
		assert.NoError(t, err)
	})
	require.NoError(t, listener.end())
	require.NoError(t, p.end())
}

func TestHealthcheck(t *testing.T) {
	p := startServer(t)
	out, errs, err := do(t, healthcheck, nil, "", "--url", p.url)
	require.NoError(t, err)
	assert.Empty(t, out+errs)
	require.NoError(t, p.end())
	_, _, err = do(t, healthcheck, nil, "", "--url", p.url)
	assert.Error(t, err)
}

// The server goes away and comes back; tail says so, waits as it was told, resumes
// from its last event and prints what comes then.
func TestTailComesBackByItself(t *testing.T) {
	addr := freeAddr(t)
	args := []string{"--addr", addr, "--mode", "development", "--retry", "100ms", "--shutdown-retry-spread", "0s"}
	p := startServer(t, args...)
	listener := start(t, tail, []string{"SSE_URL=http://" + addr}, "--topics", "news")
	listener.out.wait(t, `connection  \n    \{"status":"connected"`)
	env := []string{"SSE_URL=http://" + addr, "SSE_KEY=" + testKey}
	_, _, err := do(t, send, env, "", "--id", "before-1", "before\nthe restart")
	require.NoError(t, err)
	listener.out.wait(t, `message  before-1\n    before\n    the restart\n`)
	require.NoError(t, p.end())
	listener.out.wait(t, `error  \n    .*SERVER_SHUTDOWN`)
	listener.err.wait(t, `the stream ended \(.*\); back in 100ms\n`)

	p = startServer(t, args...)
	listener.out.wait(t, `"resume":\{"status":"reset","from":"before-1"`)
	_, _, err = do(t, send, env, "", "--id", "after-1", "after")
	require.NoError(t, err)
	listener.out.wait(t, `message  after-1\n    after\n`)
	require.NoError(t, listener.end(), "the signal is its proper end")
	require.NoError(t, p.end())
}

func TestTailOfAUserNeedsAKey(t *testing.T) {
	p := startServer(t)
	_, errs, err := do(t, tail, []string{"SSE_URL=" + p.url}, "", "--user", "7")
	assert.ErrorContains(t, err, "401 UNAUTHORIZED", "it does not try again: waiting heals nothing")
	assert.Empty(t, errs)
	listener := start(t, tail, []string{"SSE_URL=" + p.url, "SSE_KEY=" + testKey}, "--user", "7", "--last-event-id", "x", "--all")
	listener.out.wait(t, `"userId":"7".*"from":"x"`)
	require.NoError(t, listener.end())
	require.NoError(t, p.end())
}
