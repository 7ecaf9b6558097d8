package transport

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
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
	if why := s.journalUnready(); why != nil {
		reply(ctx, problem{Status: 503, Code: "NOT_READY", Detail: "the journal can't be written (" + why.Code + ")", retryAfter: why.retryAfter})
		return
	}
	replyJSON(ctx, struct {
		Status string `json:"status"`
	}{"ready"})
}

// journalUnready is why the journal keeps the server from being ready; nil: it does not.
func (s *Server) journalUnready() *problem {
	if s.committer == nil || !s.opts.Journal.Durable() {
		return nil
	}
	if err := s.committer.Fault(); err != nil {
		return journalProblem(err)
	}
	return nil
}

// healthSummary is the server's health at a glance.
type healthSummary struct {
	Ready    bool   `json:"ready"` // as /readyz says
	Draining bool   `json:"draining"`
	Journal  string `json:"journal"` // ok, full, failed; none: nothing is kept
	Uptime   int64  `json:"uptimeSeconds"`
}

// health is for a hub that has answered.
func (s *Server) health(stats *actor.Stats) healthSummary {
	h := healthSummary{Ready: s.ready.Load() && s.journalUnready() == nil, Draining: stats.Draining, Journal: "none", Uptime: int64(time.Since(s.began).Seconds())}
	if s.committer != nil {
		switch err := s.committer.Fault(); {
		case err == nil:
			h.Journal = "ok"
		case errors.Is(err, journal.ErrFull):
			h.Journal = "full"
		default:
			h.Journal = "failed"
		}
	}
	return h
}
