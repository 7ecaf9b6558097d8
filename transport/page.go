package transport

import (
	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/web"
)

// page answers GET / in development: a page to try the server on.
func (s *Server) page(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	h := &ctx.Response.Header
	h.Set("Content-Security-Policy", web.Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	ctx.SetContentType("text/html; charset=utf-8")
	ctx.SetBody(web.Page)
}
