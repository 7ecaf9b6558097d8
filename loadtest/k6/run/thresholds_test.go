//go:build linux

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A threshold that can't fail proves nothing: each is made to fail here, by a server
// or a proxy that does what it watches for.
func TestEachThresholdFails(t *testing.T) {
	for name, c := range map[string]struct {
		script   string // smoke by default
		settings []string
		server   []string
		faults   faults
		fails    []string // exactly these
	}{
		"an event that does not arrive":         {faults: faults{swallow: true}, fails: []string{"events_lost", "events_missing"}},
		"an event that arrives twice":           {faults: faults{repeat: true}, fails: []string{"events_missing", "events_repeated"}},
		"events in the wrong order":             {faults: faults{swap: true}, fails: []string{"events_out_of_order"}},
		"an event that was altered":             {faults: faults{damage: true}, fails: []string{"events_damaged", "events_lost", "events_missing"}},
		"a stream that can't be opened":         {faults: faults{badGateway: true}, fails: []string{"connect_errors"}},
		"an event that is not taken":            {faults: faults{unavailable: true}, fails: []string{"checks", "publish_errors"}},
		"an event that finds no receiver":       {faults: faults{deny: true}, fails: []string{"checks", "events_missing", "targets_missed"}},
		"events that take too long":             {settings: []string{"LATENCY_P95=0", "LATENCY_P99=0"}, fails: []string{"event_latency"}},
		"publishers that wait too long":         {settings: []string{"PUBLISH_P95=0"}, fails: []string{"http_req_duration{name:publish}"}},
		"a server that is full":                 {server: []string{"SSEACTOR_MAX_CLIENTS=3"}, settings: []string{"SETTLE=1s"}, fails: []string{"events_expected", "run_finished", "run_given_up", "streams_opened", "streams_refused"}},
		"a stream that is cut":                  {script: "soak", faults: faults{cut: true}, settings: []string{"DURATION=5s", "VISITORS=1"}, fails: []string{"events_lost", "events_missing", "streams_cut", "targets_missed"}},
		"streams that are still counted":        {script: "connections-10k", faults: faults{linger: true}, settings: []string{"LEAVE=1s"}, fails: []string{"events_missing", "streams_left_over"}},
		"a storm that takes too long":           {script: "spike", settings: []string{"RECOVERY=1ms", "CONNECT_P95=0"}, fails: []string{"connect_time", "storm_recovery"}},
		"slow consumers that nothing slows":     {script: "slow-consumers", settings: []string{"EVENTS=20", "WAIT=500ms"}, fails: []string{"slow_told"}},
		"drops of which slow ones are not told": {script: "slow-consumers", faults: faults{hideGaps: true}, fails: []string{"slow_dropped_untold", "slow_told"}},
		"a server that grows":                   {script: "soak", settings: []string{"METRICS_URL=" + growing(t), "MEMORY_GROWTH=50"}, fails: []string{"server_memory_growth"}},
		"a rate that is not reached":            {script: "publish-rate", settings: []string{"RATE=20000", "PUBLISHERS=1", "DURATION=2s"}, fails: []string{"dropped_iterations"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.script == "" {
				c.script = "smoke"
			}
			s := serve(t, c.server...)
			environment := append(append(s.environment(), patient...), small[c.script]...)
			if c.faults != (faults{}) {
				environment = append(environment, "BASE_URL="+through(t, s, c.faults))
			}
			o := try(t, c.script, append(environment, c.settings...)...)
			assert.Equal(t, 99, o.code)
			assert.Equal(t, c.fails, o.failed())
			assert.Contains(t, o.said, "FAILED after ")
			for _, metric := range c.fails {
				assert.Contains(t, o.said, "✗ "+metric+" ")
			}
		})
	}
}

// growing is the address of a /metrics of a process that takes more and more memory.
func growing(t *testing.T) string {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "process_resident_memory_bytes %d\n", asked.Add(1)<<20)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/metrics"
}
