package transport

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// readStreamRequest checks who asks for which stream.
func (s *Server) readStreamRequest(ctx *fasthttp.RequestCtx) (*streamRequest, *problem) {
	caller, refused := s.identify(ctx)
	if refused != nil {
		return nil, refused
	}
	r := &streamRequest{origin: string(ctx.Request.Header.Peek("Origin"))}
	r.info = actor.Info{ID: newClientID(), UserID: caller.UserID}
	args := ctx.QueryArgs()
	if refused := wellFormed(ctx.URI().QueryString()); refused != nil {
		return nil, refused
	}
	if refused := atMostOnce(args, "sessionId", "userId"); refused != nil {
		return nil, refused
	}
	if args.Has("sessionId") {
		r.info.SessionID = string(args.Peek("sessionId"))
		if err := wire.CheckSessionID(r.info.SessionID); err != nil {
			return nil, badQuery("sessionId", err)
		}
	}
	if args.Has("userId") {
		// A service that has authenticated the user itself, such as a proxy of the
		// app, opens the stream on the user's behalf.
		if !caller.May(auth.Admin) {
			return nil, &problem{Status: 403, Code: "FORBIDDEN", Field: "userId", Detail: "only a caller with the scope admin may say whose stream it is"}
		}
		r.info.UserID = string(args.Peek("userId"))
		if err := wire.CheckUserID(r.info.UserID); err != nil {
			return nil, badQuery("userId", err)
		}
	}
	if r.info.UserID == "" && r.info.SessionID == "" && !caller.May(auth.Admin) {
		return nil, &problem{Status: 401, Code: "UNAUTHORIZED", Detail: "sign in, or give a sessionId"}
	}
	if refused := s.readTopics(ctx, caller, r); refused != nil {
		return nil, refused
	}
	readLastEventID(ctx, r)
	describeCaller(ctx, &r.info)
	return r, nil
}

// readTopics reads the topics, comma-separated or repeated, once each.
func (s *Server) readTopics(ctx *fasthttp.RequestCtx, caller auth.Identity, r *streamRequest) *problem {
	n := 0 // how many were named so far, one that is named again too
	for _, list := range ctx.QueryArgs().PeekMulti("topics") {
		for topic := range strings.SplitSeq(string(list), ",") {
			at := fmt.Sprintf("topics[%d]", n)
			n++
			if err := wire.CheckTopic(topic); err != nil {
				return badQuery(at, err)
			}
			if slices.Contains(r.info.Topics, topic) {
				continue
			}
			if len(r.info.Topics) == s.opts.MaxTopics {
				return badQuery("topics", fmt.Errorf("more than %d", s.opts.MaxTopics))
			}
			if !s.opts.Policy.MaySubscribe(caller, topic) {
				return &problem{Status: 403, Code: "TOPIC_NOT_ALLOWED", Field: at, Detail: "the caller may not subscribe to this topic"}
			}
			r.info.Topics = append(r.info.Topics, topic)
		}
	}
	return nil
}

// readLastEventID takes the header before the query: the header is the browser's
// own, the query is what the page began with. An id that makes no sense is no
// error, since EventSource would give up on one: it can't be resumed from.
func readLastEventID(ctx *fasthttp.RequestCtx, r *streamRequest) {
	args := ctx.QueryArgs()
	for _, id := range [][]byte{ctx.Request.Header.Peek("Last-Event-ID"), args.Peek("lastEventId"), args.Peek("last_event_id")} {
		if len(id) > 0 {
			r.resume, r.last = true, string(clip(id, wire.MaxKeyLength))
			return
		}
	}
}

// accept is what an Accept header says of text/event-stream (RFC 9110 12.5.1).
type accept struct {
	allows bool // it is not excluded
	named  bool // it is asked for by name
}

func parseAccept(header []byte) accept {
	if len(header) == 0 {
		return accept{allows: true}
	}
	var a accept
	best := 0 // how specific the range that decides is
	for item := range strings.SplitSeq(string(header), ",") {
		media, params, _ := strings.Cut(item, ";")
		rank := 0
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "text/event-stream":
			rank = 3
		case "text/*":
			rank = 2
		case "*/*":
			rank = 1
		}
		if rank > best {
			best = rank
			a = accept{allows: weight(params) > 0, named: rank == 3 && weight(params) > 0}
		}
	}
	return a
}

// weight is the q of a media range; 1 if there is none.
func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return q
			}
		}
	}
	return 1
}
