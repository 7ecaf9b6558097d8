//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// markdown is the table: a row for each metric, a column for each system, and the
// ratios that the project is judged by.
func (r *results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. %d rounds; medians, with the least and the most of the rounds below them. %d streams, %d in *saturated* and *one event at a time*; events of %d bytes.\n\n",
		r.Machine, r.Rounds, r.Streams, 1000, eventBytes)
	b.WriteString("| |")
	for _, o := range r.Systems {
		b.WriteString(" " + o.Name + " |")
	}
	b.WriteString(" sseactor to the floor | to the best peer |\n|---|" + strings.Repeat("--:|", len(r.Systems)+2) + "\n")
	for _, c := range columns {
		if !slices.ContainsFunc(r.Systems, func(o *outcome) bool { _, ok := o.Figures[c.metric]; return ok }) {
			continue
		}
		fmt.Fprintf(&b, "| **%s**<br>%s |", c.title, c.unit)
		var own series
		for _, o := range r.Systems {
			s, ok := o.Figures[c.metric]
			if !ok {
				b.WriteString(" |")
				continue
			}
			if o.Name == "sseactor" {
				own = s
			}
			fmt.Fprintf(&b, " %s<br><sub>%s – %s</sub> |", c.format(s.Median), c.format(s.Least), c.format(s.Most))
		}
		for _, ratio := range []float64{own.ToFloor, own.ToBestPeer} {
			if ratio > 0 && !c.bare {
				fmt.Fprintf(&b, " %.2f |", ratio)
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, o := range r.Systems {
		fmt.Fprintf(&b, "- %s: %s\n", o.Name, o.About)
	}
	b.WriteString("\nVersions: ")
	var list []string
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		list = append(list, name+" "+r.Versions[name])
	}
	b.WriteString(strings.Join(list, ", ") + "; measured on " + r.Date + ".\n")
	for _, o := range r.Systems {
		for _, why := range o.Failed {
			fmt.Fprintf(&b, "\n%s did not finish %s.\n", o.Name, strings.ReplaceAll(why, "\n", "; "))
		}
	}
	return b.String()
}
