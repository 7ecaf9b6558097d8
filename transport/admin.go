package transport

import (
	"context"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/pprofhandler"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// askTimeout is how long the hub may take to answer a question of an operator.
const askTimeout = 5 * time.Second

// clientView is a stream as an operator sees it.
type clientView struct {
	ID        string   `json:"id"`
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	Address   string   `json:"address"`
	Agent     string   `json:"agent,omitempty"`
	Since     string   `json:"since"`
	LastWrite string   `json:"lastWrite"`
	Queued    int      `json:"queued"`
	Bytes     int      `json:"queuedBytes"`
	Delivered uint64   `json:"delivered"`
	Dropped   uint64   `json:"dropped"`
	Limited   uint64   `json:"rateLimited,omitempty"` // of those
	Expires   string   `json:"expires,omitempty"`
}

func view(c actor.ClientStats) clientView {
	expires := ""
	if !c.Expires.IsZero() {
		expires = actor.Timestamp(c.Expires)
	}
	return clientView{
		ID: c.ID, UserID: c.UserID, SessionID: c.SessionID, Topics: c.Topics, Address: c.Address, Agent: c.Agent,
		Since: actor.Timestamp(c.Since), LastWrite: actor.Timestamp(c.LastWrite),
		Queued: c.QueuedFrames, Bytes: c.QueuedBytes, Delivered: c.Delivered, Dropped: c.Dropped, Limited: c.RateLimited, Expires: expires,
	}
}

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

// readPage reads which page of a long list is meant.
func readPage(args *fasthttp.Args) (cursor, limit int, refused *problem) {
	number := func(name string, otherwise, least, most int) int {
		if !args.Has(name) || refused != nil {
			return otherwise
		}
		n, err := strconv.Atoi(string(args.Peek(name)))
		if err != nil || n < least || n > most {
			refused = &problem{Status: 400, Code: "INVALID_REQUEST", Field: name,
				Detail: name + ": it must be a whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)}
		}
		return n
	}
	cursor, limit = number("cursor", 0, 0, 1<<31-1), number("limit", 100, 1, 1000)
	return cursor, limit, refused
}

// listClients answers GET /api/sse/admin/clients, newest stream first.
func (s *Server) listClients(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	args := ctx.QueryArgs()
	refused := onlyParameters(args, "userId", "sessionId", "topic", "cursor", "limit")
	var filter actor.Filter
	if refused == nil {
		filter, refused = readFilter(args)
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	cursor, limit, refused := readPage(args)
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	deadline, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	page, err := s.hub.List(deadline, filter, cursor, limit)
	if err != nil {
		reply(ctx, overloaded)
		return
	}
	answer := struct {
		Clients []clientView `json:"clients"`
		Next    int          `json:"next,omitempty"` // the cursor of the next page
	}{make([]clientView, 0, len(page.Clients)), page.Next}
	for _, c := range page.Clients {
		answer.Clients = append(answer.Clients, view(c))
	}
	replyJSON(ctx, answer)
}

func pathID(ctx *fasthttp.RequestCtx) string {
	path := string(ctx.Path())
	for i := len(path) - 1; ; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
}

// showClient answers GET /api/sse/admin/clients/{id}.
func (s *Server) showClient(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	deadline, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	page, err := s.hub.List(deadline, actor.Filter{ClientID: pathID(ctx)}, 0, 1)
	switch {
	case err != nil:
		reply(ctx, overloaded)
	case len(page.Clients) == 0:
		reply(ctx, notFound)
	default:
		replyJSON(ctx, view(page.Clients[0]))
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
