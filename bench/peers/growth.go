//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// sizes are the numbers of streams at which costs are looked at; a process may hold
// 20,000 descriptors.
var sizes = []int{1000, 2000, 5000, 10_000, 18_000}

// grown are the metrics that are looked at.
var grown = []metric{memory, cpu, toLast, p99, connects}

// growth has sseactor and the floor do the same work with more and more streams, in
// turns, and prints how what it takes grows.
func growth(ctx context.Context, o *options) error {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	both, err := pick(systems, "sseactor,floor", func(s system) string { return s.name })
	if err != nil {
		return err
	}
	p, err := prepare(ctx, dir, both)
	if err != nil {
		return err
	}
	crowd := allWork[0]
	var all []*results
	for _, n := range sizes {
		o.streams, o.systems = n, both
		r := newResults(ctx, p, o)
		all = append(all, r)
		for round := range o.rounds {
			for i := range both {
				s := both[(round+i)%len(both)]
				figures, err := measure(ctx, p, s, crowd, n)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err != nil {
					return fmt.Errorf("%s with %d streams: %w", s.name, n, err)
				}
				r.add(round, s, crowd, figures, nil)
				fmt.Fprintf(os.Stderr, "round %d/%d  %6d streams  %-10s %s\n", round+1, o.rounds, n, s.name, figures.line(nil))
			}
		}
	}
	table := growthTable(all)
	fmt.Println(table)
	return insert(o.readme, "growth", table)
}

// growthTable has a row for each number of streams.
func growthTable(all []*results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; medians of %d rounds. In brackets: times the floor.\n\n| streams |", all[0].Machine, all[0].Rounds)
	for _, m := range grown {
		c := columnOf(m)
		fmt.Fprintf(&b, " %s, %s |", c.title, c.unit)
	}
	b.WriteString("\n|--:|" + strings.Repeat("--:|", len(grown)) + "\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| %d |", r.Streams)
		for _, m := range grown {
			c, s := columnOf(m), r.find("sseactor").Figures[m]
			b.WriteString(" " + c.format(s.Median))
			if m != memory { // the floor keeps nothing
				fmt.Fprintf(&b, " (%.2f)", s.ToFloor)
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func columnOf(m metric) *column {
	for i := range columns {
		if columns[i].metric == m {
			return &columns[i]
		}
	}
	panic("peers: no column for " + string(m)) // a fault of this program
}
