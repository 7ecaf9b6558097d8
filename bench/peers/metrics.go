//go:build linux

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// metric is what a figure says.
type metric string

// The metrics; their titles are the table's.
const (
	memory      metric = "memory"
	cpu         metric = "cpu"
	toLast      metric = "to_last"
	p50         metric = "p50"
	p99         metric = "p99"
	p999        metric = "p999"
	lockstep    metric = "lockstep"
	flood       metric = "saturated"
	publishes   metric = "publishes"
	halfLoadP99 metric = "half_load_p99"
	sameLoadP99 metric = "same_load_p99"
	connects    metric = "connects"
	storm       metric = "storm"
	refused     metric = "refused"
	lost        metric = "lost"
	told        metric = "told"
	clientCPU   metric = "client_cpu"
)

// column describes a metric.
type column struct {
	metric metric
	title  string
	unit   string
	more   bool // more is better
	digits int
	bare   bool // no ratios: it is not the server's, or counts mishaps
	mishap bool // what all pieces of work of a round had is summed up, and the worst round shown
}

var columns = []column{
	{metric: memory, title: "memory a stream", unit: "B"},
	{metric: cpu, title: "CPU a delivery", unit: "µs", digits: 2},
	{metric: toLast, title: "broadcast: to the last of all", unit: "ms", digits: 1},
	{metric: p50, title: "broadcast: p50", unit: "ms", digits: 1},
	{metric: p99, title: "broadcast: p99", unit: "ms", digits: 1},
	{metric: p999, title: "broadcast: p99.9", unit: "ms", digits: 1},
	{metric: lockstep, title: "one event at a time", unit: "deliveries/s", more: true},
	{metric: flood, title: "saturated", unit: "deliveries/s", more: true},
	{metric: publishes, title: "targeted", unit: "publishes/s", more: true},
	{metric: halfLoadP99, title: "targeted at half load: p99", unit: "ms", digits: 2},
	{metric: sameLoadP99, title: "targeted at 1,500 a second: p99", unit: "ms", digits: 2},
	{metric: connects, title: "connects", unit: "streams/s", more: true},
	{metric: storm, title: "all reconnect at once", unit: "s", digits: 2},
	{metric: refused, title: "refused then", unit: "streams, worst round", bare: true, mishap: true},
	{metric: lost, title: "lost and not told", unit: "events, worst round", bare: true, mishap: true},
	{metric: told, title: "dropped and told", unit: "events, worst round", bare: true, mishap: true},
	{metric: clientCPU, title: "the load client's CPU a delivery", unit: "µs", digits: 2, bare: true},
}

// figures are what one piece of work showed.
type figures map[metric]float64

// line is for the progress.
func (f figures) line(err error) string {
	var parts []string
	for _, c := range columns {
		if v, ok := f[c.metric]; ok {
			parts = append(parts, fmt.Sprintf("%s %s", c.metric, c.format(v)))
		}
	}
	if err != nil {
		parts = append(parts, "FAILED: "+err.Error())
	}
	return strings.Join(parts, "  ")
}

func (c *column) format(v float64) string {
	text := fmt.Sprintf("%.*f", c.digits, v)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}

// better reports whether a is better than b.
func (c *column) better(a, b float64) bool { return c.more == (a > b) && a != b }

func median[T cmp.Ordered](all []T) (m T) {
	if len(all) == 0 {
		return m
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
