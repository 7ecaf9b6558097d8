package sse

import (
	"context"
	"time"

	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"
)

// measurement gives k6 the samples of one stream.
type measurement struct {
	ctx   context.Context // the VU's: k6 takes no samples once it is over
	state *lib.State
	tags  *metrics.TagsAndMeta
	began time.Time
}

// tag sets one of k6's own tags, unless the script's options leave it out.
func (m *measurement) tag(name metrics.SystemTag, value string) {
	m.tags.SetSystemTagOrMetaIfEnabled(m.state.Options.SystemTags, name, value)
}

// answered tells that the response's headers are there.
func (m *measurement) answered() {
	m.push(m.state.BuiltinMetrics.HTTPReqWaiting, metrics.D(time.Since(m.began)))
}

// count adds one to a counter.
func (m *measurement) count(of *metrics.Metric) { m.push(of, 1) }

// ended tells that the stream is over.
func (m *measurement) ended() {
	m.push(m.state.BuiltinMetrics.HTTPReqs, 1)
	m.push(m.state.BuiltinMetrics.HTTPReqDuration, metrics.D(time.Since(m.began)))
}

func (m *measurement) push(metric *metrics.Metric, value float64) {
	metrics.PushIfNotDone(m.ctx, m.state.Samples, metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: metric, Tags: m.tags.Tags},
		Time:       time.Now(),
		Metadata:   m.tags.Metadata,
		Value:      value,
	})
}
