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
// not drain, and the journal can be written if there is one on disk. (One in memory that
// is full is no fault of this server that another would not have.)
func (s *Server) readyz(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	if !s.ready.Load() {
		reply(ctx, problem{Status: 503, Code: "NOT_READY", Detail: "the server is starting or shutting down", retryAfter: 1})
		return
	}
	if _, err := s.stats(); err != nil {
		reply(ctx, problem{Status: 503, Code: "NOT_READY", Detail: "the hub does not answer", retryAfter: 1})
		return
	}
	if s.committer != nil && s.opts.Journal.Durable() {
		if err := s.committer.Fault(); err != nil {
			why := journalProblem(err)
			reply(ctx, problem{Status: 503, Code: "NOT_READY", Detail: "the journal can't be written (" + why.Code + ")", retryAfter: why.retryAfter})
			return
		}
	}
	replyJSON(ctx, struct {
		Status string `json:"status"`
	}{"ready"})
}
