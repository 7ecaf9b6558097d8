package transport

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/monitor"
	"github.com/sseactor/sseactor/transport/wire"
)

// openAdminStream answers GET /api/sse/admin/stream: how the server fares and what happens,
// while it happens. It is not among the streams of users.
func (s *Server) openAdminStream(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	named, refused := acceptsStream(&ctx.Request.Header)
	var metrics bool
	var tail *monitor.Filter
	if refused == nil {
		metrics, tail, refused = readLook(ctx.QueryArgs())
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	r := &streamRequest{origin: string(ctx.Request.Header.Peek("Origin")), caller: caller.UserID, browser: named}
	r.info = actor.Info{ID: wire.NewClientID(), UserID: caller.UserID, Expires: caller.Expires}
	s.describeCaller(ctx, &r.info)
	by := caller.Name()
	takeOver(ctx, s.lookout.engine, func(conn net.Conn) {
		_, _ = s.open(conn, r, &entrance{
			path: "/api/sse/admin/stream", hub: s.lookout.hub, engine: s.lookout.engine, full: lookoutFull,
			begin: func(w actor.Welcome) *sse.Frame {
				s.log.lookedOn(by, r.info)
				greeting := s.greeting(r, w).Bytes()
				return sse.NewRaw(append(greeting, s.lookout.join(r.info.ID, metrics, tail, time.Now())...))
			},
		})
	})
}

var lookoutFull = problem{Status: 429, Code: actor.CodeTooManyStreams, retryAfter: 5,
	Detail: fmt.Sprintf("%d operators look on, and no more may", monitor.MaxViewers)}

// readLook reads what an operator wants to see: the metrics, and what of the activity; nil:
// nothing of it.
func readLook(args *fasthttp.Args) (metrics bool, tail *monitor.Filter, refused *problem) {
	// Some clients say lastEventId in the query. There is nothing to resume here.
	if refused = onlyParameters(args, "include", "kinds", "event", "userId", "sessionId", "topic", "clientId", "lastEventId"); refused != nil {
		return false, nil, refused
	}
	var f monitor.Filter
	for _, field := range []struct {
		name  string
		to    *string
		check func(string) error
	}{
		{"event", &f.Event, checkEventName},
		{"userId", &f.UserID, wire.CheckUserID},
		{"sessionId", &f.SessionID, wire.CheckSessionID},
		{"topic", &f.Topic, wire.CheckTopic},
		{"clientId", &f.ClientID, wire.CheckClientID},
	} {
		if args.Has(field.name) {
			*field.to = string(args.Peek(field.name))
			if err := field.check(*field.to); err != nil {
				return false, nil, badQuery(field.name, err)
			}
		}
	}
	if args.Has("kinds") {
		var ok bool
		if f.Kinds, ok = monitor.ParseKinds(string(args.Peek("kinds"))); !ok {
			return false, nil, badQuery("kinds", errors.New("it must be a list of these, separated by commas: connect, disconnect, send, refuse"))
		}
	}
	metrics, tail = true, &f
	if args.Has("include") {
		metrics, tail = false, nil
		for what := range strings.SplitSeq(string(args.Peek("include")), ",") {
			switch what {
			case "metrics":
				metrics = true
			case "activity":
				tail = &f
			default:
				return false, nil, badQuery("include", errors.New("it must be a list of these, separated by commas: metrics, activity"))
			}
		}
	}
	return metrics, tail, nil
}

func checkEventName(text string) error {
	_, err := sse.ParseName(text)
	return err
}
