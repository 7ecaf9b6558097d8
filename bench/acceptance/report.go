//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// report is the rows of one scenario's table.
type report struct {
	rows []row
}

type row struct {
	figure, seen, bar string
	verdict           verdict
}

type verdict string

const (
	told   verdict = "" // for information; nothing was promised
	passed verdict = "PASS"
	failed verdict = "FAIL"
)

// tell notes a figure that has no bar.
func (r *report) tell(figure, format string, args ...any) {
	r.rows = append(r.rows, row{figure, fmt.Sprintf(format, args...), "", told})
}

// check notes a figure and whether it keeps within its bar.
func (r *report) check(figure string, ok bool, seen any, bar string) {
	v := failed
	if ok {
		v = passed
	}
	r.rows = append(r.rows, row{figure, fmt.Sprint(seen), bar, v})
}

func (r *report) fail(figure, seen, bar string) { r.check(figure, false, seen, bar) }

// zero is for what must not happen.
func (r *report) zero(figure string, n int) { r.check(figure, n == 0, n, "0") }

// equal is for a count that must be exact.
func (r *report) equal(figure string, n, want int) {
	r.check(figure, n == want, n, "exactly "+fmt.Sprint(want))
}

// within is for a duration with an upper bound.
func (r *report) within(figure string, d, most time.Duration) {
	r.check(figure, d <= most, d.Round(time.Millisecond), "at most "+most.String())
}

// faults notes what a ledger and the parser found, in three rows.
func (r *report) faults(whose string, c loadgen.Counts) {
	f := c.Faults
	r.zero(whose+": duplicates", f.Duplicates)
	order := f.Disorder + f.Swapped + f.Renumbered
	seen := fmt.Sprint(order)
	if order > 0 {
		seen = fmt.Sprintf("%d by id, %d by publisher, %d ids not the same on all streams", f.Disorder, f.Swapped, f.Renumbered)
	}
	r.check(whose+": out of order", order == 0, seen, "0")
	var wrong []string
	for _, kind := range []struct {
		name string
		n    int
	}{{"damaged", f.Damaged}, {"of no run", f.Untagged}, {"without a server's id", f.NoID}, {"control events with an id", f.ControlID}} {
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
	r.check(whose+": malformed", wrong[0] == "none", strings.Join(wrong, ", "), "none")
}

func (r *report) passed() bool {
	for _, row := range r.rows {
		if row.verdict == failed {
			return false
		}
	}
	return true
}

func (r *report) print(w io.Writer, s scenario, took time.Duration) {
	result := passed
	if !r.passed() {
		result = failed
	}
	fmt.Fprintf(w, "\n%s — %s: %s in %v\n", s.name, s.about, result, took.Round(100*time.Millisecond))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range r.rows {
		line := strings.Join([]string{"  " + row.figure, row.seen, row.bar, string(row.verdict)}, "\t")
		fmt.Fprintln(t, strings.TrimRight(line, "\t"))
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}
