package transport

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/puzpuzpuz/xsync/v3"
	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/stream"
)

// Metric is one metric that /metrics exposes. The README's table is made from
// Metrics; a test keeps it so.
type Metric struct {
	Name string
	Kind string // counter, gauge or histogram
	Help string
	read func(*scrape) float64
}

// scrape is what a scrape finds.
type scrape struct {
	hub     actor.Stats
	written stream.Totals
	journal journal.CommitterStats
	server  *Server
}

// MetricsTable is every metric of the server's own, in the order of the README.
func MetricsTable() []Metric {
	counter := func(name, help string, read func(*scrape) uint64) Metric {
		return Metric{name, "counter", help, func(s *scrape) float64 { return float64(read(s)) }}
	}
	gauge := func(name, help string, read func(*scrape) int) Metric {
		return Metric{name, "gauge", help, func(s *scrape) float64 { return float64(read(s)) }}
	}
	table := []Metric{
		gauge("sseactor_streams", "open streams", func(s *scrape) int { return s.hub.Clients }),
		gauge("sseactor_streams_ending", "streams told to end whose connection is not yet closed", func(s *scrape) int { return s.hub.Ending }),
		gauge("sseactor_streams_limit", "streams that may be open (max-clients)", func(s *scrape) int { return s.server.opts.Hub.MaxClients }),
		gauge("sseactor_users", "users with an open stream", func(s *scrape) int { return s.hub.Users }),
		gauge("sseactor_sessions", "sessions with an open stream", func(s *scrape) int { return s.hub.Sessions }),
		gauge("sseactor_topics", "topics with a subscriber", func(s *scrape) int { return s.hub.Topics }),
		gauge("sseactor_draining", "1 while the server shuts down", func(s *scrape) int { return one(s.hub.Draining) }),
		gauge("sseactor_inbox_events", "events waiting for the hub", func(s *scrape) int { return s.hub.Inbox }),
		gauge("sseactor_sweeps", "events with many receivers on their way", func(s *scrape) int { return s.hub.Sweeping }),
		gauge("sseactor_gaps_pending", "streams that missed events and are not yet told, because they do not read", func(s *scrape) int { return s.hub.Missed }),
		gauge("sseactor_history_events", "events kept in memory for streams that resume", func(s *scrape) int { return s.hub.HistoryEvents }),
		gauge("sseactor_history_bytes", "memory that they take, about", func(s *scrape) int { return s.hub.HistoryBytes }),
		gauge("sseactor_streams_replaying", "streams that resume and do not yet have all that they missed", func(s *scrape) int { return s.hub.Replaying }),
		gauge("sseactor_mailboxes", "mailboxes that are not empty, about", func(s *scrape) int { return int(s.journal.Usage.Boxes) }),
		gauge("sseactor_journal_records", "persistent events kept, once for each mailbox", func(s *scrape) int { return int(s.journal.Usage.Records) }),
		gauge("sseactor_journal_bytes", "what the journal takes on disk, or without a data-dir in memory", func(s *scrape) int { return int(s.journal.Usage.Bytes) }),
		gauge("sseactor_journal_queue", "requests that wait for their persistent events to be written", func(s *scrape) int { return s.journal.Waiting }),
		gauge("sseactor_journal_failing", "1 while the journal can't be written, and persistent events are refused", func(s *scrape) int { return one(s.journal.Fault != nil) }),
		counter("sseactor_streams_opened_total", "streams let in", func(s *scrape) uint64 { return s.hub.Registered }),
		counter(`sseactor_streams_refused_total{reason="full"}`, "streams not let in, by reason", func(s *scrape) uint64 { return s.hub.RefusedFull }),
		counter(`sseactor_streams_refused_total{reason="draining"}`, "", func(s *scrape) uint64 { return s.hub.RefusedDraining }),
		counter(`sseactor_streams_refused_total{reason="user"}`, "", func(s *scrape) uint64 { return s.hub.RefusedUser }),
		counter(`sseactor_streams_refused_total{reason="session"}`, "", func(s *scrape) uint64 { return s.hub.RefusedSession }),
		counter(`sseactor_streams_refused_total{reason="address"}`, "", func(s *scrape) uint64 { return s.hub.RefusedNetwork }),
		counter("sseactor_events_total", "events taken from publishers", func(s *scrape) uint64 { return s.hub.Events }),
		counter("sseactor_events_unsent_total", "events refused because the server was behind or shutting down", func(s *scrape) uint64 { return s.server.meter.unsent.Get() }),
		counter("sseactor_journal_events_total", "persistent events written to the journal", func(s *scrape) uint64 { return s.journal.Events }),
		counter("sseactor_journal_event_bytes_total", "bytes of their data, once for each mailbox", func(s *scrape) uint64 { return s.journal.Bytes }),
		counter("sseactor_journal_commits_total", "writes to the journal, of one event or many that waited", func(s *scrape) uint64 { return s.journal.Commits }),
		counter(`sseactor_journal_refused_total{reason="full"}`, "events refused with persistent ones because the journal could not be written, by reason", func(s *scrape) uint64 { return s.journal.RefusedFull }),
		counter(`sseactor_journal_refused_total{reason="failed"}`, "", func(s *scrape) uint64 { return s.journal.RefusedFailed }),
		counter(`sseactor_journal_removed_total{reason="acknowledged"}`, "persistent events removed from a mailbox, by reason (full: unacknowledged, to make room; their reader is told)", func(s *scrape) uint64 { return s.journal.Acknowledged }),
		counter(`sseactor_journal_removed_total{reason="expired"}`, "", func(s *scrape) uint64 { return s.journal.Expired }),
		counter(`sseactor_journal_removed_total{reason="full"}`, "", func(s *scrape) uint64 { return s.journal.Pushed }),
		counter("sseactor_devices_forgotten_total", "devices whose place in a mailbox was forgotten, because they were not seen for long or are too many", func(s *scrape) uint64 { return s.journal.Devices }),
		counter("sseactor_replayed_total", "deliveries of events that a stream had missed", func(s *scrape) uint64 { return s.hub.Replayed }),
		counter("sseactor_deliveries_total", "events put into a stream's outbox", func(s *scrape) uint64 { return s.hub.Deliveries }),
		counter("sseactor_delivered_total", "events written to a stream", func(s *scrape) uint64 { return s.written.Frames }),
		counter("sseactor_written_bytes_total", "bytes written to streams", func(s *scrape) uint64 { return s.written.Bytes }),
		counter("sseactor_writes_total", "writes to streams; below deliveries when several events leave at once", func(s *scrape) uint64 { return s.written.Writes }),
		counter(`sseactor_dropped_total{priority="low"}`, "events not put into a full outbox, by priority (high ends the stream)", func(s *scrape) uint64 { return s.hub.DroppedLow }),
		counter(`sseactor_dropped_total{priority="normal"}`, "", func(s *scrape) uint64 { return s.hub.DroppedNormal }),
		counter(`sseactor_dropped_total{priority="high"}`, "", func(s *scrape) uint64 { return s.hub.DroppedHigh }),
		counter("sseactor_dropped_by_rate_total", "events that were too many for a stream (client-event-rate)", func(s *scrape) uint64 { return s.hub.DroppedRate }),
		counter("sseactor_discarded_total", "waiting events dropped with a slow consumer's stream", func(s *scrape) uint64 { return s.hub.Discarded }),
		counter("sseactor_undelivered_total", "events that waited when their stream closed", func(s *scrape) uint64 { return s.hub.Undelivered }),
		counter("sseactor_gaps_told_total", "notices to streams that missed events", func(s *scrape) uint64 { return s.hub.Notices }),
		counter("sseactor_heartbeats_total", "heartbeats sent", func(s *scrape) uint64 { return s.hub.Heartbeats }),
		counter("sseactor_pauses_total", "times publishers waited for the stream writers", func(s *scrape) uint64 { return s.hub.Pauses }),
		counter(`sseactor_auth_rejected_total{reason="wrong"}`, "credentials that were not accepted, by reason (unavailable: whoever could say did not answer)", func(s *scrape) uint64 { return s.server.meter.rejects[rejectedWrong].Get() }),
		counter(`sseactor_auth_rejected_total{reason="expired"}`, "", func(s *scrape) uint64 { return s.server.meter.rejects[rejectedExpired].Get() }),
		counter(`sseactor_auth_rejected_total{reason="unavailable"}`, "", func(s *scrape) uint64 { return s.server.meter.rejects[rejectedUnverifiable].Get() }),
		counter(`sseactor_files_reread_total{result="used"}`, "times that a file which had changed was read again, by result (refused: what it held before stays)", func(s *scrape) uint64 { reads, _ := s.reread(); return reads }),
		counter(`sseactor_files_reread_total{result="refused"}`, "", func(s *scrape) uint64 { _, faults := s.reread(); return faults }),
		counter("sseactor_mailboxes_unread_total", "times that a mailbox could not be read, and the stream was refused or ended; or noted in, and it went on", func(s *scrape) uint64 { return s.server.meter.unread.Get() }),
		counter("sseactor_acknowledgements_total", "acknowledgements by request; each Last-Event-ID is one as well", func(s *scrape) uint64 { return s.server.meter.acked.Get() }),
		counter("sseactor_panics_total", "panics of request handlers, caught", func(s *scrape) uint64 { return s.server.meter.panics.Get() }),
		counter("sseactor_idempotency_forgotten_total", "answers forgotten early because idempotency-keys was reached", func(s *scrape) uint64 { return s.server.answers.forgot.Load() }),
	}
	for i, why := range actor.Reasons() {
		help := ""
		if i == 0 {
			help = "streams ended, by reason"
		}
		table = append(table, counter(fmt.Sprintf("sseactor_streams_ended_total{reason=%q}", why), help,
			func(s *scrape) uint64 { return s.hub.Ended[why] }))
	}
	for i, verdict := range actor.Verdicts() {
		help := ""
		if i == 0 {
			help = "streams that asked for what they had missed, or for which something was kept, by what they were told"
		}
		table = append(table, counter(fmt.Sprintf("sseactor_resumes_total{status=%q}", verdict), help,
			func(s *scrape) uint64 { return s.hub.Resumes[verdict] }))
	}
	return append(table,
		Metric{Name: "sseactor_http_requests_total", Kind: "counter", Help: "requests, by route and status; a stream counts as 200 when it is asked for"},
		Metric{Name: "sseactor_publish_seconds", Kind: "histogram", Help: "time from a publisher's request read to its answer"},
		Metric{Name: "sseactor_journal_commit_seconds", Kind: "histogram", Help: "time to write what waits to the journal, and to sync it"},
	)
}

