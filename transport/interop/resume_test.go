package interop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
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
	require.NotNil(t, g.Resume.Replayed)
	assert.Zero(t, *g.Resume.Replayed)
}

// The server ends all streams, and much is sent before their clients are back: more than a
// stream's outbox takes at once. Each comes back by itself and gets all of it, in order and
// once, is told that it was all, and goes on.
func TestAClientThatWasCutGetsWhatItMissed(t *testing.T) {
	const missed = 600
	s := startServer(t, "SSEACTOR_RETRY=1s")
	readings := map[string]*reading{}
	for _, c := range clients() {
		if c.returns && c.missing() == nil {
			readings[c.name] = c.open(t, s.streamURL(c.name))
		}
	}
	for _, r := range readings {
		r.connected(t, starting)
	}
	last := s.publish(t, text("the last one seen", "hello").as("greeting"), len(readings))
	for _, r := range readings {
		r.until(t, "greeting", arriving)
	}

	var cut struct{ Disconnected int }
	s.call(t, http.MethodDelete, "/api/sse/admin/clients?topic="+topic, "", &cut)
	require.Equal(t, len(readings), cut.Disconnected)
	var batch, want []string
	for n := range missed {
		batch = append(batch, text("", fmt.Sprint("missed ", n)).body())
	}
	var sent struct{ Results []answer }
	s.call(t, http.MethodPost, "/api/sse", "["+strings.Join(batch, ",")+"]", &sent)
	for n, r := range sent.Results {
		want = append(want, fmt.Sprint(r.Event.ID, " missed ", n))
	}

	for _, c := range clients() {
		if !c.returns {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			need(t, c.missing())
			r := readings[c.name]
			_, g := r.connected(t, returning)
			require.NotNil(t, g.Resume, "it came back without a Last-Event-ID")
			assert.Equal(t, "resumed", g.Resume.Status)
			assert.Equal(t, last, g.Resume.From)
			assert.Nil(t, g.Resume.Replayed, "it is said behind them, they are many")

			all := r.until(t, "connection", arriving)
			var got []string
			for _, e := range all[:len(all)-1] {
				got = append(got, e.ID+" "+e.Data)
			}
			assert.True(t, slices.Equal(want, got), "%d events, from %.1q", len(got), got)
			require.NoError(t, json.Unmarshal([]byte(all[len(all)-1].Data), &g))
			assert.Equal(t, "replayed", g.Status)
			assert.Equal(t, missed, g.Replayed)
		})
	}
	s.publish(t, text("what is sent from then on", "hello again").as("greeting"), len(readings))
	for name, r := range readings {
		assert.Len(t, r.until(t, "greeting", arriving), 1, name)
	}
}

// What is marked persistent waits for a client that has never come, over a crash of the
// server, and comes before anything else.
func TestWhatWasKeptComesAfterACrash(t *testing.T) {
	s := startServer(t, "SSEACTOR_DATA_DIR="+t.TempDir())
	want := map[string][]string{}
	for _, c := range clients() {
		for n := range 3 {
			var a struct {
				answer
				Persisted bool `json:"persisted"`
			}
			data := fmt.Sprint("kept ", n)
			s.call(t, http.MethodPost, "/api/sse", `{"persistent":true,"sessionId":`+quote(c.name)+`,"data":`+quote(data)+`}`, &a)
			require.True(t, a.Persisted)
			want[c.name] = append(want[c.name], a.Event.ID+" "+data)
		}
	}
	s.crash(t)
	s.start(t)
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			need(t, c.missing())
			r := c.open(t, s.streamURL(c.name))
			_, g := r.connected(t, starting)
			require.NotNil(t, g.Resume)
			assert.Equal(t, "resumed", g.Resume.Status)
			assert.Empty(t, g.Resume.From, "there was no Last-Event-ID")
			require.NotNil(t, g.Resume.Replayed)
			assert.Equal(t, 3, *g.Resume.Replayed)
			for _, kept := range want[c.name] {
				e := r.until(t, "message", arriving)
				assert.Len(t, e, 1)
				assert.Equal(t, kept, e[0].ID+" "+e[0].Data)
			}
		})
	}
}
