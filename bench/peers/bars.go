//go:build linux

package main

import (
	"fmt"
	"strings"
)

// bar is what sseactor is held to.
type bar struct {
	metric  metric
	promise string
	seen    func(s series) float64
	kept    func(seen float64) bool
}

func itself(s series) float64                  { return s.Median }
func toFloor(s series) float64                 { return s.ToFloor }
func toBest(s series) float64                  { return s.ToBestPeer }
func atMost(limit float64) func(float64) bool  { return func(v float64) bool { return v <= limit } }
func atLeast(limit float64) func(float64) bool { return func(v float64) bool { return v >= limit } }
func below(limit float64) func(float64) bool   { return func(v float64) bool { return v < limit } }

var bars = []bar{
	{memory, "at most 1,800 bytes", itself, atMost(1800)},
	{memory, "less than a quarter of the best peer's", toBest, below(0.25)},
	{cpu, "at most 1.15 × the floor", toFloor, atMost(1.15)},
	{cpu, "less than every peer", toBest, below(1)},
	{toLast, "at most 1.2 × the floor", toFloor, atMost(1.2)},
	{toLast, "sooner than every peer", toBest, below(1)},
	{lockstep, "at least the floor", toFloor, atLeast(1)},
	{flood, "at least 3 × the best peer", toBest, atLeast(3)},
	{publishes, "at least 0.8 × the floor", toFloor, atLeast(0.8)},
	{publishes, "at least 1.2 × the best peer", toBest, atLeast(1.2)},
	{halfLoadP99, "below every peer's, each at half of its own pace", toBest, below(1)},
	{sameLoadP99, "below every peer's", toBest, below(1)},
	{connects, "at least 0.7 × the floor", toFloor, atLeast(0.7)},
	{refused, "none", itself, atMost(0)},
	{lost, "none", itself, atMost(0)},
}

// judge is a table of the bars and what was seen; those that were missed are marked.
func (r *results) judge() string {
	var b strings.Builder
	b.WriteString("| sseactor's bars | | seen | |\n| --- | --- | --: | --- |\n")
	own := r.find("sseactor")
	for _, one := range bars {
		s, ok := own.Figures[one.metric]
		if !ok {
			continue
		}
		seen, verdict := one.seen(s), "kept"
		if !one.kept(seen) {
			verdict = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", columnOf(one.metric).title, one.promise, strings.TrimSuffix(fmt.Sprintf("%.2f", seen), ".00"), verdict)
	}
	return b.String()
}
