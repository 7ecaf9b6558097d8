package transport

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// crossOrigin checks the Origin that a browser sends and writes the CORS header
// fields. It reports false if it has answered the request itself.
func (s *Server) crossOrigin(ctx *fasthttp.RequestCtx) bool {
	origin := string(ctx.Request.Header.Peek("Origin"))
	if origin == "" {
		return true // not a browser, or a same-origin GET
	}
	h := &ctx.Response.Header
	h.Set("Vary", "Origin")
	if !s.originAllowed(origin, string(ctx.Host())) {
		reply(ctx, problem{Status: 403, Code: "ORIGIN_NOT_ALLOWED", Detail: "pages of this origin may not use the server; see the setting allowed-origins"})
		return false
	}
	for _, f := range corsHeader(origin) {
		h.Set(f[0], f[1])
	}
	if string(ctx.Method()) == "OPTIONS" {
		h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
		h.Set("Access-Control-Max-Age", "600")
		ctx.SetStatusCode(204)
		return false
	}
	return true
}

// corsHeader is what lets a page of an allowed origin read the answer.
func corsHeader(origin string) [][2]string {
	return [][2]string{
		{"Access-Control-Allow-Origin", origin}, // exact, never "*": credentials are allowed
		{"Access-Control-Allow-Credentials", "true"},
		{"Access-Control-Expose-Headers", "Retry-After"},
	}
}

func (s *Server) originAllowed(origin, host string) bool {
	if slices.Contains(s.opts.AllowedOrigins, origin) {
		return true
	}
	// Same origin: the server may be behind a proxy that ends TLS, so either
	// scheme will do for the same host.
	rest, ok := strings.CutPrefix(origin, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(origin, "http://")
	}
	return ok && rest != "" && strings.EqualFold(rest, host)
}
