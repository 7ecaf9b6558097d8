package transport

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
)

// exposition is a page of metrics, read by the rules of the text format.
type exposition struct {
	help, kind map[string]string
	value      map[string]float64 // by name and labels, as written
}

var (
	sample = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:, ?)?)*\})? ([-+]?(?:[0-9.eE+-]+|Inf|NaN))$`)
	family = regexp.MustCompile(`_(bucket|sum|count)$`)
)

func (r *rig) scrape() exposition {
	r.t.Helper()
	resp := r.call("GET", "/metrics", "", key(appKey))
	require.Equal(r.t, 200, resp.StatusCode, resp.body)
	assert.Equal(r.t, "text/plain; version=0.0.4; charset=utf-8", resp.Header.Get("Content-Type"))
	return readExposition(r.t, resp.body)
}

func readExposition(t testing.TB, text string) exposition {
	t.Helper()
	e := exposition{map[string]string{}, map[string]string{}, map[string]float64{}}
	require.True(t, strings.HasSuffix(text, "\n"))
	begun, last := map[string]bool{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if about, ok := strings.CutPrefix(line, "# "); ok {
			what, rest, _ := strings.Cut(about, " ")
			name, text, _ := strings.Cut(rest, " ")
			into := map[string]map[string]string{"HELP": e.help, "TYPE": e.kind}[what]
			require.NotNil(t, into, line)
			require.NotContains(t, into, name, "once only: %s", line)
			require.False(t, begun[name], "before the first sample: %s", line)
			into[name] = text
			continue
		}
		m := sample.FindStringSubmatch(line)
		require.NotNil(t, m, "not a sample: %q", line)
		value, err := strconv.ParseFloat(m[3], 64)
		require.NoError(t, err, line)
		require.NotContains(t, e.value, m[1]+m[2], "once only: %s", line)
		e.value[m[1]+m[2]] = value
		name := m[1]
		if cut := family.ReplaceAllString(name, ""); e.kind[cut] == "histogram" {
			name = cut
		}
		require.True(t, !begun[name] || last == name, "the samples of %s are not together", name)
		begun[name], last = true, name
	}
	return e
}

func TestEveryMetricIsExposedAndNoOther(t *testing.T) {
	r := startRig(t)
	r.open("sessionId=s")
	r.publish(`{"data":1}`)
	e := r.scrape()

	own := map[string]bool{}
	for _, m := range MetricsTable() {
		name, _, labelled := strings.Cut(m.Name, "{")
		own[name] = true
		if m.Help != "" {
			assert.Equal(t, m.Help, e.help[name], name)
			assert.NotContains(t, m.Help, "\n")
		}
		assert.Equal(t, m.Kind, e.kind[name], name)
		assert.NotEmpty(t, e.help[name], "%s has a help line", name)
		assert.Equal(t, m.Kind == "counter", strings.HasSuffix(name, "_total"), "%s: a counter's name ends in _total", name)
		if m.read != nil {
			assert.Contains(t, e.value, m.Name, "registered under the name that is documented")
			assert.Equal(t, labelled, strings.HasSuffix(m.Name, "}"))
		}
	}
	for series := range e.value {
		name, _, _ := strings.Cut(series, "{")
		if strings.HasPrefix(name, "sseactor_") {
			assert.True(t, own[name] || own[family.ReplaceAllString(name, "")], "%s is not in MetricsTable", name)
		}
	}
	for name := range e.kind {
		assert.True(t, own[name], "%s has a type and is not in MetricsTable", name)
	}
	assert.Contains(t, e.value, "go_goroutines", "the runtime's own are there too")
}

// A page that is scraped before anything else has happened.
func TestTheFirstScrapeHasEveryMetric(t *testing.T) {
	r := startRig(t)
	e := r.scrape()
	for _, m := range MetricsTable() {
		name, _, _ := strings.Cut(m.Name, "{")
		assert.Contains(t, e.kind, name)
	}
}

func TestWhatMetricsCount(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.MaxClients = 3 })
	a, b := r.open("sessionId=a&topics=news"), r.open("userId=1", key(opsKey))
	c := r.open("sessionId=a")
	refusedInHTTP(t, r.call("GET", "/api/sse?sessionId=x", ""), "MAX_CLIENTS")
	r.publish(`{"data":"hello","sessionId":"a"}`)
	a.next()
	c.next()
	r.call("POST", "/api/sse", `{`, key(appKey)).problem(t, 400, "INVALID_EVENT", "")
	r.call("GET", "/nothing", "").problem(t, 404, "NOT_FOUND", "")
	require.NoError(t, b.conn.Close())
	eventually(t, func() bool { return r.streams() == 2 }, "the departure is noticed")

	var e exposition
	eventually(t, func() bool { e = r.scrape(); return e.value["sseactor_delivered_total"] == 2 }, "both deliveries are counted")
	for series, want := range map[string]float64{
		"sseactor_streams":                                            2,
		"sseactor_streams_ending":                                     0,
		"sseactor_streams_limit":                                      3,
		"sseactor_users":                                              0,
		"sseactor_sessions":                                           1,
		"sseactor_topics":                                             1,
		"sseactor_draining":                                           0,
		"sseactor_streams_opened_total":                               3,
		`sseactor_streams_refused_total{reason="full"}`:               1,
		`sseactor_streams_refused_total{reason="draining"}`:           0,
		"sseactor_events_total":                                       1,
		"sseactor_deliveries_total":                                   2,
		`sseactor_streams_ended_total{reason="client closed"}`:        1,
		`sseactor_http_requests_total{route="/api/sse",status="200"}`: 5, // four streams were asked for, and one event sent
		`sseactor_http_requests_total{route="/api/sse",status="400"}`: 1,
		`sseactor_http_requests_total{route="none",status="404"}`:     1,
		"sseactor_publish_seconds_count":                              2,
		"sseactor_panics_total":                                       0,
	} {
		got, ok := e.value[series]
		assert.True(t, ok, series)
		assert.Equal(t, want, got, series)
	}
	assert.Positive(t, e.value["sseactor_written_bytes_total"])
	for _, why := range actor.Reasons() {
		assert.Contains(t, e.value, `sseactor_streams_ended_total{reason="`+why.String()+`"}`)
	}
}

func TestFilesThatWereReadAgainAreCounted(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Reread = func() (uint64, uint64) { return 3, 2 } })
	e := r.scrape()
	assert.Equal(t, 3.0, e.value[`sseactor_files_reread_total{result="used"}`])
	assert.Equal(t, 2.0, e.value[`sseactor_files_reread_total{result="refused"}`])
}

// The document's four numbers, under its names.
func TestMetricsForPeople(t *testing.T) {
	r := startRig(t)
	a := r.open("sessionId=a")
	r.open("sessionId=b")
	r.publish(`{"data":1}`)
	r.publish(`{"data":2,"sessionId":"a"}`)
	require.NoError(t, a.conn.Close())
	eventually(t, func() bool { return r.streams() == 1 }, "the departure is noticed")

	resp := r.call("GET", "/api/sse/metrics", "", key(lookKey))
	fields := decode[map[string]any](t, resp)
	assert.Equal(t, 1.0, fields["activeConnections"])
	assert.Equal(t, 2.0, fields["totalConnections"])
	assert.Equal(t, 2.0, fields["eventsDispatched"])
	assert.Equal(t, 0.0, fields["errors"])
	assert.Equal(t, map[string]any{"client closed": 1.0}, fields["endedConnections"])
	assert.Equal(t, 3.0, fields["deliveries"])
	assert.Equal(t, false, fields["draining"])
	for name := range fields {
		assert.Regexp(t, `^[a-z]+([A-Z][a-z]+|ID)*$`, name, "camelCase")
	}
	var inOrder json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(resp.body), &inOrder))
	assert.True(t, strings.HasPrefix(resp.body, `{"activeConnections":`), "the four come first")
}

func TestWhoMayReadMetrics(t *testing.T) {
	const token = "prometheus-0123456789"
	r := startRig(t, func(o *Options) { o.MetricsToken = token })
	for sentence, c := range map[string]struct {
		path   string
		header []string
		status int
	}{
		"nobody without a key":             {"/metrics", nil, 401},
		"nobody without a key, as JSON":    {"/api/sse/metrics", nil, 401},
		"a key with the scope":             {"/metrics", []string{key(lookKey)}, 200},
		"a key with the scope, as JSON":    {"/api/sse/metrics", []string{key(lookKey)}, 200},
		"the token":                        {"/metrics", []string{key(token)}, 200},
		"the token is for Prometheus only": {"/api/sse/metrics", []string{key(token)}, 401},
		"the token with another scheme":    {"/metrics", []string{"Authorization: Token " + token}, 401},
		"a wrong token":                    {"/metrics", []string{key(token + "x")}, 401},
		"an empty token":                   {"/metrics", []string{"Authorization: Bearer "}, 401},
		"a session is no credential":       {"/metrics?sessionId=s", nil, 401},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.status, r.call("GET", c.path, "", c.header...).StatusCode)
		})
	}
	r.call("POST", "/api/sse", `{"data":1}`, key(token)).problem(t, 401, "UNAUTHORIZED", "")
}

func TestAKeyWithoutAScopeIsForbidden(t *testing.T) {
	r := startRig(t)
	for target, scope := range map[string]string{
		"GET /api/sse/admin/clients":      "admin",
		"DELETE /api/sse/admin/clients":   "admin",
		"GET /api/sse/admin/clients/x":    "admin",
		"DELETE /api/sse/admin/clients/x": "admin",
	} {
		method, path, _ := strings.Cut(target, " ")
		assert.Equal(t, "this needs the scope "+scope, r.call(method, path, "", key(appKey)).problem(t, 403, "FORBIDDEN", ""))
		r.call(method, path, "").problem(t, 401, "UNAUTHORIZED", "")
	}
}
