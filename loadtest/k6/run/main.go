// Command run runs a load test's script with k6: against the server at BASE_URL, or
// without one against a server of its own, which it starts and ends.
//
//	run -k6 bin/k6 -server bin/sseactor loadtest/smoke.js
//
// The settings of the script come from the environment, those of a server of its own
// too (SSEACTOR_…), which needs Linux. The exit code is k6's: 99 if a threshold failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	k6 := flag.String("k6", "bin/k6", "the k6 with k6/x/sse")
	server := flag.String("server", "bin/sseactor", "the server's program, if BASE_URL is not set")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := run(*k6, *server, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(k6, program, script string) (code int, err error) {
	// Ctrl-C reaches k6 as well, which then ends by itself. It must find the server
	// until then, and no server must be left afterwards.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)

	environment := os.Environ()
	var more []string
	if os.Getenv("BASE_URL") == "" {
		s, err := startServer(context.Background(), program, os.Stderr, environment)
		if err != nil {
			return 1, err
		}
		defer s.end()
		environment = append(environment, s.environment()...)
		// From one address the connecting slows down at some 10,000 streams.
		more = append(more, "--local-ips=127.0.0.2-127.0.0.9")
	}
	test := k6Command(k6, script, environment)
	test.Args = append(test.Args, more...)
	dieTogether(test)
	test.Stdin, test.Stdout, test.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := test.Start(); err != nil {
		return 1, fmt.Errorf("start k6: %w", err)
	}
	go func() {
		for s := range signals {
			if s == syscall.SIGTERM {
				_ = test.Process.Signal(s)
			}
		}
	}()
	err = test.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
