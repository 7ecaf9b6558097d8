package transport

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
)

// longestBlock bounds for how long somebody is kept out.
const longestBlock = 366 * 24 * time.Hour

// readBlock reads for how long those whose streams are ended must not come back; zero:
// they may at once.
func readBlock(args *fasthttp.Args, filter actor.Filter) (time.Duration, *problem) {
	if !args.Has("block") {
		return 0, nil
	}
	d, err := time.ParseDuration(string(args.Peek("block")))
	switch {
	case err != nil || d < time.Second || d > longestBlock:
		return 0, badQuery("block", errors.New("it must be a duration of 1s to "+longestBlock.String()+", such as 15m or 24h"))
	case filter.Topic != "" || (filter.UserID == "") == (filter.SessionID == ""):
		return 0, badQuery("block", errors.New("only a user or a session can be kept out: give userId or sessionId, and no other"))
	}
	return d, nil
}

// block keeps a user or a session out.
func (s *Server) block(filter actor.Filter, d time.Duration) *problem {
	now := time.Now()
	if err := s.blocks.Block(auth.Blocked{UserID: filter.UserID, SessionID: filter.SessionID}, now.Add(d), now); err != nil {
		return &problem{Status: 503, Code: "TOO_MANY_BLOCKS", Detail: "as many users and sessions as may be are kept out; see the setting max-blocks"}
	}
	return nil
}

// blockView is somebody who is kept out, as an operator sees it.
type blockView struct {
	UserID    string `json:"userId,omitempty"`
	SessionID string `json:"sessionId,omitempty"`
	Until     string `json:"until"`
}

// listBlocks answers GET /api/sse/admin/blocks.
func (s *Server) listBlocks(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	if refused := onlyParameters(ctx.QueryArgs()); refused != nil {
		reply(ctx, *refused)
		return
	}
	views := []blockView{}
	for who, until := range s.blocks.All(time.Now()) {
		views = append(views, blockView{who.UserID, who.SessionID, actor.Timestamp(until)})
	}
	slices.SortFunc(views, func(a, b blockView) int {
		return strings.Compare(a.Until+a.UserID+a.SessionID, b.Until+b.UserID+b.SessionID)
	})
	replyJSON(ctx, struct {
		Blocks []blockView `json:"blocks"`
	}{views})
}

// liftBlock answers DELETE /api/sse/admin/blocks: somebody may come back.
func (s *Server) liftBlock(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	refused := onlyParameters(ctx.QueryArgs(), "userId", "sessionId")
	var filter actor.Filter
	if refused == nil {
		filter, refused = readFilter(ctx.QueryArgs())
	}
	if refused == nil && (filter.UserID == "") == (filter.SessionID == "") {
		refused = &problem{Status: 400, Code: "INVALID_REQUEST", Detail: "say who may come back: userId or sessionId"}
	}
	switch {
	case refused != nil:
		reply(ctx, *refused)
	case !s.blocks.Lift(auth.Blocked{UserID: filter.UserID, SessionID: filter.SessionID}, time.Now()):
		reply(ctx, notFound)
	default:
		s.opts.Log.Info("a block was lifted", "by", caller.Name())
		replyJSON(ctx, struct {
			Success bool `json:"success"`
		}{true})
	}
}
