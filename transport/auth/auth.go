// Package auth says who calls and what they may do. It knows no HTTP server: it
// is given the few request fields that carry credentials.
package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	Service string // the name of the API key, for the log; empty: not a service
	UserID  string // the signed-in user; empty: none
	Scopes  []Scope
}

// May reports whether the caller has a scope.
func (id Identity) May(s Scope) bool { return slices.Contains(id.Scopes, s) }

// Known reports whether the caller has shown anything at all.
func (id Identity) Known() bool { return id.Service != "" || id.UserID != "" }

// Credentials are the request fields in which a caller shows who it is.
type Credentials struct {
	Authorization string `json:"-"`
	Cookie        string `json:"-"`
}

// Format implements fmt.Formatter: no verb prints what is secret.
func (Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, "credentials") }

// ErrRejected is the answer to credentials that are of an Authenticator's kind and
// wrong. It says no more: details would help whoever is guessing.
var ErrRejected = errors.New("auth: the credentials are not accepted")

// Authenticator is one way to show who one is: API keys now, session cookies and
// tokens beside them later. It may be called from any goroutine.
type Authenticator interface {
	// Authenticate returns the identity behind the credentials; false if they
	// hold nothing of this kind; an error that is ErrRejected if they are wrong,
	// and another if the question can't be answered now.
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

// Policy is what may be done beyond scopes. It is small on purpose: this is the
// place to look when somebody could or could not subscribe.
type Policy struct {
	// PublicTopics are the topics that whoever may open a stream may subscribe
	// to: names, or prefixes that end in "*".
	PublicTopics []string
}

// MaySubscribe reports whether the caller may read a topic.
func (p Policy) MaySubscribe(id Identity, topic string) bool {
	if id.May(Admin) {
		return true
	}
	return slices.ContainsFunc(p.PublicTopics, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(topic, prefix)
		}
		return pattern == topic
	})
}
