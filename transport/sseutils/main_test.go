package sseutils

import (
	"testing"

	"go.uber.org/goleak"
)

// Goroutines of the servers that the tests talk to, which outlive them: fasthttp's own, one
// for the process and one that sleeps before it looks whether it is to end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}
