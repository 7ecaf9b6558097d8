package transport

import (
	"io"
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
	for _, c := range []struct {
		name, body string
		viewers    int // operators who look on
	}{
		{"live", live, 0},
		{"live/1-viewer", live, 1},
		{"live/16-viewers", live, 16},
		{"live-batch-of-100", batch(live), 0},
		{"live-batch-of-100/1-viewer", batch(live), 1},
		{"persistent", persistent, 0},
		{"persistent-batch-of-100", batch(persistent), 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := startRig(b, func(o *Options) { o.Events.Events = 100; o.LogRate = 1 })
			caller := auth.Identity{Service: "app", Scopes: []auth.Scope{auth.Publish}}
			for range c.viewers {
				conn := r.lookOn("").conn
				b.Cleanup(func() { _ = conn.Close() })
				go func() { _, _ = io.Copy(io.Discard, conn) }()
			}
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
