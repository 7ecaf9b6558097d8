//go:build linux

// Command peers does the same work to sseactor, to what people would pick instead,
// and to a floor, one after the other in the same run on the same machine, and
// writes what each took:
//
//	make bench-peers                                    # from the project's root: all of it
//	go run . -only sseactor,floor,nchan -work targeted -rounds 1
//	go run . -growth                                    # how costs grow with the streams
//
// Each piece of work has a fresh process of the server. The systems take turns, and
// each round begins with another one, because the machine is not equally quiet all
// the time. It is a module of its own: nothing here is in the product's go.mod.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	var o options
	only := flag.String("only", "", "comma-separated systems; all if empty")
	pieces := flag.String("work", "", "comma-separated pieces of work; all if empty")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each system does each piece of work")
	flag.IntVar(&o.streams, "streams", 10_000, "streams of the large pieces of work")
	flag.StringVar(&o.out, "out", "", "the directory for the results and the charts; empty: only print")
	flag.StringVar(&o.readme, "readme", "", "a file that has a place for the table; empty: none")
	drawing := flag.String("draw", "", "instead: draw the charts anew of the results in this directory")
	growing := flag.Bool("growth", false, "instead: how sseactor's costs grow with the streams, beside the floor's")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := o.choose(*only, *pieces)
	if err == nil && (o.streams < 100 || o.streams > 18_000) {
		err = fmt.Errorf("-streams %d: 100 to 18,000; a process may hold 20,000 descriptors", o.streams)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		return 2
	}
	do := compare
	if *growing {
		do = growth
	}
	if *drawing != "" {
		do = func(context.Context, *options) error { return redraw(*drawing) }
	}
	if err := do(ctx, &o); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		return 1
	}
	return 0
}

// options is what a run is to do.
type options struct {
	systems []system
	work    []work
	rounds  int
	streams int
	out     string
	readme  string
}

func (o *options) choose(only, pieces string) (err error) {
	if o.systems, err = pick(systems, only, func(s system) string { return s.name }); err != nil {
		return err
	}
	o.work, err = pick(allWork, pieces, func(w work) string { return w.name })
	return err
}

// pick gives the named ones of all, or all.
func pick[T any](all []T, names string, nameOf func(T) string) (picked []T, err error) {
	if names == "" {
		return all, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(one T) bool { return nameOf(one) == name })
		if i < 0 {
			var known []string
			for _, one := range all {
				known = append(known, nameOf(one))
			}
			return nil, fmt.Errorf("there is no %q; there are %s", name, strings.Join(known, ", "))
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// compare runs everything and writes the results.
func compare(ctx context.Context, o *options) error {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	p, err := prepare(ctx, dir, o.systems)
	if err != nil {
		return err
	}
	results := newResults(ctx, p, o)
	for round := range o.rounds {
		for _, w := range o.work {
			for i := range o.systems {
				s := o.systems[(round+i)%len(o.systems)]
				figures, err := measure(ctx, p, s, w, o.streams)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				results.add(round, s, w, figures, err)
				fmt.Fprintf(os.Stderr, "round %d/%d  %-10s %-15s %s\n", round+1, o.rounds, w.name, s.name, figures.line(err))
			}
		}
	}
	table := results.markdown() + "\n" + results.judge()
	fmt.Println(table)
	if o.out != "" {
		err = results.write(o.out)
	}
	return errors.Join(err, insert(o.readme, "peers", table))
}

// insert puts a table between the two marks with its name in a file.
func insert(file, name, table string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := fmt.Sprintf("<!-- %s: made by make bench-%s -->\n", name, name), fmt.Sprintf("<!-- end of %s -->\n", name)
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no place for the table: no %q with a %q behind it", file, begin, end)
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+table+"\n"+end+after), 0o644)
}
