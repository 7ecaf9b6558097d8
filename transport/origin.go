package transport

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
)

// crossOrigin checks the Origin that a browser sends and writes the CORS header
// fields. It reports false if it has answered the request itself.
func (s *Server) crossOrigin(ctx *fasthttp.RequestCtx) bool {
	origin := string(ctx.Request.Header.Peek("Origin"))
	if origin == "" {
		return true // not a browser, or a same-origin GET
	}
	if len(ctx.Request.Header.PeekAll("Origin")) > 1 {
		reply(ctx, problem{Status: 400, Code: "BAD_REQUEST", Field: "Origin", Detail: "Origin: given more than once"})
		return false
	}
	h := &ctx.Response.Header
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

// forged is the answer to a request that changes something, comes with a cookie, and does
// not say of which page: a browser would have said so (Fetch Standard, "append a request
// Origin header"), and crossOrigin has looked at what it says. One that only asks says none
// if it is the page's own, or another site's <img>: that could hold an operator's stream.
func forged(h *fasthttp.RequestHeader, caller auth.Identity) *problem {
	asks := h.IsGet() || h.IsHead()
	elsewhere := string(h.Peek("Sec-Fetch-Site")) == "cross-site"
	if !caller.Ambient || asks && !elsewhere || len(h.Peek("Origin")) > 0 {
		return nil
	}
	return &problem{Status: 403, Code: "ORIGIN_REQUIRED", Field: "Origin", Detail: "a request that is authenticated by a cookie must say of which origin it is; services use an API key instead"}
}

// harden sets what every answer should tell a browser.
func (s *Server) harden(h *fasthttp.ResponseHeader) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Origin") // always: a cache must not give one page's answer to another's
	if s.opts.TLS != nil {
		h.Set("Strict-Transport-Security", strictTransport)
	}
}

const strictTransport = "max-age=31536000"

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
	// Same origin: the server may be behind a proxy that ends TLS, so either scheme will
	// do for the same host, unless TLS ends here.
	rest, ok := strings.CutPrefix(origin, "https://")
	if !ok && s.opts.TLS == nil {
		rest, ok = strings.CutPrefix(origin, "http://")
	}
	return ok && rest != "" && strings.EqualFold(rest, host)
}
