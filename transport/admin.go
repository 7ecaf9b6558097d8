package transport

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/pprofhandler"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// askTimeout is how long the hub may take to answer a question of an operator.
const askTimeout = 5 * time.Second

// readFilter reads which clients are meant.
func readFilter(args *fasthttp.Args) (f actor.Filter, refused *problem) {
	for _, field := range []struct {
		name  string
		to    *string
		check func(string) error
	}{
		{"userId", &f.UserID, wire.CheckUserID},
		{"sessionId", &f.SessionID, wire.CheckSessionID},
		{"topic", &f.Topic, wire.CheckTopic},
	} {
		if args.Has(field.name) {
			*field.to = string(args.Peek(field.name))
			if err := field.check(*field.to); err != nil {
				return f, badQuery(field.name, err)
			}
		}
	}
	return f, nil
}

func pathID(ctx *fasthttp.RequestCtx) string {
	path := string(ctx.Path())
	for i := len(path) - 1; ; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
}

// endClient answers DELETE /api/sse/admin/clients/{id}.
func (s *Server) endClient(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	if refused := onlyParameters(ctx.QueryArgs()); refused != nil { // such as block, which is for all of a user's
		reply(ctx, *refused)
		return
	}
	s.disconnect(ctx, caller, actor.Filter{ClientID: pathID(ctx)}, true)
}

// endClients answers DELETE /api/sse/admin/clients: all streams of a user, a
// session or a topic.
func (s *Server) endClients(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	// A misspelled one would choose more streams than were meant.
	refused := onlyParameters(ctx.QueryArgs(), "userId", "sessionId", "topic", "block")
	var filter actor.Filter
	var block time.Duration
	if refused == nil {
		filter, refused = readFilter(ctx.QueryArgs())
	}
	if refused == nil && filter == (actor.Filter{}) {
		refused = &problem{Status: 400, Code: "INVALID_REQUEST", Detail: "say whose streams are to end: userId, sessionId or topic"}
	}
	if refused == nil {
		block, refused = readBlock(ctx.QueryArgs(), filter)
	}
	if refused == nil && block > 0 {
		refused = s.block(filter, block) // before they are ended, or one could be back in between
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	if block > 0 && filter.UserID != "" {
		s.lookout.end(filter.UserID)
	}
	s.disconnect(ctx, caller, filter, false)
}

func (s *Server) disconnect(ctx *fasthttp.RequestCtx, caller auth.Identity, filter actor.Filter, one bool) {
	deadline, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	n, err := s.hub.Disconnect(deadline, filter)
	switch {
	case err != nil:
		reply(ctx, overloaded)
	case one && n == 0:
		reply(ctx, notFound)
	default:
		s.opts.Log.Info("streams disconnected by an administrator", "by", caller.Name(), "streams", n)
		replyJSON(ctx, struct {
			Disconnected int `json:"disconnected"`
		}{n})
	}
}

// reset answers POST /api/sse/reset: all streams are ended, nothing is kept any more, and
// the counters are zero. In production the endpoint does not exist.
func (s *Server) reset(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	deadline, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	if err := s.hub.Reset(deadline); err != nil {
		reply(ctx, overloaded)
		return
	}
	if s.committer != nil {
		if err := s.committer.Reset(deadline); err != nil { // what was done stays done: it can be asked for again
			s.opts.Log.Error("the mailboxes could not be cleared", "error", err)
			reply(ctx, journalFails)
			return
		}
	}
	s.answers.reset()
	s.meter.reset()
	s.opts.Log.Warn("the server was reset", "by", caller.Name())
	metrics, err := s.summary()
	if err != nil {
		reply(ctx, overloaded)
		return
	}
	replyJSON(ctx, struct {
		Success bool `json:"success"`
		Metrics any  `json:"metrics"`
	}{true, metrics})
}

// profile answers /debug/pprof/…, but for the command line: that may hold secrets.
func (s *Server) profile(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	if pathID(ctx) == "cmdline" {
		reply(ctx, notFound)
		return
	}
	pprofhandler.PprofHandler(ctx)
}
