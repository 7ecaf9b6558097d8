package transport

import (
	"bytes"
	"context"
	mathrand "math/rand/v2"
	"net"
	"strconv"
	"time"
	"unique"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// openStream answers GET /api/sse. Once the caller is known to be let in as far as
// the request goes, the connection leaves fasthttp; the hub's answer (admitted,
// full, draining) is written to it by hand.
func (s *Server) openStream(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	named, refused := acceptsStream(&ctx.Request.Header)
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	r, refused := s.readStreamRequest(ctx)
	switch {
	case refused == nil:
	case refused.Status == 503 && named:
		s.replyInStream(ctx, *refused)
		return
	default:
		reply(ctx, *refused)
		return
	}
	r.browser = named
	if s.barred(r) {
		leaveForGood(ctx)
		return
	}
	takeOver(ctx, s.engine, func(conn net.Conn) { s.letIn(conn, r) })
}

// acceptsStream reports whether a caller asks for an event stream by name, and refuses one
// that excludes it.
func acceptsStream(h *fasthttp.RequestHeader) (named bool, refused *problem) {
	// A list may be spread over several fields (RFC 9110 5.2).
	accept := wire.ParseAccept(string(bytes.Join(h.PeekAll("Accept"), []byte(","))))
	if !accept.Allows {
		return false, &problem{Status: 406, Code: "NOT_ACCEPTABLE", Detail: "this is a text/event-stream, which the Accept header excludes", Field: "Accept"}
	}
	return accept.Named, nil
}

// takeOver takes a request's connection away from fasthttp, for a stream of an engine's.
func takeOver(ctx *fasthttp.RequestCtx, engine *stream.Engine, open func(net.Conn)) {
	if conn := ctx.Conn(); engine.Detaches(conn) {
		// Here and now: a hijack takes another goroutine with a stack that has yet to
		// grow, and in a storm of connects these were a sixth of what each costs. What
		// fasthttp then writes to the connection is lost.
		open(conn)
		ctx.SetConnectionClose()
		return
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(c net.Conn) { open(unwrap(c)) })
}

// unwrap drops fasthttp's wrapper, which would keep its read buffer alive for as
// long as the stream is open.
func unwrap(c net.Conn) net.Conn {
	if w, ok := c.(interface{ UnsafeConn() net.Conn }); ok {
		return w.UnsafeConn()
	}
	return c
}

// letIn makes a connection a user's stream, or says why not and closes it.
func (s *Server) letIn(conn net.Conn, r *streamRequest) {
	welcome, err := s.open(conn, r, &entrance{
		path: "/api/sse", hub: s.hub, engine: s.engine, source: s.source(r), full: serverFull,
		begin: func(w actor.Welcome) *sse.Frame {
			if r.last != "" {
				s.sent(w.LastID)
			}
			s.streamOpened(r.info) // here, or the line of a short stream's end could be before it
			return s.greeting(r, w)
		},
	})
	if welcome.Admission != actor.Admitted {
		s.streamRefused(r.info, welcome, r.refusal(welcome, serverFull), err)
	}
}

// entrance is where streams come in: the users', or the operators'.
type entrance struct {
	path   string // for the log
	hub    *actor.Hub
	engine *stream.Engine
	source stream.Source                  // of what the stream has missed; nil: nothing
	full   problem                        // the answer when there are as many as may be
	begin  func(actor.Welcome) *sse.Frame // what a stream that is let in begins with
}

// open makes a connection a stream, or says why not and closes it.
func (s *Server) open(conn net.Conn, r *streamRequest, e *entrance) (welcome actor.Welcome, err error) {
	defer func() {
		if p := recover(); p != nil { // or one stream's would be the process's end
			s.panicked(e.path, p)
			_ = conn.Close()
		}
	}()
	welcome, err = e.engine.Open(conn, r.info, e.source, func(w actor.Welcome) *sse.Frame {
		if w.Admission == actor.Admitted {
			return e.begin(w)
		}
		return s.refusal(r, r.refusal(w, e.full))
	})
	if welcome.Admission == actor.Admitted && s.barred(r) {
		// Barred since it was asked: whoever ended the streams there were did not find
		// this one.
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		_, _ = e.hub.Disconnect(ctx, actor.Filter{ClientID: r.info.ID}) // an error means that the hub ends them all
	}
	return welcome, err
}

var serverFull = problem{Status: 503, Code: actor.CodeMaxClients, Detail: "the server has as many streams as it may have", retryAfter: 5}

// refusal is why a stream is not let in.
func (r *streamRequest) refusal(w actor.Welcome, full problem) problem {
	switch w.Admission {
	case actor.Draining:
		return shuttingDown
	case actor.Full:
		return full
	case actor.TooMany:
		return problem{Status: 429, Code: actor.CodeTooManyStreams, Detail: "this " + w.Limit + " has as many streams as it may have", retryAfter: 5}
	case actor.Stale:
		return journalBusy
	}
	if r.unread { // it has not come to ask the hub, or the hub has stopped
		return mailboxFault
	}
	return noStream
}

// replyInStream tells a caller that asks for an event stream to come back: after any
// other status than 200 EventSource would not.
func (s *Server) replyInStream(ctx *fasthttp.RequestCtx, p problem) {
	h := &ctx.Response.Header
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	ctx.SetContentType("text/event-stream; charset=utf-8")
	ctx.SetBody(actor.ErrorFrame(p.Code, p.Detail, s.comeBack(), time.Now()).Bytes())
	ctx.SetConnectionClose()
}

// comeBack is when somebody who is not let in now is to try again: at random, so that
// not all do at once.
func (s *Server) comeBack() time.Duration {
	return s.opts.Hub.Retry + time.Duration(mathrand.Int64N(int64(s.opts.Hub.RetrySpread)+1))
}

// barred reports whether a stream's user or session must not come back for now.
func (s *Server) barred(r *streamRequest) bool {
	now := time.Now()
	return s.blocks.Bars(r.info.UserID, r.info.SessionID, now) || r.caller != r.info.UserID && s.blocks.Bars(r.caller, "", now)
}

// leaveForGood answers a client that must not come back: EventSource gives up at a 204
// (WHATWG HTML 9.2.2).
func leaveForGood(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(204)
	ctx.Response.Header.Set("Cache-Control", "no-store")
}

// streamRequest is what is kept of a request for a stream; fasthttp reuses the
// rest.
type streamRequest struct {
	info    actor.Info
	caller  string // the signed-in user who asks, who may read another's events
	origin  string // of a browser's page; empty: none was said
	device  string // of the user's, or of the session's; empty: the one without a name
	last    string // Last-Event-ID; empty: none was given
	browser bool   // the caller asked for text/event-stream by name
	unread  bool   // its mailboxes could not be read
}

// maxAgent bounds what is kept of a User-Agent, in bytes.
const maxAgent = 200

func clip(b []byte, most int) []byte { return b[:min(len(b), most)] }

// describeCaller notes who is behind a connection, for people to read. Agents are
// few and streams are many: each agent's name is kept once.
func (s *Server) describeCaller(ctx *fasthttp.RequestCtx, info *actor.Info) {
	agent := bytes.ToValidUTF8(clip(ctx.UserAgent(), maxAgent), []byte("?"))
	info.Agent = unique.Make(string(agent)).Value()
	address := s.clientAddress(ctx)
	if address == addressOf(ctx.RemoteAddr()) {
		info.Address = ctx.RemoteAddr().String() // with its port, which a proxy does not say
	} else {
		info.Address = address.String()
	}
	if s.opts.Hub.MaxPerNetwork > 0 {
		info.Network = network(address)
	}
	info.Since = ctx.Time()
}

// streamHead is the response's head. The body ends with the connection, so frames
// need no chunks around them.
func (s *Server) streamHead(origin string, now time.Time) []byte {
	b := make([]byte, 0, 512)
	b = append(b, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"+
		"Cache-Control: no-cache, no-transform\r\nVary: Origin\r\nX-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nDate: "...)
	b = fasthttp.AppendHTTPDate(b, now)
	return append(s.appendOrigin(b, origin), "\r\n\r\n"...)
}

// appendOrigin writes what depends on who asks, and how.
func (s *Server) appendOrigin(b []byte, origin string) []byte {
	if s.opts.TLS != nil {
		b = append(b, "\r\nStrict-Transport-Security: "+strictTransport...)
	}
	if origin == "" {
		return b
	}
	for _, f := range corsHeader(origin) {
		b = append(b, "\r\n"+f[0]+": "+f[1]...)
	}
	return b
}

// greeting is the head of a stream and its first event.
func (s *Server) greeting(r *streamRequest, w actor.Welcome) *sse.Frame {
	now := time.Now()
	g := wire.Greeting{LastEventID: r.last, Welcome: w, Retry: s.opts.Hub.Retry, Heartbeat: s.opts.Hub.HeartbeatInterval}
	return g.Frame(&r.info, now).Prefixed(s.streamHead(r.origin, now))
}

// refusal is the answer to a caller that can't be let in now. EventSource gives up
// for good on any status but 200, so a caller that asks for an event stream is
// told in one when to come back.
func (s *Server) refusal(r *streamRequest, p problem) *sse.Frame {
	now := time.Now()
	if r.browser {
		return actor.ErrorFrame(p.Code, p.Detail, s.comeBack(), now).Prefixed(s.streamHead(r.origin, now))
	}
	body := p.json()
	b := make([]byte, 0, 512+len(body))
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(p.Status), 10)
	b = append(b, " "+fasthttp.StatusMessage(p.Status)+"\r\nContent-Type: "+problemType+
		"\r\nCache-Control: no-store\r\nVary: Origin\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nRetry-After: "...)
	b = strconv.AppendInt(b, int64(p.retryAfter+mathrand.IntN(p.retryAfter+1)), 10)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\nDate: "...)
	b = fasthttp.AppendHTTPDate(b, now)
	b = append(s.appendOrigin(b, r.origin), "\r\n\r\n"...)
	return sse.NewRaw(append(b, body...))
}
