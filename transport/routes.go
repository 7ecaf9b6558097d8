package transport

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
)

// route is one endpoint. A caller without its scope gets 401 or 403 before the
// handler is called.
type route struct {
	method string
	path   string // a last segment "{id}" stands for any one
	scope  auth.Scope
	serve  func(*fasthttp.RequestCtx, auth.Identity)
	// anonymous endpoints look at the caller themselves, if at all.
	anonymous bool
	// known endpoints need no scope, but somebody who has shown who it is.
	known   bool
	endless bool // the answer is a stream
}

// takes reports whether a method is the route's. HEAD is a GET whose body is not
// sent; a stream would never end.
func (r route) takes(method string) bool {
	return r.method == method || method == "HEAD" && r.method == "GET" && !r.endless
}

// endpoints is everything the server answers to.
func (s *Server) endpoints(operators, public bool) []route {
	var routes []route
	add := func(when bool, r ...route) {
		if when {
			routes = append(routes, r...)
		}
	}
	add(true,
		route{method: "GET", path: "/healthz", serve: s.healthz, anonymous: true},
		route{method: "GET", path: "/readyz", serve: s.readyz, anonymous: true},
	)
	add(public,
		route{method: "GET", path: "/api/sse", serve: s.openStream, anonymous: true, endless: true},
		route{method: "POST", path: "/api/sse", serve: s.publish, scope: auth.Publish},
		route{method: "POST", path: "/api/sse/ticket", serve: s.issueTicket, known: true},
		route{method: "GET", path: "/api/sse/metrics", serve: s.metricsJSON, scope: auth.Metrics},
	)
	add(public && s.opts.Journal != nil,
		route{method: "POST", path: "/api/sse/ack", serve: s.acknowledge, anonymous: true},
	)
	add(public && s.opts.Development,
		route{method: "POST", path: "/api/sse/reset", serve: s.reset, scope: auth.Admin},
		route{method: "GET", path: "/", serve: s.toDemo, anonymous: true},
		route{method: "GET", path: "/demo", serve: s.demoPage, anonymous: true},
	)
	add(operators || public && s.opts.Development,
		route{method: "GET", path: "/assets/{id}", serve: s.asset, anonymous: true},
	)
	add(operators,
		route{method: "GET", path: "/admin", serve: s.adminPage, anonymous: true},
		route{method: "GET", path: "/metrics", serve: s.metricsText, scope: auth.Metrics, anonymous: !public},
		route{method: "GET", path: "/api/sse/admin/stream", serve: s.openAdminStream, scope: auth.Admin, endless: true},
		route{method: "GET", path: "/api/sse/admin/clients", serve: s.listClients, scope: auth.Admin},
		route{method: "DELETE", path: "/api/sse/admin/clients", serve: s.endClients, scope: auth.Admin},
		route{method: "GET", path: "/api/sse/admin/events", serve: s.traceEvent, scope: auth.Admin},
		route{method: "GET", path: "/api/sse/admin/events/{id}", serve: s.traceEvent, scope: auth.Admin},
		route{method: "GET", path: "/api/sse/admin/blocks", serve: s.listBlocks, scope: auth.Admin},
		route{method: "DELETE", path: "/api/sse/admin/blocks", serve: s.liftBlock, scope: auth.Admin},
		route{method: "GET", path: "/api/sse/admin/clients/{id}", serve: s.showClient, scope: auth.Admin},
		route{method: "DELETE", path: "/api/sse/admin/clients/{id}", serve: s.endClient, scope: auth.Admin},
	)
	add(operators && s.opts.Profiling,
		route{method: "GET", path: "/debug/pprof/", serve: s.profile, scope: auth.Admin},
		route{method: "GET", path: "/debug/pprof/{id}", serve: s.profile, scope: auth.Admin},
	)
	return routes
}

