package auth

import (
	"fmt"
	"strings"
)

// Policy says who may do what. It is small on purpose: this is the place to look when
// somebody could or could not.
//
//	              | visitor          | signed-in user          | service (key or token)
//	opens         | sessions, if     | the own user's stream,  | what Reads names; as a
//	              | Visitors         | sessions as a visitor;  | visitor; with Admin
//	              |                  | signed ones always      | anybody's
//	subscribes to | PublicTopics     | those and UserTopics    | PublicTopics, what Reads
//	              |                  |                         | names; with Admin all
//	sends         | nothing          | UserSends               | with Publish, within Sends
//	the rest      | nothing          | nothing                 | by scope
//
// The zero Policy lets in those only whom their credentials let in by name.
type Policy struct {
	// Visitors lets callers open streams by a sessionId alone.
	Visitors bool
	// PublicTopics are those that whoever may open a stream may subscribe to.
	PublicTopics []Pattern
	// UserTopics are those that a signed-in user may subscribe to; "{userId}" in one
	// stands for the user's id.
	UserTopics []Pattern
	// UserSends is what a signed-in user may send.
	UserSends UserSends
	// UserSendsTopics are the topics that a signed-in user may send to beside that;
	// "{userId}" stands for the user's id.
	UserSendsTopics []Pattern
}

// UserSends is what signed-in users may send without a scope of their own.
type UserSends string

// What users may send.
const (
	UserSendsNothing  UserSends = "nothing"
	UserSendsOwn      UserSends = "own"      // to the own user
	UserSendsAnything UserSends = "anything" // to everybody
)

// May reports whether the caller may use what needs a scope. For Publish MaySend says
// what may be sent.
func (p Policy) May(id Identity, s Scope) bool {
	if id.Has(s) {
		return true
	}
	return s == Publish && id.UserID != "" && p.usersSend()
}

func (p Policy) usersSend() bool {
	return p.UserSends == UserSendsOwn || p.UserSends == UserSendsAnything || len(p.UserSendsTopics) > 0
}

// MaySubscribe reports whether the caller may read a topic.
func (p Policy) MaySubscribe(id Identity, topic string) bool {
	return id.Has(Admin) ||
		anyMatches(p.PublicTopics, topic) ||
		anyMatches(id.Reads.Topics, topic) ||
		id.UserID != "" && p.gives(p.UserTopics, id.UserID, topic)
}

// gives reports whether one of the users' patterns gives a topic to a user: one for all
// users, or one with the user's id in its place, if by no other pattern the topic would be
// another user's.
func (p Policy) gives(patterns []Pattern, user, topic string) bool {
	for _, pattern := range patterns {
		switch {
		case !strings.Contains(pattern.name, userPlace):
			if pattern.Matches(topic) {
				return true
			}
		case pattern.userOf(topic) == user && p.placeable(user):
			return !p.contested(user, topic)
		}
	}
	return false
}

// contested reports whether a topic could be another user's as well.
func (p Policy) contested(user, topic string) bool {
	for pattern := range placed(p.UserTopics, p.UserSendsTopics) {
		if other := pattern.userOf(topic); other != "" && other != user && p.placeable(other) {
			return true
		}
	}
	return false
}

// placeable reports whether a user's id may stand where a pattern has its place. Else, by
// one of the patterns, what would be its own is another user's.
func (p Policy) placeable(user string) bool {
	for pattern := range placed(p.UserTopics, p.UserSendsTopics) {
		if pattern.divides(user) {
			return false
		}
		for other := range placed(p.UserTopics, p.UserSendsTopics) {
			if pattern.invades(other, user) {
				return false
			}
		}
	}
	return user != ""
}

// MayReadUser reports whether the caller may open a stream of a user's.
func (p Policy) MayReadUser(id Identity, user string) bool {
	return id.Has(Admin) || user != "" && user == id.UserID || anyMatches(id.Reads.Users, user)
}

// MayReadSession reports whether the caller may open a session's stream, which it has named
// by a sessionId that the app has signed, or by any that will do.
func (p Policy) MayReadSession(id Identity, session string, signed bool) bool {
	return p.Visitors || id.Has(Admin) || anyMatches(id.Reads.Sessions, session) || signed && id.UserID != ""
}

// Addressees is whom an event is for, as its publisher says; none: everybody.
type Addressees struct {
	ClientIDs         []string
	UserID, SessionID string
	Topics            []string
}

func (a Addressees) everybody() bool {
	return len(a.ClientIDs) == 0 && a.UserID == "" && a.SessionID == "" && len(a.Topics) == 0
}

// Denied is the answer to an event that its publisher may not send: which of its fields
// is the reason.
type Denied struct{ Field string }

func (d *Denied) Error() string {
	if d.Field == "" {
		return "auth: the caller may not send to everybody"
	}
	return fmt.Sprintf("auth: %s: the caller may not send this", d.Field)
}

// MaySend checks an event of somebody who May publish; one without a name is a
// "message". The error is a *Denied.
func (p Policy) MaySend(id Identity, event string, to Addressees) error {
	if event == "" {
		event = "message"
	}
	if id.Has(Publish) {
		if id.Sends == nil {
			return nil
		}
		return id.Sends.check(event, to)
	}
	if id.UserID == "" || !p.usersSend() {
		return &Denied{}
	}
	if p.UserSends == UserSendsAnything {
		return nil
	}
	return to.check(
		func(user string) bool { return p.UserSends == UserSendsOwn && user == id.UserID },
		func(string) bool { return false },
		func(topic string) bool { return p.gives(p.UserSendsTopics, id.UserID, topic) },
	)
}

// SendsToUser reports whether the caller publishes to a user by its scope.
func (id Identity) SendsToUser(user string) bool {
	return id.Has(Publish) && (id.Sends == nil || id.Sends.To == nil || anyMatches(id.Sends.To.Users, user))
}

// SendsToSession reports whether the caller publishes to a session by its scope.
func (id Identity) SendsToSession(session string) bool {
	return id.Has(Publish) && (id.Sends == nil || id.Sends.To == nil || anyMatches(id.Sends.To.Sessions, session))
}

func (s *Sends) check(event string, to Addressees) error {
	if s.Events != nil && !anyMatches(s.Events, event) {
		return &Denied{Field: "event"}
	}
	if s.To == nil {
		return nil
	}
	return to.check(
		func(user string) bool { return anyMatches(s.To.Users, user) },
		func(session string) bool { return anyMatches(s.To.Sessions, session) },
		func(topic string) bool { return anyMatches(s.To.Topics, topic) },
	)
}

// check says which addressee is not allowed. Streams by their ids may be anybody's, so
// only a publisher without bounds may name them.
func (a Addressees) check(user, session, topic func(string) bool) error {
	switch {
	case a.everybody():
		return &Denied{}
	case len(a.ClientIDs) > 0:
		return &Denied{Field: "clientIds"}
	case a.UserID != "" && !user(a.UserID):
		return &Denied{Field: "userId"}
	case a.SessionID != "" && !session(a.SessionID):
		return &Denied{Field: "sessionId"}
	}
	for i, t := range a.Topics {
		if !topic(t) {
			return &Denied{Field: fmt.Sprintf("topics[%d]", i)}
		}
	}
	return nil
}
