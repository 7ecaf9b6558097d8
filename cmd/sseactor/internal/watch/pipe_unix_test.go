//go:build unix

package watch

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// To open a pipe that nobody writes to would wait for ever.
func TestAPipeIsNotOpened(t *testing.T) {
	r := newRig(t, "f")
	require.NoError(t, syscall.Mkfifo(r.path("f"), 0o600))
	assert.ErrorContains(t, r.watcher.Read(), "f: not a file")
	require.NoError(t, os.Remove(r.path("f")))
	r.write("f", "good")
	r.rest()
	assert.Equal(t, []string{"good"}, r.used)
	require.NoError(t, os.Remove(r.path("f")))
	require.NoError(t, syscall.Mkfifo(r.path("f"), 0o600))
	r.rest()
	assert.Equal(t, 1, r.faultsLogged())
}
