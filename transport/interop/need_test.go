package interop

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// need skips the test when something it drives is missing on this machine. On
// CI (REQUIRE_ALL=1) that is a failure: a check nobody runs proves
// nothing.
func need(t testing.TB, missing error) {
	t.Helper()
	if missing == nil {
		return
	}
	if os.Getenv("REQUIRE_ALL") == "1" {
		t.Fatalf("missing, and REQUIRE_ALL=1: %v", missing)
	}
	t.Skipf("missing: %v", missing)
}

// program finds a program: the value of the environment variable if it is set
// (CHROMIUM=/opt/chromium), else the name in PATH.
func program(variable, name string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		name = path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not here (install it, or set %s): %w", name, variable, err)
	}
	return path, nil
}
