package stream

import (
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The runtime's own poller opens descriptors at its first use: before any test
	// counts them.
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
	}
	goleak.VerifyTestMain(m)
}

// descriptors is how many the process has open.
func descriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		without(t, "/proc to count descriptors in")
	}
	return len(all)
}

// without skips a test that can't be without something; with REQUIRE_ALL=1 it fails.
func without(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_ALL") == "1" {
		t.Fatal("there is no " + what + "; and REQUIRE_ALL=1")
	}
	t.Skip("there is no " + what)
}
