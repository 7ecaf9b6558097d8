// Command k6 is Grafana k6 with the extension k6/x/sse, which the scripts in
// loadtest import. It is what `make k6` builds.
package main

import (
	"go.k6.io/k6/cmd"

	_ "github.com/sseactor/sseactor/loadtest/k6/sse" // registers k6/x/sse
)

func main() { cmd.Execute() }
