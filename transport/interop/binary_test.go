package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// binary builds the real program once for all tests; TestMain takes it away.
// SSEACTOR_BIN names one that is there already.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("SSEACTOR_BIN"); path != "" {
		return path, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	path := filepath.Join(scratch, "sseactor")
	args := []string{"build", "-o", path}
	if raceDetector {
		args = append(args, "-race") // real clients are a good way to meet a race
	}
	build := exec.CommandContext(ctx, "go", append(args, "./cmd/sseactor")...)
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building ./cmd/sseactor: %w\n%s", err, out)
	}
	return path, nil
})

var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "sseactor-interop-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch)
		return m.Run()
	}())
}
