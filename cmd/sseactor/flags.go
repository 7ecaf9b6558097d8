package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// newFlags declares a command's flags; what is wrong with them is said on std.err.
func newFlags(name, arguments string, std stdio) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(std.err)
	f.Usage = func() {
		fmt.Fprintln(f.Output(), strings.TrimSpace("usage: sseactor "+name+" [flags] "+arguments))
		f.PrintDefaults()
	}
	return f
}

// parseFlags reads the flags.
func parseFlags(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage // flag has said what is wrong
	}
	return nil
}
