package transport

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/puzpuzpuz/xsync/v3"
	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
)

// freeBody is how many bytes a request's body may have whoever sends it. So much
// fits beside the header into what a connection costs anyhow, and lets a caller with
// a wrong key be told so on a connection that stays open.
const freeBody = 8 << 10

// bodies bounds the memory for request bodies: fasthttp makes room for all that a
// request announces as soon as it has read the header. A larger body than freeBody
// is read only for a caller that may publish, and only as long as all of these
// together stay below a limit.
//
// Safe for concurrent use: connection goroutines share it.
type bodies struct {
	most     int64         // bytes of all
	lifetime time.Duration // of a request, at most

	held     atomic.Int64 // bytes
	requests atomic.Int64 // in under
	under    *xsync.MapOf[*fasthttp.RequestHeader, largeRequest]
}

// largeRequest is one with a body larger than freeBody, under way. fasthttp uses the
// same header for the handler and for the handler of faults.
type largeRequest struct {
	bytes int64
	since time.Time
	fault *problem // why the body is not read; nil: it is
}

func newBodies(most int, lifetime time.Duration) *bodies {
	return &bodies{most: int64(most), lifetime: lifetime, under: xsync.NewMapOf[*fasthttp.RequestHeader, largeRequest]()}
}

// admit decides how much of a body is read, when its header has been.
func (s *Server) admit(h *fasthttp.RequestHeader) (config fasthttp.RequestConfig) {
	n := h.ContentLength()
	chunked := n == -1
	if !chunked && n <= freeBody || n > s.opts.MaxBodyBytes {
		return config // as the server's own limit says
	}
	size := int64(n)
	if chunked {
		size = int64(s.opts.MaxBodyBytes)
	}
	fault := s.largeBodyFault(h)
	if fault == nil && !s.bodies.hold(h, size) {
		fault = &overloaded
	}
	if fault != nil {
		s.bodies.note(h, largeRequest{fault: fault})
		config.MaxRequestBodySize = min(freeBody, s.opts.MaxBodyBytes)
	}
	return config
}

// largeBodyFault is why a large body is not read; nil: it may be.
func (s *Server) largeBodyFault(h *fasthttp.RequestHeader) (fault *problem) {
	defer func() {
		if p := recover(); p != nil { // of an authenticator: it must not end the process
			s.panicked("/api/sse", p)
			fault = &mistake
		}
	}()
	uri := fasthttp.AcquireURI()
	defer fasthttp.ReleaseURI(uri)
	// As the routes will see it, however it is spelled. What can't be parsed has no path.
	_ = uri.Parse(h.Host(), h.RequestURI())
	if string(uri.Path()) != "/api/sse" || !h.IsPost() {
		return &problem{Status: 413, Code: "BODY_TOO_LARGE", Detail: "a body may have " + strconv.Itoa(freeBody) + " bytes here"}
	}
	caller, refused := s.authenticate(context.Background(), credentials(h))
	if refused == nil {
		refused = missing(caller, auth.Publish)
	}
	return refused
}

// hold makes room for a body; false: there is none now.
func (b *bodies) hold(h *fasthttp.RequestHeader, size int64) bool {
	if b.held.Add(size) > b.most {
		b.held.Add(-size)
		return false
	}
	b.note(h, largeRequest{bytes: size})
	return true
}

func (b *bodies) note(h *fasthttp.RequestHeader, r largeRequest) {
	b.done(h) // of a request before, whose end was not seen
	r.since = time.Now()
	b.requests.Add(1)
	b.under.Store(h, r)
}

// done gives back what a request held, and says why its body was not read, if so.
func (b *bodies) done(h *fasthttp.RequestHeader) *problem {
	if b.requests.Load() == 0 {
		return nil
	}
	r, found := b.under.LoadAndDelete(h)
	if found {
		b.requests.Add(-1)
		b.held.Add(-r.bytes)
	}
	return r.fault
}

// expire gives back what is held for requests whose end nobody told: fasthttp tells
// of most faults of a connection, not of all.
func (b *bodies) expire(now time.Time) {
	if b.requests.Load() == 0 {
		return
	}
	b.under.Range(func(h *fasthttp.RequestHeader, r largeRequest) bool {
		if now.Sub(r.since) > b.lifetime {
			b.done(h)
		}
		return true
	})
}
