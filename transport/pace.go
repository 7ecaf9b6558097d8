package transport

import (
	"math"
	"time"

	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/ratelimit"
)

// maxPaced is how many callers' rates are kept apart at a time.
const maxPaced = 1_000_000

// pace is how often one caller may do something. A nil limiter has no limit.
type pace struct {
	services, users *ratelimit.Limiter // events
	tickets         *ratelimit.Limiter // of users; services make them for all of theirs
	acks            *ratelimit.Limiter // of visitors, by their networks
	now             func() time.Time
}

func newPace(opts Options) *pace {
	p := &pace{now: opts.Now, tickets: ratelimit.New(ticketsPerSecond, ticketBurst, maxPaced), acks: ratelimit.New(acksPerSecond, ackBurst, maxPaced)}
	if p.now == nil {
		p.now = time.Now
	}
	if opts.PublishRate > 0 {
		p.services = ratelimit.New(opts.PublishRate, opts.PublishRate, maxPaced)
	}
	if opts.UserPublishRate > 0 {
		p.users = ratelimit.New(opts.UserPublishRate, opts.UserPublishRate, maxPaced)
	}
	return p
}

// takeEvents is the answer to a caller that publishes n events now; nil: it may.
func (p *pace) takeEvents(caller auth.Identity, n int) *problem {
	if caller.Service != "" {
		return p.take(p.services, caller.Service, n, "more events a second than one key or token may publish (setting publish-rate)")
	}
	return p.take(p.users, caller.UserID, n, "more events a second than one user may publish (setting user-publish-rate)")
}

// takeTicket is the answer to a caller that asks for a ticket now; nil: it may.
func (p *pace) takeTicket(caller auth.Identity) *problem {
	if caller.Service != "" {
		return nil
	}
	return p.take(p.tickets, caller.UserID, 1, "more tickets a second than one user may have")
}

// How often all visitors of one network may acknowledge: a sessionId costs them nothing.
const (
	acksPerSecond = 10
	ackBurst      = 50
)

// takeAck is the answer to a caller that acknowledges now; nil: it may.
func (p *pace) takeAck(caller auth.Identity, network string) *problem {
	if caller.Known() {
		return nil
	}
	return p.take(p.acks, network, 1, "more acknowledgements a second than the visitors of one address may send")
}

func (p *pace) take(l *ratelimit.Limiter, who string, n int, detail string) *problem {
	if l == nil {
		return nil
	}
	wait, ok := l.Take(who, n, p.now())
	if ok {
		return nil
	}
	return &problem{Status: 429, Code: "RATE_LIMITED", Detail: detail, retryAfter: int(math.Ceil(wait.Seconds()))}
}

// forget drops those who have done nothing for a while.
func (p *pace) forget() {
	for _, l := range []*ratelimit.Limiter{p.services, p.users, p.tickets, p.acks} {
		if l != nil {
			l.Forget(p.now())
		}
	}
}
