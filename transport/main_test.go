package transport

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, fasthttpsOwn...) }

// fasthttpsOwn are goroutines that outlive a fasthttp server: one for the process,
// and one that sleeps up to ten seconds before it looks whether it is to end.
var fasthttpsOwn = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
}
