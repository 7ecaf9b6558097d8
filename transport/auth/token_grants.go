package auth

import (
	"slices"

	"github.com/go-jose/go-jose/v4/json"
)

// A token gives rights beyond those of its user in the claim "sse":
//
//	"sse": {
//	  "subscribe": {"topics": ["orders.*"], "users": ["7"], "sessions": ["abc"]},
//	  "publish":   {"topics": ["orders.*"], "users": ["7"], "sessions": ["abc"], "events": ["order.*"]},
//	  "scopes":    ["metrics"]
//	}
//
// Every field may be left out. A list names what is allowed; an empty one allows nothing.
// To publish to everybody is {"everybody": true} in the place of topics, users and
// sessions; with neither there is nobody to publish to, and the token is wrong. The scope
// publish has no bounds, so it doesn't stand beside "publish".
//
// A field that is not known makes the whole token wrong: a bound that is misspelled must
// not be no bound.

// maxPatterns bounds a list.
const maxPatterns = 100

// parseGrants reads the claim "sse". The error is ErrRejected.
func parseGrants(raw json.RawMessage) (Identity, error) {
	fields, err := fieldsOf(raw, "subscribe", "publish", "scopes")
	if err != nil {
		return Identity{}, err
	}
	var id Identity
	if list, given := fields["scopes"]; given {
		if id.Scopes, err = scopesOf(list); err != nil {
			return Identity{}, err
		}
	}
	if object, given := fields["subscribe"]; given {
		inner, err := fieldsOf(object, "topics", "users", "sessions")
		if err != nil {
			return Identity{}, err
		}
		if id.Reads, err = reachOf(inner); err != nil {
			return Identity{}, err
		}
	}
	if object, given := fields["publish"]; given {
		if id.Has(Publish) {
			return Identity{}, ErrRejected
		}
		id.Scopes = append(id.Scopes, Publish)
		if id.Sends, err = sendsOf(object); err != nil {
			return Identity{}, err
		}
	}
	return id, nil
}

func scopesOf(raw json.RawMessage) ([]Scope, error) {
	texts, err := textsOf(raw)
	if err != nil {
		return nil, err
	}
	var scopes []Scope
	for _, text := range texts {
		scope := Scope(text)
		if !slices.Contains(Scopes(), scope) || slices.Contains(scopes, scope) {
			return nil, ErrRejected
		}
		scopes = append(scopes, scope)
	}
	return scopes, nil
}

// sendsOf reads the bounds of a publisher; nil: it has none.
func sendsOf(raw json.RawMessage) (*Sends, error) {
	fields, err := fieldsOf(raw, "topics", "users", "sessions", "events", "everybody")
	if err != nil {
		return nil, err
	}
	to, err := reachOf(fields)
	if err != nil {
		return nil, err
	}
	events, err := patternsOf(fields, "events")
	if err != nil {
		return nil, err
	}
	var everybody *bool
	if flag, given := fields["everybody"]; given && (json.Unmarshal(flag, &everybody) != nil || everybody == nil) {
		return nil, ErrRejected
	}
	listed := to.Topics != nil || to.Users != nil || to.Sessions != nil
	switch unbound := everybody != nil && *everybody; {
	case unbound == listed:
		return nil, ErrRejected // both, or neither
	case listed:
		return &Sends{Events: events, To: &to}, nil
	case events != nil:
		return &Sends{Events: events}, nil
	}
	return nil, nil
}

func reachOf(fields map[string]json.RawMessage) (r Reach, err error) {
	if r.Topics, err = patternsOf(fields, "topics"); err != nil {
		return Reach{}, err
	}
	if r.Users, err = patternsOf(fields, "users"); err != nil {
		return Reach{}, err
	}
	if r.Sessions, err = patternsOf(fields, "sessions"); err != nil {
		return Reach{}, err
	}
	return r, nil
}

// patternsOf reads a list; nil only if it is not there.
func patternsOf(fields map[string]json.RawMessage, name string) ([]Pattern, error) {
	raw, given := fields[name]
	if !given {
		return nil, nil
	}
	texts, err := textsOf(raw)
	if err != nil {
		return nil, err
	}
	patterns, err := ParsePatterns(texts)
	if err != nil {
		return nil, ErrRejected
	}
	if patterns == nil {
		patterns = []Pattern{}
	}
	return patterns, nil
}

// textsOf reads a list of texts. An element that is null becomes the empty text, which
// nothing takes.
func textsOf(raw json.RawMessage) ([]string, error) {
	var texts []string
	if json.Unmarshal(raw, &texts) != nil || texts == nil || len(texts) > maxPatterns {
		return nil, ErrRejected
	}
	return texts, nil
}

// fieldsOf reads an object that has none but the known fields.
func fieldsOf(raw json.RawMessage, known ...string) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return nil, ErrRejected
	}
	for name := range fields {
		if !slices.Contains(known, name) {
			return nil, ErrRejected
		}
	}
	return fields, nil
}
