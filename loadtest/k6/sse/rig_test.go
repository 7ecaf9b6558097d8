package sse

import (
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	k6http "go.k6.io/k6/js/modules/k6/http"
	"go.k6.io/k6/js/modulestest"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"
	"gopkg.in/guregu/null.v3"
)

// rig is one VU that has imported the extension as sse and k6/http as http, and a
// server at URL.
type rig struct {
	*modulestest.Runtime
	server  *httptest.Server
	state   *lib.State
	samples chan metrics.SampleContainer
}

func newRig(t *testing.T, handler http.HandlerFunc) *rig {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newRigAt(t, server)
}

func newRigAt(t *testing.T, server *httptest.Server) *rig {
	t.Helper()
	runtime := modulestest.NewRuntime(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	registry := runtime.VU.InitEnvField.Registry
	samples := make(chan metrics.SampleContainer, 1000)
	r := &rig{Runtime: runtime, server: server, samples: samples, state: &lib.State{
		Dialer:         &net.Dialer{},
		CookieJar:      jar,
		Options:        lib.Options{SystemTags: &metrics.DefaultSystemTagSet, UserAgent: null.StringFrom("k6/test")},
		Samples:        samples,
		BuiltinMetrics: runtime.BuiltinMetrics,
		Tags:           lib.NewVUStateTags(registry.RootTagSet().With("scenario", "test")),
	}}
	js := runtime.VU.Runtime()
	require.NoError(t, js.Set("sse", new(Module).NewModuleInstance(runtime.VU).Exports().Default))
	require.NoError(t, js.Set("http", k6http.New().NewModuleInstance(runtime.VU).Exports().Default))
	require.NoError(t, js.Set("URL", server.URL))
	return r
}

// run runs a script, as a VU does after the init context, and gives its value.
func (r *rig) run(t *testing.T, script string) any {
	t.Helper()
	value, err := r.try(script)
	require.NoError(t, err)
	return value
}

func (r *rig) try(script string) (any, error) {
	if r.VU.StateField == nil {
		r.MoveToVUContext(r.state)
	}
	value, err := r.VU.Runtime().RunString(fmt.Sprintf("(() => {%s})()", script))
	if err != nil {
		return nil, err
	}
	return value.Export(), nil
}

// sums adds up the samples so far, by metric; the last one's tags are in tags.
func (r *rig) sums() (sums map[string]float64, tags map[string]map[string]string) {
	sums, tags = map[string]float64{}, map[string]map[string]string{}
	for _, container := range metrics.GetBufferedSamples(r.samples) {
		for _, s := range container.GetSamples() {
			sums[s.Metric.Name] += s.Value
			tags[s.Metric.Name] = s.Tags.Map()
		}
	}
	return sums, tags
}

// events answers with an event stream.
func events(stream string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = w.Write([]byte(stream))
	}
}
