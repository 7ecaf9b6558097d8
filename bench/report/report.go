// Package report is the table of what was promised and what was seen, which the
// programs that hold the server to its promises print.
package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is the rows of one scenario's table. The zero Report is empty. Not safe
// for concurrent use.
type Report struct {
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

// Tell notes a figure that has no bar.
func (r *Report) Tell(figure, format string, args ...any) {
	r.rows = append(r.rows, row{figure, fmt.Sprintf(format, args...), "", told})
}

// Check notes a figure and whether it keeps within its bar.
func (r *Report) Check(figure string, ok bool, seen any, bar string) {
	v := failed
	if ok {
		v = passed
	}
	r.rows = append(r.rows, row{figure, fmt.Sprint(seen), bar, v})
}

// Fail notes a figure that misses its bar.
func (r *Report) Fail(figure, seen, bar string) { r.Check(figure, false, seen, bar) }

// Zero is for what must not happen.
func (r *Report) Zero(figure string, n int) { r.Check(figure, n == 0, n, "0") }

// Equal is for a count that must be exact.
func (r *Report) Equal(figure string, n, want int) {
	r.Check(figure, n == want, n, "exactly "+fmt.Sprint(want))
}

// Within is for a duration with an upper bound.
func (r *Report) Within(figure string, d, most time.Duration) {
	r.Check(figure, d <= most, d.Round(time.Millisecond), "at most "+most.String())
}

// Passed reports whether no figure missed its bar.
func (r *Report) Passed() bool {
	for _, row := range r.rows {
		if row.verdict == failed {
			return false
		}
	}
	return true
}

// Print writes the table under a line with what was tried.
func (r *Report) Print(w io.Writer, name, about string, took time.Duration) {
	result := passed
	if !r.Passed() {
		result = failed
	}
	fmt.Fprintf(w, "\n%s — %s: %s in %v\n", name, about, result, took.Round(100*time.Millisecond))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range r.rows {
		line := strings.Join([]string{"  " + row.figure, row.seen, row.bar, string(row.verdict)}, "\t")
		fmt.Fprintln(t, strings.TrimRight(line, "\t"))
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}
