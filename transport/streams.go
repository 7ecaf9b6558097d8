package transport

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	mathrand "math/rand/v2"
	"net"
	"strconv"
	"time"
	"unique"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
)

// openStream answers GET /api/sse. Once the caller is known to be let in as far as
// the request goes, the connection leaves fasthttp; the hub's answer (admitted,
// full, draining) is written to it by hand.
func (s *Server) openStream(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	// A list may be spread over several fields (RFC 9110 5.2).
	accept := parseAccept(bytes.Join(ctx.Request.Header.PeekAll("Accept"), []byte(",")))
	if !accept.allows {
		reply(ctx, problem{Status: 406, Code: "NOT_ACCEPTABLE", Detail: "this is a text/event-stream, which the Accept header excludes", Field: "Accept"})
		return
	}
	r, refused := s.readStreamRequest(ctx)
	switch {
	case refused == nil:
	case refused.Status == 503 && accept.named:
		s.replyInStream(ctx, *refused)
		return
	default:
		reply(ctx, *refused)
		return
	}
	r.browser = accept.named
	if s.barred(r) {
		leaveForGood(ctx)
		return
	}
	if conn := ctx.Conn(); s.engine.Detaches(conn) {
		// Here and now: a hijack takes another goroutine with a stack that has yet to
		// grow, and in a storm of connects these were a sixth of what each costs. What
		// fasthttp then writes to the connection is lost.
		s.takeOver(conn, r)
		ctx.SetConnectionClose()
		return
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(c net.Conn) { s.takeOver(unwrap(c), r) })
}

// unwrap drops fasthttp's wrapper, which would keep its read buffer alive for as
// long as the stream is open.
func unwrap(c net.Conn) net.Conn {
	if w, ok := c.(interface{ UnsafeConn() net.Conn }); ok {
		return w.UnsafeConn()
	}
	return c
}

// takeOver makes a connection a stream, or says why not and closes it.
func (s *Server) takeOver(conn net.Conn, r *streamRequest) {
	defer func() {
		if p := recover(); p != nil { // or one stream's would be the process's end
			s.panicked("/api/sse", p)
			_ = conn.Close()
		}
	}()
	welcome, err := s.engine.Open(conn, r.info, s.source(r), func(w actor.Welcome) *sse.Frame {
		switch w.Admission {
		case actor.Admitted:
			if r.last != "" {
				s.sent(w.LastID)
			}
			s.log.connected(r.info) // here, or the line of a short stream's end could be before it
			return s.greeting(r, w)
		case actor.Draining:
			return s.refusal(r, shuttingDown, actor.CodeServerShutdown)
		case actor.Full:
			return s.refusal(r, problem{Status: 503, Code: actor.CodeMaxClients, Detail: "the server has as many streams as it may have", retryAfter: 5}, actor.CodeMaxClients)
		case actor.TooMany:
			return s.refusal(r, problem{Status: 429, Code: actor.CodeTooManyStreams, Detail: "this " + w.Limit + " has as many streams as it may have", retryAfter: 5}, actor.CodeTooManyStreams)
		case actor.Stale:
			return s.refusal(r, journalBusy, journalBusy.Code)
		default: // it has not come to ask the hub, or the hub has stopped
			if r.unread {
				return s.refusal(r, mailboxFault, mailboxFault.Code)
			}
			return s.refusal(r, noStream, noStream.Code)
		}
	})
	switch {
	case welcome.Admission != actor.Admitted:
		s.log.refused(r.info, welcome.Admission, err)
	case s.barred(r):
		// Barred since it was asked: whoever ended the streams there were did not find
		// this one.
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		_, _ = s.hub.Disconnect(ctx, actor.Filter{ClientID: r.info.ID}) // an error means that the hub ends them all
	}
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

// newClientID makes an id that nobody guesses, of 128 random bits.
func newClientID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

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

// greeting is the head of a stream and its first event. It is written by hand: in a
// storm of reconnects there are many.
func (s *Server) greeting(r *streamRequest, w actor.Welcome) *sse.Frame {
	now := time.Now()
	b := make([]byte, 0, 256)
	b = appendText(append(b, `{"status":"connected","clientId":`...), r.info.ID)
	if r.info.UserID != "" {
		b = appendText(append(b, `,"userId":`...), r.info.UserID)
	}
	if r.info.SessionID != "" {
		b = appendText(append(b, `,"sessionId":`...), r.info.SessionID)
	}
	b = appendText(append(b, `,"timestamp":`...), actor.Timestamp(now))
	b = appendResume(b, r, w)
	// 1 to 1.5 times the setting: streams that break together come back apart.
	retry := s.opts.Hub.Retry + time.Duration(mathrand.Int64N(int64(s.opts.Hub.Retry)/2+1))
	return sse.NewControl(sse.NameConnection, retry, append(b, '}')).Prefixed(s.streamHead(r.origin, now))
}

// appendResume writes what a client that was away is told of what it has missed.
func appendResume(b []byte, r *streamRequest, w actor.Welcome) []byte {
	if w.Replay.Verdict == actor.NotAsked {
		return b
	}
	b = appendText(append(b, `,"resume":{"status":`...), w.Replay.Verdict.String())
	if r.last != "" {
		b = appendText(append(b, `,"from":`...), r.last)
	}
	b = appendText(append(b, `,"to":`...), w.LastID.String())
	if w.Replay.Whole { // else an event says so, behind the last of them
		b = append(b, `,"replayed":`...)
		b = strconv.AppendInt(b, int64(w.Replay.Queued), 10)
	}
	return append(b, '}')
}

// refusal is the answer to a caller that can't be let in now. EventSource gives up
// for good on any status but 200, so a caller that asks for an event stream is
// told in one when to come back.
func (s *Server) refusal(r *streamRequest, p problem, code string) *sse.Frame {
	now := time.Now()
	if r.browser {
		return actor.ErrorFrame(code, p.Detail, s.comeBack(), now).Prefixed(s.streamHead(r.origin, now))
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

// streamClosed is told of each stream that has ended.
func (s *Server) streamClosed(c *actor.Client, why actor.Reason, err error) {
	s.log.disconnected(c.Info(), why, err)
}
