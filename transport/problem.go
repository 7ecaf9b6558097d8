package transport

import (
	"encoding/json"
	"errors"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"
)

// problem is an error as the client sees it (RFC 9457). The code is stable; the
// detail is for people and may change.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Field is the part of the request that is wrong.
	Field string `json:"field,omitempty"`
	// Results says what became of each event of a batch that was cut short.
	Results []result `json:"results,omitempty"`

	retryAfter int    // seconds; zero: no Retry-After
	allow      string // of a 405
}

// The faults that several endpoints have in common.
var (
	unauthorized = problem{Status: 401, Code: "UNAUTHORIZED", Detail: "no valid credentials; sign in, or send Authorization: Bearer with an API key or a token"}
	expired      = problem{Status: 401, Code: "SESSION_EXPIRED", Detail: "the credentials have expired; sign in again"}
	unverifiable = problem{Status: 503, Code: "AUTH_UNAVAILABLE", Detail: "credentials can't be checked now; try again", retryAfter: 2}
	notFound     = problem{Status: 404, Code: "NOT_FOUND", Detail: "there is nothing here"}
	shuttingDown = problem{Status: 503, Code: "SERVER_SHUTDOWN", Detail: "the server is shutting down", retryAfter: 5}
	mistake      = problem{Status: 500, Code: "INTERNAL", Detail: "the server made a mistake; its log says more"}
	noStream     = problem{Status: 503, Code: "OVERLOADED", Detail: "the server can't open another stream now", retryAfter: 5}
	journalFull  = problem{Status: 503, Code: "JOURNAL_FULL", Detail: "there is no room to keep a persistent event; others are sent as ever", retryAfter: 5}
	journalFails = problem{Status: 503, Code: "JOURNAL_FAILED", Detail: "a persistent event can't be kept now; others are sent as ever", retryAfter: 2}
	journalBusy  = problem{Status: 503, Code: "JOURNAL_BUSY", Detail: "more events came in than the history holds while the mailbox was read; come back", retryAfter: 5}
	mailboxFault = problem{Status: 503, Code: "JOURNAL_FAILED", Detail: "the server can't use its mailboxes now; try again", retryAfter: 2}
	overloaded   = problem{Status: 503, Code: "OVERLOADED", Detail: "the server is behind with its work; nothing was lost, try again", retryAfter: 1}
)

// notYourUser is the answer to a caller that names somebody else's stream.
func notYourUser() *problem {
	return &problem{Status: 403, Code: "FORBIDDEN", Field: "userId", Detail: "userId: only the user, and who may read this user's events, may say so"}
}

func (p problem) json() []byte {
	p.Title = fasthttp.StatusMessage(p.Status)
	b, err := json.Marshal(p)
	if err != nil {
		panic("transport: " + err.Error()) // strings and numbers only: a fault of this package
	}
	return b
}

const problemType = "application/problem+json"

func reply(ctx *fasthttp.RequestCtx, p problem) {
	ctx.SetStatusCode(p.Status)
	ctx.SetContentType(problemType)
	ctx.Response.Header.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		ctx.Response.Header.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.allow != "" {
		ctx.Response.Header.Set("Allow", p.allow)
	}
	if p.Status == 401 {
		ctx.Response.Header.Set("WWW-Authenticate", "Bearer")
	}
	ctx.SetBody(p.json())
}

func replyJSON(ctx *fasthttp.RequestCtx, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("transport: " + err.Error()) // a fault of this package: its answers can be encoded
	}
	replyBytes(ctx, b)
}

// replyBytes answers with JSON, which it copies.
func replyBytes(ctx *fasthttp.RequestCtx, b []byte) {
	ctx.SetContentType("application/json")
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.SetBody(b)
}

// requestFault answers a request that could not be read.
func (s *Server) requestFault(ctx *fasthttp.RequestCtx, err error) {
	p := problem{Status: 400, Code: "BAD_REQUEST", Detail: "the request is not valid HTTP"}
	refused := s.bodies.done(&ctx.Request.Header)
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.As(err, &small):
		p = problem{Status: 431, Code: "HEADERS_TOO_LARGE", Detail: "the request's header has more than " + strconv.Itoa(s.opts.MaxHeaderBytes) + " bytes"}
	case errors.Is(err, fasthttp.ErrBodyTooLarge) && refused != nil:
		p = *refused
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		p = problem{Status: 413, Code: "BODY_TOO_LARGE", Detail: "the request's body has more than " + strconv.Itoa(s.opts.MaxBodyBytes) + " bytes"}
	case errors.As(err, &timeout) && timeout.Timeout():
		p = problem{Status: 408, Code: "REQUEST_TIMEOUT", Detail: "the request did not arrive within " + s.opts.RequestTimeout.String()}
	}
	s.opts.Log.Debug("a request could not be read", "address", ctx.RemoteAddr().String(), "code", p.Code)
	s.meter.request("unread", p.Status)
	ctx.Response.Reset()
	reply(ctx, p)
	ctx.SetConnectionClose()
}
