package transport

import (
	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
)

// healthz says that the process is alive: it answers. It stays so while draining,
// or an orchestrator would kill the server in the middle of its farewells.
func (s *Server) healthz(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	replyJSON(ctx, struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}{"alive", s.opts.Version})
}

// readyz says whether new streams should be sent here: the hub answers and does
// not drain.
func (s *Server) readyz(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	if !s.ready.Load() {
		reply(ctx, problem{Status: 503, Code: "NOT_READY", Detail: "the server is starting or shutting down", retryAfter: 1})
		return
	}
	if _, err := s.stats(); err != nil {
		reply(ctx, problem{Status: 503, Code: "NOT_READY", Detail: "the hub does not answer", retryAfter: 1})
		return
	}
	replyJSON(ctx, struct {
		Status string `json:"status"`
	}{"ready"})
}
