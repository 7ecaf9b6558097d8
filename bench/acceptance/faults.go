//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// faults notes what a ledger and the parser found, in three rows.
func faults(r *report.Report, whose string, c loadgen.Counts) {
	f := c.Faults
	r.Zero(whose+": duplicates", f.Duplicates)
	order := f.Disorder + f.Swapped + f.Renumbered
	seen := fmt.Sprint(order)
	if order > 0 {
		seen = fmt.Sprintf("%d by id, %d by publisher, %d ids not the same on all streams", f.Disorder, f.Swapped, f.Renumbered)
	}
	r.Check(whose+": out of order", order == 0, seen, "0")
	var wrong []string
	for _, kind := range []struct {
		name string
		n    int
	}{{"damaged", f.Damaged}, {"of no run", f.Untagged}, {"without a server's id", f.NoID}, {"control events with an id", f.ControlID}, {"replays not as long as was said", f.Miscounted}} {
		if kind.n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", kind.n, kind.name))
		}
	}
	if odd := c.Oddities(); odd != "" {
		wrong = append(wrong, odd)
	}
	if wrong == nil {
		wrong = []string{"none"}
	}
	r.Check(whose+": malformed", wrong[0] == "none", strings.Join(wrong, ", "), "none")
}
