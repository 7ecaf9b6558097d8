package interop

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	starting = 30 * time.Second // Chromium on a busy machine
	arriving = 20 * time.Second // all events, the large ones too
)

var assigned = regexp.MustCompile(`^[0-9]+-[0-9]+$`)

// All clients at once on one topic get the same frames. Each must see what was
// published, in order, once, and nothing else.
func TestEveryClientSeesWhatWasPublished(t *testing.T) {
	need(t, curlMissing())                            // the raw bytes say whose fault a difference is
	for _, io := range []string{"auto", "portable"} { // the two ways to write streams
		t.Run("stream-io "+io, func(t *testing.T) {
			clientsSeeWhatWasPublished(t, startServer(t, "SSEACTOR_STREAM_IO="+io, "SSEACTOR_HEARTBEAT_INTERVAL=1s"))
		})
	}
}

func clientsSeeWhatWasPublished(t *testing.T, s *server) {
	wire := openCurl(t, s.streamURL("the-wire"))
	wire.connected(t, starting)

	readings := map[string]*reading{}
	for _, c := range clients() {
		if c.missing() == nil {
			readings[c.name] = c.open(t, s.streamURL(c.name))
		}
	}
	for name, r := range readings {
		event, g := r.connected(t, starting)
		assert.Empty(t, event.ID, "%s: a connection event moves no last event ID", name)
		assert.Equal(t, "connected", g.Status, name)
		assert.Equal(t, name, g.SessionID)
		assert.NotEmpty(t, g.ClientID, name)
		assert.Nil(t, g.Resume, "%s: there was no Last-Event-ID", name)
		_, err := time.Parse("2006-01-02T15:04:05.000Z", g.Timestamp)
		assert.NoError(t, err, name)
	}

	published, want := publishAll(t, s, len(readings)+1)

	// A heartbeat has no id, so the last one stands.
	beat := seen{Type: "heartbeat", ID: want[len(want)-1].ID}

	t.Run("bytes", func(t *testing.T) {
		compare(t, "", published, want, wire.until(t, last().event, arriving))
		compareHeartbeat(t, "", beat, wire.reading)
		checkWire(t, wire, published)
	})
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			need(t, c.missing())
			compare(t, c.name, published, want, readings[c.name].until(t, last().event, arriving))
			compareHeartbeat(t, c.name, beat, readings[c.name])
		})
	}
}

// publishAll publishes the lists and returns them with what clients must see.
func publishAll(t *testing.T, s *server, receivers int) (published []event, want []seen) {
	t.Helper()
	one := func(e event) {
		id := s.publish(t, e, receivers)
		if e.id == "" {
			assert.Regexp(t, assigned, id, e.name)
		} else {
			assert.Equal(t, e.id, id, e.name)
		}
		published, want = append(published, e), append(want, e.expected(id))
	}
	for _, e := range events() {
		one(e)
	}
	s.publishBatch(t, burst(), receivers)
	for _, e := range burst() {
		published, want = append(published, e), append(want, e.expected(e.id))
	}
	one(last())
	return published, want
}

// compare wants exactly those events, save where the client is known to stray.
func compare(t *testing.T, client string, published []event, want, got []seen) {
	t.Helper()
	var names []string
	var expected []seen
	for i, e := range published {
		if w, dispatched := strays(t, client, e.name, want[i]); dispatched {
			names, expected = append(names, e.name), append(expected, w)
		}
	}
	ids := func(events []seen) (ids []string) {
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		return ids
	}
	require.Equal(t, ids(expected), ids(got), "ids in order: a client missed some, saw some twice or made some up")
	for i := range got {
		assert.Equal(t, expected[i].Type, got[i].Type, "the type of %q", names[i])
		if got[i].Data != expected[i].Data {
			at := 0
			for at < min(len(got[i].Data), len(expected[i].Data)) && got[i].Data[at] == expected[i].Data[at] {
				at++
			}
			assert.Failf(t, "wrong data", "%q differs at byte %d (%d bytes, expected %d): %q, expected %q", names[i], at,
				len(got[i].Data), len(expected[i].Data), short(got[i].Data[at:]), short(expected[i].Data[at:]))
		}
	}
}

// compareHeartbeat waits for the server's next heartbeat.
func compareHeartbeat(t *testing.T, client string, want seen, r *reading) {
	t.Helper()
	all := r.until(t, "heartbeat", arriving)
	require.Len(t, all, 1, "nothing but heartbeats was left to come")
	want.Data = all[0].Data
	want, _ = strays(t, client, "a heartbeat", want)
	assert.Equal(t, want, all[0])
}
