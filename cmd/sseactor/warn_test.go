package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// saidAtTheStart is the log of a server that is started and ended.
func saidAtTheStart(t *testing.T, args ...string) string {
	t.Helper()
	p := start(t, serve, []string{"SSEACTOR_API_KEYS=app:" + longSecret}, append([]string{"--addr", "127.0.0.1:0", "--log-format", "json"}, args...)...)
	p.err.wait(t, `"msg":"sseactor is serving"`)
	require.NoError(t, p.end())
	return p.err.String()
}

func TestUnsafeSettingsAreSaidAtTheStart(t *testing.T) {
	checkLeaks(t)
	t.Run("none, of a good configuration", func(t *testing.T) {
		assert.NotContains(t, saidAtTheStart(t), unsafeSetting)
	})
	t.Run("each with its problem and what to do", func(t *testing.T) {
		log := saidAtTheStart(t, "--public-topics", "*", "--user-sends", "anything")
		assert.Equal(t, 2, strings.Count(log, unsafeSetting))
		assert.Contains(t, log, `"level":"WARN","msg":"unsafe setting","setting":"public-topics","problem":"lets anybody subscribe to every topic","fix":"name the topics that are for everybody"`)
		assert.Contains(t, log, `"setting":"user-sends"`)
	})
	t.Run("none in development", func(t *testing.T) {
		assert.NotContains(t, saidAtTheStart(t, "--mode", "development"), unsafeSetting)
	})
}
