package interop

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// client is a program or a library of others that reads streams.
type client struct {
	name string
	// open starts to read url; what is seen comes in later.
	open func(t testing.TB, url string) *reading
	// missing says what this machine lacks for it; nil: nothing.
	missing func() error
	// returns: it comes back by itself when a stream ends.
	returns bool
}

// clients are the readers that every test is about. Of those that do not return,
// curl and eventsource-parser only read, and r3labs takes a stream's orderly end
// for the end of its work.
func clients() []client {
	none := func() error { return nil }
	return []client{
		{name: "curl", open: openCurlReading, missing: curlMissing},
		{name: "go-sse", open: openGoSSE, missing: none, returns: true},
		{name: "r3labs", open: openR3labs, missing: none},
		{name: "launchdarkly", open: openLaunchDarkly, missing: none, returns: true},
		{name: "npm eventsource", open: openNode("eventsource.mjs"), missing: nodeMissing, returns: true},
		{name: "npm eventsource-parser", open: openNode("parser.mjs"), missing: nodeMissing},
		{name: "undici", open: openNode("undici.mjs"), missing: nodeMissing, returns: true},
		{name: "Chromium", open: openChromium, missing: chromiumMissing, returns: true},
	}
}

// reading is a client at work.
type reading struct {
	events chan seen
	closed chan struct{}
	// end makes the client leave as its user would (EventSource.close(), a
	// cancelled context) and returns when it has done so.
	end func()
	// ask tells a script of node/ to do something else that it can.
	ask func(what string)
}

// newReading has room for more than any test publishes, so that a client is
// never held up by the test.
func newReading() *reading {
	return &reading{events: make(chan seen, 4096), closed: make(chan struct{})}
}

// saw hands over what the client dispatched.
func (r *reading) saw(typ, data, id string) {
	if typ == "" {
		typ = "message" // what libraries without a DOM leave empty
	}
	select {
	case r.events <- seen{Type: typ, Data: data, ID: id}:
	case <-r.closed:
	}
}

// close ends the reading once; more often does nothing.
func (r *reading) close() {
	select {
	case <-r.closed:
	default:
		close(r.closed)
		r.end()
	}
}

// until returns what was seen up to an event of that type, which comes last.
// Other heartbeats are left out: they come when they come.
func (r *reading) until(t testing.TB, typ string, within time.Duration) []seen {
	t.Helper()
	deadline := time.After(within)
	var all []seen
	for {
		select {
		case e := <-r.events:
			if e.Type == typ || e.Type != "heartbeat" {
				all = append(all, e)
			}
			if e.Type == typ {
				return all
			}
		case <-deadline:
			for i := range all {
				all[i].Data = short(all[i].Data)
			}
			require.Failf(t, "the client saw no "+typ, "within %v; it saw %d others: %+v", within, len(all), all[max(0, len(all)-5):])
		}
	}
}

// connected waits for the connection event and returns what it says.
func (r *reading) connected(t testing.TB, within time.Duration) (seen, greeting) {
	t.Helper()
	all := r.until(t, "connection", within)
	last := all[len(all)-1]
	var g greeting
	require.NoError(t, json.Unmarshal([]byte(last.Data), &g), last.Data)
	return last, g
}

// greeting is the data of a connection event.
type greeting struct {
	Status    string `json:"status"`
	ClientID  string `json:"clientId"`
	UserID    string `json:"userId"`
	SessionID string `json:"sessionId"`
	Timestamp string `json:"timestamp"`
	Resume    *struct {
		Status   string `json:"status"`
		From     string `json:"from"`
		Replayed *int   `json:"replayed"`
	} `json:"resume"`
	Replayed int `json:"replayed"` // behind a long replay
}

// short keeps failures readable.
func short(s string) string {
	if len(s) <= 100 {
		return s
	}
	return s[:60] + "…" + s[len(s)-30:]
}
