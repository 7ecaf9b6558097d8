package transport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// readStreamRequest checks who asks for which stream.
func (s *Server) readStreamRequest(ctx *fasthttp.RequestCtx) (*streamRequest, *problem) {
	args := ctx.QueryArgs()
	if refused := wellFormed(ctx.URI().QueryString()); refused != nil {
		return nil, refused
	}
	if refused := atMostOnce(args, "sessionId", "userId", "ticket", "device"); refused != nil {
		return nil, refused
	}
	caller, refused := s.streamCaller(ctx)
	if refused != nil {
		return nil, refused
	}
	r := &streamRequest{origin: string(ctx.Request.Header.Peek("Origin"))}
	r.caller = caller.UserID
	r.info = actor.Info{ID: wire.NewClientID(), UserID: caller.UserID, Expires: caller.Expires}
	if refused := s.readWhose(args, caller, &r.info); refused != nil {
		return nil, refused
	}
	if refused := s.readTopics(ctx, caller, r); refused != nil {
		return nil, refused
	}
	if refused := readDevice(args, r); refused != nil {
		return nil, refused
	}
	readLastEventID(ctx, r)
	s.describeCaller(ctx, &r.info)
	return r, nil
}

// streamCaller says who asks for a stream: a ticket, if there is one, says it alone.
func (s *Server) streamCaller(ctx *fasthttp.RequestCtx) (auth.Identity, *problem) {
	if !ctx.QueryArgs().Has("ticket") {
		return s.identify(ctx)
	}
	caller, err := s.tickets.Redeem(string(ctx.QueryArgs().Peek("ticket")))
	if err != nil {
		s.meter.rejected(rejectedWrong)
		return caller, &problem{Status: 401, Code: "TICKET_NOT_VALID", Field: "ticket", Detail: "the ticket was used, has expired, or never was; get another one"}
	}
	return caller, nil
}

// readWhose reads whose events a stream is to have: the caller's own, a session's, and
// those of a user that the caller may read, such as a proxy of the app that has
// authenticated the user itself.
func (s *Server) readWhose(args *fasthttp.Args, caller auth.Identity, info *actor.Info) *problem {
	if args.Has("sessionId") {
		session, expires, refused := s.sessionOf(caller, string(args.Peek("sessionId")))
		if refused != nil {
			return refused
		}
		info.SessionID, info.Expires = session, earlier(info.Expires, expires)
	} else if only := caller.OnlySession(); only != "" {
		info.SessionID = only // of a ticket for a visitor
	}
	if args.Has("userId") {
		info.UserID = string(args.Peek("userId"))
		if err := wire.CheckUserID(info.UserID); err != nil {
			return badQuery("userId", err)
		}
		switch {
		case s.opts.Policy.MayReadUser(caller, info.UserID):
		case !caller.Known():
			return &unauthorized
		default:
			return notYourUser()
		}
	}
	if info.UserID == "" && info.SessionID == "" && !caller.Has(auth.Admin) && len(caller.Reads.Topics) == 0 {
		return &problem{Status: 401, Code: "UNAUTHORIZED", Detail: "sign in, or give a sessionId"}
	}
	return nil
}

// sessionOf is the session that a sessionId lets its holder read, and until when.
func (s *Server) sessionOf(caller auth.Identity, id string) (session string, expires time.Time, refused *problem) {
	if err := wire.CheckSessionID(id); err != nil {
		return "", expires, badQuery("sessionId", err)
	}
	if caller.Has(auth.Admin) || caller.NamesSession(id) {
		return id, expires, nil // by its plain name
	}
	session, signed := id, s.opts.SessionIDs != nil
	if signed {
		var err error
		session, expires, err = s.opts.SessionIDs.Verify(id, time.Now())
		switch {
		case errors.Is(err, auth.ErrExpired):
			p := expired
			p.Field = "sessionId"
			return "", expires, &p
		case err != nil:
			return "", expires, &problem{Status: 401, Code: "UNAUTHORIZED", Field: "sessionId", Detail: "sessionId: it must be one that the app has signed"}
		}
	}
	switch {
	case s.opts.Policy.MayReadSession(caller, session, signed):
		return session, expires, nil
	case caller.Known():
		return "", expires, &problem{Status: 403, Code: "FORBIDDEN", Field: "sessionId", Detail: "sessionId: the caller may not open this session's stream"}
	}
	return "", expires, &problem{Status: 401, Code: "UNAUTHORIZED", Field: "sessionId", Detail: "visitors are not let in here; sign in"}
}

// readTopics reads the topics, comma-separated or repeated, once each.
func (s *Server) readTopics(ctx *fasthttp.RequestCtx, caller auth.Identity, r *streamRequest) *problem {
	n := 0 // how many were named so far, one that is named again too
	for _, list := range ctx.QueryArgs().PeekMulti("topics") {
		for topic := range strings.SplitSeq(string(list), ",") {
			at := n
			n++
			if slices.Contains(r.info.Topics, topic) {
				continue
			}
			if len(r.info.Topics) == s.opts.MaxTopics {
				return badQuery("topics", fmt.Errorf("more than %d", s.opts.MaxTopics))
			}
			if refused := s.mayTopic(caller, topic, at); refused != nil {
				return refused
			}
			r.info.Topics = append(r.info.Topics, topic)
		}
	}
	return nil
}

// mayTopic is why a caller gets no subscription to its nth topic; nil: it gets it.
func (s *Server) mayTopic(caller auth.Identity, topic string, n int) *problem {
	at := fmt.Sprintf("topics[%d]", n)
	if err := wire.CheckTopic(topic); err != nil {
		return badQuery(at, err)
	}
	if !s.opts.Policy.MaySubscribe(caller, topic) {
		return &problem{Status: 403, Code: "TOPIC_NOT_ALLOWED", Field: at, Detail: "the caller may not subscribe to this topic"}
	}
	return nil
}

// readDevice reads which device of the user's it is: each has its own place in the user's
// mailbox. Who has a session and names no device has one device for it.
func readDevice(args *fasthttp.Args, r *streamRequest) *problem {
	r.device = r.info.SessionID
	if !args.Has("device") {
		return nil
	}
	r.device = string(args.Peek("device"))
	if err := wire.CheckDevice(r.device); err != nil {
		return badQuery("device", err)
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
			r.last = string(clip(id, wire.MaxKeyLength))
			return
		}
	}
}
