package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
)

func loaded(t testing.TB, args ...string) *config.Config {
	t.Helper()
	c, err := config.Load(append([]string{"--mode", "development"}, args...), nil, os.ReadFile)
	require.NoError(t, err)
	return c
}
