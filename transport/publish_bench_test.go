package transport

import (
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
)

// BenchmarkPublish is a publisher's request from its body to its answer, without HTTP.
func BenchmarkPublish(b *testing.B) {
	const (
		live       = `{"event":"update","data":{"order":7,"status":"paid"},"userId":"user-1"}`
		persistent = `{"event":"update","data":{"order":7,"status":"paid"},"userId":"user-1","persistent":true}`
	)
	batch := func(event string) string { return "[" + strings.Repeat(event+",", 99) + event + "]" }
	for _, c := range []struct{ name, body string }{
		{"live", live},
		{"live-batch-of-100", batch(live)},
		{"persistent", persistent},
		{"persistent-batch-of-100", batch(persistent)},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := startRig(b, func(o *Options) { o.Events.Events = 100; o.LogRate = 1 })
			caller := auth.Identity{Service: "app", Scopes: []auth.Scope{auth.Publish}}
			b.ReportAllocs()
			for b.Loop() {
				var ctx fasthttp.RequestCtx
				ctx.Request.SetBodyString(c.body)
				r.Server.publish(&ctx, caller)
				if ctx.Response.StatusCode() != 200 {
					b.Fatal(string(ctx.Response.Body()))
				}
			}
		})
	}
}
