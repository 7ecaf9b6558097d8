//go:build linux

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// small are runs of all scripts that take seconds.
var small = map[string][]string{
	"smoke":           {"EVENTS=3"},
	"connections-10k": {"STREAMS=200", "RAMP=2s", "HOLD=500ms", "BROADCASTS=5", "INTERVAL=200ms", "TARGETED=200", "RATE=200", "DRAIN=1s"},
	"spike":           {"STREAMS=100", "STORMS=2", "RAMP=1s", "SPREAD=200ms", "BROADCASTS=2"},
	"soak":            {"STREAMS=50", "VISITORS=20", "VISIT=1s", "RAMP=1s", "DURATION=5s", "INTERVAL=100ms", "REPORT=2s", "MEMORY_GROWTH=100"},
	"slow-consumers":  {"STREAMS=10", "SLOW=3", "EVENTS=200", "SIZE=60000", "RATE=60", "RAMP=500ms", "WAIT=3s"},
	"publish-rate":    {"STREAMS=50", "RATE=200", "RAMP=1s", "SETTLE=2s", "DURATION=3s"},
}

// patient are latencies for a machine that does other things as well.
var patient = []string{"LATENCY_P95=5000", "LATENCY_P99=5000", "PUBLISH_P95=5000"}

func TestEachScriptPasses(t *testing.T) {
	for script, settings := range small {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			o := try(t, script, append(append(s.environment(), patient...), settings...)...)
			assert.Zero(t, o.code)
			assert.Empty(t, o.failed())
			assert.Greater(t, len(o.metrics), 30)
			assert.Contains(t, o.said, script+", "+s.base+": passed after ")
			assert.NotContains(t, o.said, s.key)
			assert.GreaterOrEqual(t, o.metrics["sse_event"].Values["count"], o.metrics["events_expected"].Values["count"])
		})
	}
}

func TestAServerThatOthersUse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	other := openStream(t, s)
	t.Run("is left alone", func(t *testing.T) {
		o := try(t, "smoke", s.environment()...)
		assert.Equal(t, 107, o.code)
		assert.Contains(t, o.said, "the server has 1 streams already")
	})
	t.Run("is tested on a topic of its own", func(t *testing.T) {
		o := try(t, "smoke", append(append(s.environment(), patient...), "TOPIC=loadtest")...)
		assert.Zero(t, o.code)
	})
	assert.NotContains(t, other(), "load")
}

func TestSettingsThatCantBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script   string
		settings []string
		want     []string
	}{
		"all faults at once": {
			"connections-10k",
			[]string{"BASE_URL=localhost", "API_KEY=a secret with blanks", "STREAMS=-1", "RAMP=fast", "LATENCY_P95=low"},
			[]string{
				"BASE_URL=localhost: must be the address of the server, such as https://events.example.com",
				"API_KEY=(hidden): must be printable ASCII without blanks and commas",
				"STREAMS=-1: must be a whole number of at least 1",
				"RAMP=fast: must be a duration such as 500ms, 90s, 5m or 1h",
				"LATENCY_P95=low: must be a number of at least 0",
			},
		},
		"no key":    {"smoke", nil, []string{"API_KEY: none given"}},
		"no server": {"smoke", []string{"BASE_URL=http://127.0.0.1:9", "API_KEY=0123456789abcdef"}, []string{"BASE_URL must be a running server"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := try(t, c.script, c.settings...)
			assert.Equal(t, 107, o.code)
			for _, want := range c.want {
				assert.Contains(t, o.said, want)
			}
			assert.NotContains(t, o.said, "a secret")
		})
	}
}
