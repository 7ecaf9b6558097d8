//go:build unix

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
)

// Elsewhere a file's mode says nothing.

func TestAFileOfKeysIsForTheServerAlone(t *testing.T) {
	checkLeaks(t)
	for mode, unsafe := range map[os.FileMode]bool{
		0o600: false, 0o400: false, 0o640: false, 0o440: false, // a group, such as the server's, may read
		0o644: true, 0o604: true, 0o660: true, 0o620: true, 0o602: true, 0o601: true,
	} {
		t.Run("a file of keys of the mode "+mode.String(), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "keys")
			require.NoError(t, os.WriteFile(file, []byte("# none\n"), 0o600))
			require.NoError(t, os.Chmod(file, mode))
			log := saidAtTheStart(t, "--api-keys-file", file)
			assert.Equal(t, unsafe, strings.Contains(log, `"msg":"unsafe setting","setting":"api-keys-file","problem":"names a file that others may read or change: `+file))
			assert.Equal(t, unsafe, strings.Contains(log, `"fix":"chmod g-w,o= `+file))
		})
	}
}

func TestADirectoryOfEventsIsForTheServerAlone(t *testing.T) {
	dir := t.TempDir()
	for mode, unsafe := range map[os.FileMode]bool{0o700: false, 0o750: false, 0o755: true, 0o770: true} {
		require.NoError(t, os.Chmod(dir, mode))
		var said bytes.Buffer
		warnOfFiles([]config.SecretFile{{Setting: "data-dir", Path: dir}}, slog.New(slog.NewJSONHandler(&said, nil)))
		assert.Equal(t, unsafe, strings.Contains(said.String(), "names a directory that others may read or change"), "%o", mode)
	}
}

func TestPublicFilesMayBeReadAndNotChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jwt.pem")
	for mode, unsafe := range map[os.FileMode]bool{0o644: false, 0o600: false, 0o664: true, 0o646: true} {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		require.NoError(t, os.Chmod(file, mode))
		var said bytes.Buffer
		warnOfFiles([]config.SecretFile{{Setting: "jwt-keys-file", Path: file, Public: true}}, slog.New(slog.NewJSONHandler(&said, nil)))
		assert.Equal(t, unsafe, strings.Contains(said.String(), "names a file that others may change"), "%o", mode)
	}
}