// routes makes the handler of a listener.
func (s *Server) routes(operators, public bool) fasthttp.RequestHandler {
	endpoints := s.endpoints(operators, public)
	byPath := make(map[string][]route)
	for _, r := range endpoints {
		byPath[r.path] = append(byPath[r.path], r)
	}
	return func(ctx *fasthttp.RequestCtx) {
		s.harden(&ctx.Response.Header)
		path := ctx.Path()
		found := byPath[string(path)]
		if found == nil {
			if i := bytes.LastIndexByte(path, '/'); i >= 0 && i < len(path)-1 {
				found = byPath[string(path[:i])+"/{id}"]
			}
		}
		if found == nil {
			reply(ctx, notFound)
			s.meter.request("none", ctx.Response.StatusCode())
			return
		}
		if s.crossOrigin(ctx) {
			s.dispatch(ctx, found)
		}
		s.meter.request(found[0].path, ctx.Response.StatusCode())
	}
}

func (s *Server) dispatch(ctx *fasthttp.RequestCtx, found []route) {
	method := ctx.Method()
	i := slices.IndexFunc(found, func(r route) bool { return r.takes(string(method)) })
	if i < 0 {
		var allow []string
		for _, r := range found {
			allow = append(allow, r.method)
			if r.takes("HEAD") {
				allow = append(allow, "HEAD")
			}
		}
		reply(ctx, problem{Status: 405, Code: "METHOD_NOT_ALLOWED", Detail: string(method) + " is not allowed here", allow: strings.Join(allow, ", ")})
		return
	}
	r := found[i]
	var caller auth.Identity
	if !r.anonymous {
		var refused *problem
		if caller, refused = s.identify(ctx); refused != nil {
			reply(ctx, *refused)
			return
		}
		if refused = s.admits(r, caller); refused == nil {
			refused = forged(&ctx.Request.Header, caller)
		}
		if refused != nil {
			reply(ctx, *refused)
			return
		}
	}
	r.serve(ctx, caller)
}

// identify says who calls; the zero Identity is a caller without credentials.
func (s *Server) identify(ctx *fasthttp.RequestCtx) (auth.Identity, *problem) {
	c := credentials(&ctx.Request.Header)
	if c.Cookie != "" { // then others may have to be asked
		c.From = network(s.clientAddress(ctx))
	}
	if token := s.opts.MetricsToken; token != "" && string(ctx.Path()) == "/metrics" && auth.IsBearer(c.Authorization, token) {
		return auth.Identity{Service: "metrics-token", Scopes: []auth.Scope{auth.Metrics}}, nil
	}
	return s.authenticate(ctx, c)
}

func (s *Server) authenticate(ctx context.Context, c auth.Credentials) (auth.Identity, *problem) {
	if s.opts.Authenticator == nil {
		return auth.Identity{}, nil
	}
	id, _, err := s.opts.Authenticator.Authenticate(ctx, c)
	switch {
	case err == nil:
		return id, nil
	case errors.Is(err, auth.ErrExpired):
		s.meter.rejected(rejectedExpired)
		return auth.Identity{}, &expired
	case errors.Is(err, auth.ErrUnavailable):
		s.meter.rejected(rejectedUnverifiable)
		return auth.Identity{}, &unverifiable
	}
	s.meter.rejected(rejectedWrong)
	return auth.Identity{}, &unauthorized
}

// credentials is what a request shows of who sends it. Of two Authorization lines one
// would be a guess: both together are nobody's. Cookies may be spread over several lines,
// as HTTP/2 does (RFC 9113 8.2.3).
func credentials(h *fasthttp.RequestHeader) auth.Credentials {
	return auth.Credentials{
		Authorization: joined(h, "Authorization", ", "),
		Cookie:        joined(h, "Cookie", "; "),
	}
}

func joined(h *fasthttp.RequestHeader, name, separator string) string {
	lines := h.PeekAll(name)
	if len(lines) == 1 {
		return string(lines[0])
	}
	return string(bytes.Join(lines, []byte(separator)))
}

// admits is the answer to a caller that may not use an endpoint; nil: it may.
func (s *Server) admits(r route, caller auth.Identity) *problem {
	switch {
	case caller.UserID != "" && s.blocks.Bars(caller.UserID, "", time.Now()):
		return &problem{Status: 403, Code: "BLOCKED", Detail: "this user is kept out for now"}
	case r.known && caller.Known(), !r.known && s.opts.Policy.May(caller, r.scope):
		return nil
	case !caller.Known():
		return &unauthorized
	}
	return &problem{Status: 403, Code: "FORBIDDEN", Detail: "this needs the scope " + string(r.scope)}
}
