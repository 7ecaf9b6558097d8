//go:build linux

// Command journal measures what could be under the mailboxes: embedded stores, with the
// work that a journal has. It is a module of its own, so that those that were not chosen
// are not in the product's go.mod.
//
//	go run . -dir /var/tmp/j                      # all of it, for each store
//	go run . -dir /var/tmp/j -only pebble -work paced,read
//
// The directory must be on the disk in question: a tmpfs has no sync.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

type work struct {
	name string
	do   func(dir, name string) (string, error)
}

var works = []work{
	{"paced", paced},
	{"ceiling", ceiling},
	{"fill", fill},
	{"open", reopen},
	{"read", readBoxes},
	{"flip", flip},
	{"cut", cut},
}

func main() {
	dir := flag.String("dir", "", "a directory on the disk to measure; what is in its folders named as stores is removed")
	only := flag.String("only", "bbolt,badger,pebble", "the stores")
	which := flag.String("work", "sync,paced,ceiling,fill,open,read,flip,cut", "what to do")
	flag.Parse()
	if *dir == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*dir, strings.Split(*only, ","), strings.Split(*which, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "journal:", err)
		os.Exit(1)
	}
}

// run does each work in a process of its own, for one leaves memory behind, and a store
// that meets damage may end its process.
func run(dir string, only, which []string) error {
	if slices.Contains(which, "sync") {
		line, err := syncs(dir)
		if err != nil {
			return err
		}
		fmt.Println("disk\tsync\t" + line)
	}
	for _, w := range works {
		if !slices.Contains(which, w.name) {
			continue
		}
		for _, name := range only {
			if stores[name] == nil {
				return fmt.Errorf("no store %q", name)
			}
			if os.Getenv("JOURNAL_CHILD") != "" {
				line, err := w.do(filepath.Join(dir, name), name)
				if err != nil {
					line = "error: " + err.Error()
				}
				fmt.Println(name + "\t" + w.name + "\t" + line)
				continue
			}
			child := exec.Command(os.Args[0], "-dir", dir, "-only", name, "-work", w.name)
			child.Env = append(os.Environ(), "JOURNAL_CHILD=1")
			out, err := child.CombinedOutput()
			if err != nil {
				first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
				fmt.Printf("%s\t%s\tthe process ended: %v: %.200s\n", name, w.name, err, first)
				continue
			}
			fmt.Print(string(out))
		}
	}
	return nil
}
