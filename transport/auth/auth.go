// Package auth says who calls and what they may do. It knows no HTTP server: it
// is given the few request fields that carry credentials.
//
// Authenticators say who somebody is (keys, sessions, tokens); the Policy, in
// policy.go, says what that lets them do.
package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Scope is one thing that a caller may do.
type Scope string

// The scopes of services. Opening a stream needs none.
const (
	Publish Scope = "publish" // POST /api/sse
	Metrics Scope = "metrics" // GET /api/sse/metrics and /metrics
	Admin   Scope = "admin"   // see and end streams; open one on a user's behalf
)

// Scopes lists all scopes.
func Scopes() []Scope { return []Scope{Publish, Metrics, Admin} }

// Identity is who calls. The zero Identity is a visitor who showed nothing.
type Identity struct {
	Service string // the name of the API key, or the subject of a service's token, for the log; empty: not a service
	UserID  string // the signed-in user; empty: none
	Scopes  []Scope

	// Reads is what the credentials name that their holder may read, beyond its own
	// user's events and what everybody may.
	Reads Reach
	// Sends bounds the scope Publish; nil: no bounds.
	Sends *Sends

	// Expires is when the credentials end, and with them the stream that they have
	// opened; zero: never.
	Expires time.Time
	// Ambient: the credentials are a cookie, which a browser sends whichever page
	// asks it to. What they let somebody change needs an Origin.
	Ambient bool
}

// Has reports whether the credentials carry a scope. What a caller may do beyond that
// is the Policy's to say.
func (id Identity) Has(s Scope) bool { return slices.Contains(id.Scopes, s) }

// Known reports whether the caller has shown anything at all.
func (id Identity) Known() bool {
	return id.Service != "" || id.UserID != "" || len(id.Reads.Topics)+len(id.Reads.Users)+len(id.Reads.Sessions) > 0
}

// NamesSession reports whether the credentials name a session.
func (id Identity) NamesSession(session string) bool { return anyMatches(id.Reads.Sessions, session) }

// OnlySession is the one session that the credentials name; empty: none, or several.
func (id Identity) OnlySession() string {
	if len(id.Reads.Sessions) == 1 && !id.Reads.Sessions[0].open {
		return id.Reads.Sessions[0].name
	}
	return ""
}

// Name is what a log calls the caller.
func (id Identity) Name() string {
	if id.Service != "" {
		return id.Service
	}
	return id.UserID
}

// Reach is a set of topics, users and sessions.
type Reach struct {
	Topics, Users, Sessions []Pattern
}

// Sends is what a publisher may send. A nil list of names is no bound; in To, a nil
// Reach is none either.
type Sends struct {
	Events []Pattern // names of events
	To     *Reach    // nobody else, and not everybody
}

// Credentials are the request fields in which a caller shows who it is.
type Credentials struct {
	Authorization string `json:"-"`
	Cookie        string `json:"-"`
	// From is what counts as one caller, such as a network's address, where callers wait
	// for each other; empty: it is not known.
	From string
}

// Format implements fmt.Formatter: no verb prints what is secret.
func (Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, "credentials") }

// The errors of an Authenticator. They say no more: details would help whoever is
// guessing.
var (
	// ErrRejected is the answer to credentials that are of an Authenticator's kind
	// and wrong.
	ErrRejected = errors.New("auth: the credentials are not accepted")
	// ErrExpired is the answer to credentials that were right once.
	ErrExpired = errors.New("auth: the credentials have expired")
	// ErrUnavailable: whoever could say is not there now.
	ErrUnavailable = errors.New("auth: the credentials can't be checked now")
)

// Authenticator is one way to show who one is. It may be called from any goroutine.
type Authenticator interface {
	// Authenticate returns the identity behind the credentials; false if they
	// hold nothing of this kind; an error that is ErrRejected or ErrExpired if they
	// are wrong, and ErrUnavailable if the question can't be answered now.
	Authenticate(ctx context.Context, c Credentials) (Identity, bool, error)
}

// Chain asks several authenticators in their order; the first that knows the kind
// of credentials decides.
type Chain []Authenticator

// Authenticate implements Authenticator. Credentials in an Authorization header
// that nobody knows are rejected, not ignored: the caller meant something by them.
func (chain Chain) Authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	for _, a := range chain {
		if id, ok, err := a.Authenticate(ctx, c); ok || err != nil {
			return id, ok, err
		}
	}
	if c.Authorization != "" {
		return Identity{}, false, ErrRejected
	}
	return Identity{}, false, nil
}
