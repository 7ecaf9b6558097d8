package transport

import (
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/web"
	"github.com/sseactor/sseactor/transport/wire"
)

// demoPage answers GET /demo, in development.
func (s *Server) demoPage(ctx *fasthttp.RequestCtx, _ auth.Identity) { serveFile(ctx, web.Demo) }

// adminPage answers GET /admin: the dashboard's shell, which holds nothing of the server's.
// All that it shows it asks for with its user's credentials.
func (s *Server) adminPage(ctx *fasthttp.RequestCtx, _ auth.Identity) { serveFile(ctx, web.Admin) }

// asset answers GET /assets/…: what the pages load.
func (s *Server) asset(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	name := pathID(ctx)
	if _, known := web.Files()[name]; !known || name == web.Demo || name == web.Admin {
		reply(ctx, notFound)
		return
	}
	serveFile(ctx, name)
}

// toDemo answers GET / in development.
func (s *Server) toDemo(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	ctx.Response.Header.Set("Location", "/demo") // a browser keeps the part behind #
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.SetStatusCode(303)
}

// serveFile answers with a file, or that the caller has it. Names never change, so a
// browser asks each time.
func serveFile(ctx *fasthttp.RequestCtx, name string) {
	f := web.Files()[name]
	body, tag := f.Plain, f.PlainTag
	h := &ctx.Response.Header
	if f.Zipped != nil && takesGzip(joined(&ctx.Request.Header, "Accept-Encoding", ",")) {
		body, tag = f.Zipped, f.ZippedTag
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Vary", "Origin, Accept-Encoding")
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", web.Policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	ctx.SetContentType(f.Type)
	if matches(joined(&ctx.Request.Header, "If-None-Match", ","), tag) {
		h.Del("Content-Encoding")
		ctx.SetStatusCode(304)
		return
	}
	ctx.SetBody(body)
}

// takesGzip reads an Accept-Encoding (RFC 9110 12.5.3). A field that says nothing of gzip
// excludes it.
func takesGzip(accept string) bool {
	takes := false
	for item := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(item, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return wire.Weight(params) > 0
		case "*":
			takes = wire.Weight(params) > 0
		}
	}
	return takes
}

// matches reads an If-None-Match (RFC 9110 13.1.2).
func matches(list, tag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == tag {
			return true
		}
	}
	return false
}
