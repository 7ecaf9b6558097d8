package embed

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// Handler serves streams: GET with an optional Last-Event-ID header (or lastEventId in the
// query). authorize says whose stream a request is for, or why there is none. It is asked
// before anything of the request is read but its method and its Accept.
//
// Whatever stands in front of it must not buffer or compress, and a middleware that wraps
// the ResponseWriter needs an Unwrap method. Header fields that it has set, such as for
// CORS, are sent with the stream.
func (s *Server) Handler(authorize func(*http.Request) (Subscriber, error)) http.Handler {
	if authorize == nil {
		panic("embed: Handler without a function that says who may open a stream")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, authorize) })
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, authorize func(*http.Request) (Subscriber, error)) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		problem{Status: 405, Code: "METHOD_NOT_ALLOWED", Detail: "a stream is read with GET"}.answer().reply(w)
		return
	}
	accept := wire.ParseAccept(strings.Join(r.Header.Values("Accept"), ","))
	if !accept.Allows {
		problem{Status: 406, Code: "NOT_ACCEPTABLE", Field: "Accept", Detail: "this is a text/event-stream, which the Accept header excludes"}.answer().reply(w)
		return
	}
	subscriber, err := authorize(r)
	if err != nil {
		s.refuse(w, r, err, accept.Named)
		return
	}
	info, bad := subscriber.info(r)
	if bad != nil {
		bad.answer().reply(w)
		return
	}
	s.open(w, r, &info, accept.Named)
}

// refuse answers a caller that authorize did not let in.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error, browser bool) {
	p := problem{Status: 401, Code: "UNAUTHORIZED", Detail: "sign in"}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		p.Code, p.Detail = refusal.Code, refusal.Detail
		if refusal.Status != 0 {
			p.Status = refusal.Status
		}
	} else {
		s.opts.Log.DebugContext(r.Context(), "a stream was refused", "address", r.RemoteAddr, "error", err)
	}
	switch {
	case p.Status == http.StatusNoContent:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(p.Status)
	case p.Status == http.StatusServiceUnavailable:
		p.retryAfter = 2 * time.Second
		s.comeBack(p, browser).reply(w)
	default:
		p.answer().reply(w)
	}
}

// open makes the request's connection a stream, and returns when net/http may have the
// goroutine back.
func (s *Server) open(w http.ResponseWriter, r *http.Request, info *actor.Info, browser bool) {
	c, err := carry(w, r, s.opts.ClientTimeout)
	if err != nil {
		s.opts.Log.ErrorContext(r.Context(), "a stream can't be opened", "error", err)
		problem{Status: 500, Code: "NO_STREAMS_HERE", Detail: "the server can't stream here; its log says more"}.answer().reply(w)
		return
	}
	handedOver := false
	defer func() {
		if !handedOver { // a panic, which is net/http's to tell
			_ = c.conn().Close()
		}
		c.wait()
	}()
	last := lastEventID(r)
	var source stream.Source
	if last != "" {
		source = resumption(last)
	}
	// An error has been told to the client already, by the head that it got.
	_, _ = s.engine.Open(c.conn(), *info, source, func(welcome actor.Welcome) *sse.Frame {
		if welcome.Admission != actor.Admitted {
			return c.begin(s.refusal(welcome, browser))
		}
		greeting := wire.Greeting{LastEventID: last, Welcome: welcome, Retry: s.opts.Retry, Heartbeat: s.opts.HeartbeatInterval}
		return c.begin(answer{200, streamHeader(), greeting.Frame(info, time.Now())})
	})
	handedOver = true
}

// refusal is the answer to a stream that the hub did not let in.
func (s *Server) refusal(w actor.Welcome, browser bool) answer {
	p := problem{Status: 503, Code: "OVERLOADED", Detail: "the server can't open another stream now", retryAfter: 5 * time.Second}
	switch {
	case w.Admission == actor.Full:
		p.Code, p.Detail = actor.CodeMaxClients, "the server has as many streams as it may have"
	case w.Admission == actor.TooMany:
		p.Status, p.Code, p.Detail = 429, actor.CodeTooManyStreams, "this "+w.Limit+" has as many streams as it may have"
	case w.Admission == actor.Draining, s.ended.Load():
		p.Code, p.Detail = actor.CodeServerShutdown, "the server is shutting down"
	}
	return s.comeBack(p, browser)
}

// comeBack asks a caller to try again later. After any status but 200 EventSource would
// not, so whoever asks for an event stream is told in one.
func (s *Server) comeBack(p problem, browser bool) answer {
	if !browser {
		p.retryAfter += time.Duration(rand.Int64N(int64(p.retryAfter) + 1))
		return p.answer()
	}
	retry := s.opts.Retry + time.Duration(rand.Int64N(int64(s.opts.RetrySpread)+1))
	return answer{200, streamHeader(), actor.ErrorFrame(p.Code, p.Detail, retry, time.Now())}
}

func streamHeader() http.Header {
	return http.Header{
		"Content-Type":           {"text/event-stream; charset=utf-8"},
		"Cache-Control":          {"no-cache, no-transform"},
		"X-Accel-Buffering":      {"no"},
		"X-Content-Type-Options": {"nosniff"},
	}
}

// resumption is a Last-Event-ID: what came behind it is in the hub's history, and there is
// no journal.
type resumption string

// Begin implements stream.Source.
func (id resumption) Begin() (actor.Resume, error) { return actor.Resume{LastEventID: string(id)}, nil }

// Next implements stream.Source. There are no pages.
func (id resumption) Next() ([]actor.Kept, bool, error) { return nil, false, nil }
