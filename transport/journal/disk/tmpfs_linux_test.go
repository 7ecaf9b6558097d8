package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/journal"
)

// envMounter is set for a process of the tests that may mount.
const envMounter = "SSEACTOR_TEST_MAY_MOUNT"

// A real disk that is full: others have filled it, or the journal itself has. Root may
// mount a small one; anybody else, and root in a container, runs the test in a namespace of
// its own users and mounts, where the system lets them.
func TestARealDiskThatIsFull(t *testing.T) {
	unmount, err := mountSmall(t.TempDir(), 1<<20)
	switch {
	case err == nil:
		unmount(t)
	case !errors.Is(err, fs.ErrPermission):
		require.NoError(t, err, "mount a tmpfs")
	case os.Getenv(envMounter) != "":
		t.Skip("mount says: ", err)
	default:
		inNamespace(t, err)
		return
	}
	for sentence, c := range map[string]struct {
		size    int64
		reserve uint64
	}{
		"a small one":                           {8 << 20, 0},
		"a larger one":                          {20 << 20, 0},
		"a small one, used up to the last byte": {8 << 20, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			unmount, err := mountSmall(dir, c.size)
			require.NoError(t, err)
			t.Cleanup(func() { unmount(t) })
			realDiskThatIsFull(t, dir, c.size, c.reserve)
		})
	}
}

func mountSmall(dir string, size int64) (unmount func(*testing.T), err error) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", size)); err != nil {
		return nil, err
	}
	return func(t *testing.T) { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }, nil
}

// inNamespace runs the test that calls it in a process that may mount, in a namespace.
func inNamespace(t *testing.T, refused error) {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), envMounter+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	said, err := cmd.CombinedOutput()
	skipped := strings.Contains(string(said), "--- SKIP")
	if cmd.Process != nil && !skipped {
		require.NoError(t, err, "%s", said)
		return
	}
	why := fmt.Sprintf("there is no small disk to fill: mount says %v, and in a namespace of users %v %s; "+
		"run the tests as root (in a container with CAP_SYS_ADMIN), or allow user namespaces", refused, err, said)
	if os.Getenv("REQUIRE_ALL") == "1" {
		t.Fatal(why + "; and REQUIRE_ALL=1")
	}
	t.Skip(why)
}

func realDiskThatIsFull(t *testing.T, dir string, size int64, reserve uint64) {
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, size/2), 0o600))
	l := newLedger(t, nil)
	require.NoError(t, l.store.Close())
	options := l.store.options
	options.Dir, options.fs, options.reserve = filepath.Join(dir, "journal"), nil, reserve
	l.store = openTest(t, options)
	// Each time a quarter of the disk is given back, which is twice what the store leaves
	// free. Less need not help one that has found its disk full when it was opened.
	for _, left := range []int64{size / 4, 0} {
		failed := 0
		for i := 0; i < 10_000 && failed < 10; i++ {
			if err := l.append(20, 4000); err != nil {
				require.ErrorIs(t, err, journal.ErrFull)
				failed++
				l.later(retryAfter)
			}
		}
		require.Equal(t, 10, failed, "it is full")
		l.check("while it is full")
		require.NoError(t, l.store.Close())
		l.store = openTest(t, options)
		l.check("after a restart while it is full")

		require.NoError(t, os.Truncate(ballast, left))
		l.later(retryAfter)
		require.NoError(t, l.append(1, 1000), "there is room, whatever a compaction does with the rest of it")
		l.check("after there is room")
	}
	assert.Greater(t, len(l.kept), 500)
	require.NoError(t, l.store.Close())
}
