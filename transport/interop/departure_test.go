package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A client that leaves is gone from the server's count, without anything being
// sent to it. fasthttp alone would notice at the second failed write only.
func TestAClientThatLeavesIsNoticed(t *testing.T) {
	s := startServer(t, "SSEACTOR_HEARTBEAT_INTERVAL=1m") // nothing is written by itself
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			need(t, c.missing())
			require.Zero(t, s.active(t))
			r := c.open(t, s.streamURL(c.name))
			r.connected(t, starting)
			require.Equal(t, 1, s.active(t))

			r.close()
			left := time.Now()
			assert.Eventually(t, func() bool { return s.active(t) == 0 }, 5*time.Second, 10*time.Millisecond)
			took := time.Since(left)
			t.Logf("noticed after %v", took.Round(time.Millisecond))
			assert.Less(t, took, 2*time.Second)
		})
	}
}
