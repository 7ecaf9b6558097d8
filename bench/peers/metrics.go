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
	bare   bool // no ratios: it is a count of mishaps, or not the server's
}

var columns = []column{
	{memory, "memory a stream", "B", false, 0, false},
	{cpu, "CPU a delivery", "µs", false, 2, false},
	{toLast, "broadcast: to the last of all", "ms", false, 1, false},
	{p50, "broadcast: p50", "ms", false, 1, false},
	{p99, "broadcast: p99", "ms", false, 1, false},
	{p999, "broadcast: p99.9", "ms", false, 1, false},
	{lockstep, "one event at a time", "deliveries/s", true, 0, false},
	{flood, "saturated", "deliveries/s", true, 0, false},
	{publishes, "targeted", "publishes/s", true, 0, false},
	{halfLoadP99, "targeted at half load: p99", "ms", false, 2, false},
	{sameLoadP99, "targeted at 6,000 a second: p99", "ms", false, 2, false},
	{connects, "connects", "streams/s", true, 0, false},
	{storm, "all reconnect at once", "s", false, 2, false},
	{refused, "refused then", "streams", false, 0, true},
	{lost, "lost and not told", "events", false, 0, true},
	{told, "dropped and told", "events", false, 0, true},
	{clientCPU, "the load client's CPU a delivery", "µs", false, 2, true},
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
