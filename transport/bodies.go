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
	users    atomic.Int64 // of those, for callers without the scope publish
	byUser   *xsync.MapOf[string, int64]
	requests atomic.Int64 // in under
	under    *xsync.MapOf[*fasthttp.RequestHeader, largeRequest]
}

// largeRequest is one with a body larger than freeBody, under way. fasthttp uses the
// same header for the handler and for the handler of faults.
type largeRequest struct {
	bytes int64
	user  string // whose share it is part of; empty: a service's
	since time.Time
	fault *problem // why the body is not read; nil: it is
}

func newBodies(most int, lifetime time.Duration) *bodies {
	return &bodies{most: int64(most), lifetime: lifetime, under: xsync.NewMapOf[*fasthttp.RequestHeader, largeRequest](), byUser: xsync.NewMapOf[string, int64]()}
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
	user, fault := s.largeBodyFault(h)
	if fault == nil {
		fault = s.bodies.hold(h, user, size)
	}
	if fault != nil {
		s.bodies.note(h, largeRequest{fault: fault})
		config.MaxRequestBodySize = min(freeBody, s.opts.MaxBodyBytes)
	}
	return config
}

// largeBodyFault is why a large body is not read; nil: it may be, and if it is a user's and
// not a service's, it says whose.
func (s *Server) largeBodyFault(h *fasthttp.RequestHeader) (user string, fault *problem) {
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
		return "", &problem{Status: 413, Code: "BODY_TOO_LARGE", Detail: "a body may have " + strconv.Itoa(freeBody) + " bytes here"}
	}
	caller, refused := s.authenticate(context.Background(), credentials(h))
	if refused == nil {
		refused = s.admits(route{scope: auth.Publish}, caller)
	}
	if refused == nil {
		refused = forged(h, caller)
	}
	if !caller.Has(auth.Publish) {
		user = caller.UserID
	}
	return user, refused
}

// The shares of all bodies that are left to users, so that services can always publish.
const (
	usersShare = 4  // a quarter is for all users
	userShare  = 64 // a sixty-fourth for one
)

// hold makes room for a body, a service's if no user is named, or says why there is none.
func (b *bodies) hold(h *fasthttp.RequestHeader, user string, size int64) *problem {
	if user != "" {
		share := max(b.most/userShare, 2*freeBody)
		if size > share {
			return &problem{Status: 413, Code: "BODY_TOO_LARGE", Detail: "a signed-in user's body may have " + strconv.FormatInt(share, 10) + " bytes"}
		}
		fits := false
		b.byUser.Compute(user, func(held int64, _ bool) (int64, bool) {
			if fits = held+size <= share; fits {
				held += size
			}
			return held, held == 0
		})
		if !fits {
			return &overloaded
		}
		if b.users.Add(size) > b.most/usersShare {
			b.giveBack(user, size)
			return &overloaded
		}
	}
	if b.held.Add(size) > b.most {
		b.held.Add(-size)
		if user != "" {
			b.giveBack(user, size)
		}
		return &overloaded
	}
	b.note(h, largeRequest{bytes: size, user: user})
	return nil
}

// giveBack gives back a user's share.
func (b *bodies) giveBack(user string, size int64) {
	b.users.Add(-size)
	b.byUser.Compute(user, func(held int64, _ bool) (int64, bool) { return held - size, held == size })
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
		if r.user != "" && r.bytes > 0 {
			b.giveBack(r.user, r.bytes)
		}
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