func (s *scrape) reread() (reads, faults uint64) {
	if s.server.opts.Reread == nil {
		return 0, 0
	}
	return s.server.opts.Reread()
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// meter counts what happens at the edge, and exposes it with what the hub counts.
type meter struct {
	server   *Server
	set      *vm.Set
	last     atomic.Pointer[scrape] // for the gauges' callbacks
	requests *xsync.MapOf[requestKey, *vm.Counter]
	panics   *vm.Counter
	unsent   *vm.Counter
	unread   *vm.Counter
	acked    *vm.Counter
	rejects  [rejections]*vm.Counter
	publish  *vm.PrometheusHistogram
	commit   *vm.PrometheusHistogram
	before   atomic.Pointer[stream.Totals] // what was written before the last reset; nil: none
}

type requestKey struct {
	route  string
	status int
}

func newMeter(s *Server) *meter {
	m := &meter{server: s, set: vm.NewSet(), requests: xsync.NewMapOf[requestKey, *vm.Counter](), panics: &vm.Counter{}, unsent: &vm.Counter{}, unread: &vm.Counter{}, acked: &vm.Counter{}}
	for i := range m.rejects {
		m.rejects[i] = &vm.Counter{}
	}
	m.publish = m.set.NewPrometheusHistogram("sseactor_publish_seconds")
	m.commit = m.set.NewPrometheusHistogram("sseactor_journal_commit_seconds")
	m.last.Store(&scrape{server: s})
	m.answered(requestKey{"/metrics", 200}) // the first scrape shall find the metric
	for _, metric := range MetricsTable() {
		if metric.read != nil {
			m.set.NewGauge(metric.Name, func() float64 { return metric.read(m.last.Load()) })
		}
	}
	return m
}

// rejection is why credentials were not accepted.
type rejection int

const (
	rejectedWrong rejection = iota
	rejectedExpired
	rejectedUnverifiable
	rejections
)

// rejected counts credentials that were not accepted.
func (m *meter) rejected(why rejection) { m.rejects[why].Inc() }

// request counts an answered request.
func (m *meter) request(route string, status int) { m.answered(requestKey{route, status}).Inc() }

func (m *meter) answered(key requestKey) *vm.Counter {
	c, ok := m.requests.Load(key)
	if !ok {
		c, _ = m.requests.LoadOrCompute(key, func() *vm.Counter {
			return m.set.GetOrCreateCounter(fmt.Sprintf("sseactor_http_requests_total{route=%q,status=%q}", key.route, fmt.Sprint(key.status)))
		})
	}
	return c
}

// failed is how many requests were answered with a server's error.
func (m *meter) failed() (n uint64) {
	m.requests.Range(func(k requestKey, c *vm.Counter) bool {
		if k.status >= 500 {
			n += c.Get()
		}
		return true
	})
	return n
}

// written is what was written to streams since the start or the last reset.
func (m *meter) written() stream.Totals {
	now, before := m.server.engine.Totals(), m.before.Load()
	if before != nil {
		now.Frames -= before.Frames
		now.Bytes -= before.Bytes
		now.Writes -= before.Writes
	}
	return now
}

// reset zeroes what a development reset promises.
func (m *meter) reset() {
	m.requests.Range(func(_ requestKey, c *vm.Counter) bool {
		c.Set(0)
		return true
	})
	m.publish.Reset()
	m.commit.Reset()
	m.panics.Set(0)
	m.unsent.Set(0)
	m.unread.Set(0)
	m.acked.Set(0)
	for _, c := range m.rejects {
		c.Set(0)
	}
	totals := m.server.engine.Totals()
	m.before.Store(&totals)
}

func (s *Server) stats() (actor.Stats, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	return s.hub.Metrics(ctx)
}

// journalStats is how the journal fares; all zero without one.
func (s *Server) journalStats() (stats journal.CommitterStats) {
	if s.committer != nil {
		stats = s.committer.Stats()
	}
	return stats
}

// metricsText answers GET /metrics in the Prometheus text format.
func (s *Server) metricsText(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	stats, err := s.stats()
	if err != nil {
		reply(ctx, overloaded)
		return
	}
	s.meter.last.Store(&scrape{hub: stats, written: s.meter.written(), journal: s.journalStats(), server: s})
	var b bytes.Buffer
	s.meter.set.WritePrometheus(&b)
	vm.WriteProcessMetrics(&b)
	ctx.SetContentType("text/plain; version=0.0.4; charset=utf-8")
	ctx.SetBodyString(withTypes(b.String()))
}

// withTypes puts the help and the type before the first sample of each of the
// server's own metrics.
func withTypes(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 4096)
	described := map[string]Metric{}
	for _, m := range MetricsTable() {
		name, _, _ := strings.Cut(m.Name, "{")
		if m.Help != "" {
			described[name] = m
		}
	}
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, "{")
		name, _, _ = strings.Cut(name, " ")
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if m, ok := described[name]; ok {
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, m.Help, name, m.Kind)
			delete(described, name)
		}
		b.WriteString(line)
	}
	return b.String()
}
