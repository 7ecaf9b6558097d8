package config_test

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
)

// A program gives its arguments, environment and file system, and tells its
// user everything that is wrong at once.
func ExampleLoad() {
	args := []string{"--mode=development", "--max-clients=50"} // os.Args[1:]
	environ := []string{"SSEACTOR_RETRY=1s"}                   // os.Environ()

	c, err := config.Load(args, environ, os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		_ = config.Help(os.Stdout)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(c.MaxClients, c.Retry)
	fmt.Println(c)
	// Output:
	// 50 1s
	// mode=development (from --mode), max-clients=50 (from --max-clients), retry=1s (from SSEACTOR_RETRY)
}
