package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// returning is how long a client may take to come back. It waits for the retry
// that it was given; some add a random part.
const returning = 30 * time.Second

// resumeID has what is easily changed on its way through a header.
const resumeID = "resume after:me/1,2;\"3\" %20+&=?"

// A crash and then a deployment: each time a client comes back by itself and
// sends the id of the last event, though the connection, heartbeat and error
// events since then had none. This server keeps no history over a restart, and
// says so.
func TestAClientComesBackWithItsLastEventID(t *testing.T) {
	s := startServer(t, "SSEACTOR_HEARTBEAT_INTERVAL=1s", "SSEACTOR_RETRY=300ms", "SSEACTOR_SHUTDOWN_RETRY_SPREAD=500ms")
	readings := map[string]*reading{}
	var faithful []client
	for _, c := range clients() {
		if c.returns {
			faithful = append(faithful, c)
			if c.missing() == nil {
				readings[c.name] = c.open(t, s.streamURL(c.name))
			}
		}
	}
	for _, r := range readings {
		r.connected(t, starting)
	}
	s.publish(t, text("the one to resume after", "hello").as("greeting").withID(resumeID).withRetry(300), len(readings))
	for _, r := range readings {
		r.until(t, "greeting", arriving)
		r.until(t, "heartbeat", arriving)
	}

	s.crash(t)
	s.start(t)
	for _, c := range faithful {
		t.Run("after a crash/"+c.name, func(t *testing.T) {
			need(t, c.missing())
			comesBack(t, readings[c.name])
		})
	}

	// No event with an id has come in between.
	s.stop(t)
	s.start(t)
	for _, c := range faithful {
		t.Run("after a deployment/"+c.name, func(t *testing.T) {
			need(t, c.missing())
			bye := readings[c.name].until(t, "error", arriving)
			assert.Contains(t, bye[len(bye)-1].Data, `"SERVER_SHUTDOWN"`, "a client is told why its stream ends")
			comesBack(t, readings[c.name])
		})
	}
}

func comesBack(t *testing.T, r *reading) {
	t.Helper()
	_, g := r.connected(t, returning)
	require.NotNil(t, g.Resume, "it came back without a Last-Event-ID")
	assert.Equal(t, resumeID, g.Resume.From)
	assert.Equal(t, "reset", g.Resume.Status, "nothing is known of that id any more, and the client is told")
	assert.Zero(t, g.Resume.Replayed)
}
