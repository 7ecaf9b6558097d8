package main

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// beProgram in the environment makes the test binary the program: subprocesses are
// then built as the tests are, with the race detector if they have it.
const beProgram = "SSEACTOR_TEST_BE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(beProgram) != "" {
		os.Unsetenv(beProgram)
		main()
	}
	rereadInterval = 50 * time.Millisecond
	goleak.VerifyTestMain(m, outliving...)
}

// outliving are the goroutines that live as long as the process, and fasthttp's own.
var outliving = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/sseactor/sseactor/cmd/sseactor.untilSignal"),
	goleak.IgnoreAnyFunction("os/signal.loop"),
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
}
