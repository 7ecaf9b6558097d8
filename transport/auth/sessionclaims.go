package auth

import (
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// sessionClaims are what an app says in a session, each by its name.
type sessionClaims map[string]json.RawMessage

// parseSessionClaims reads a JSON object; false: it is none.
func parseSessionClaims(text []byte) (sessionClaims, bool) {
	var claims sessionClaims
	// The decoder puts U+FFFD in the place of what is no UTF-8.
	ok := utf8.Valid(text) && json.Unmarshal(text, &claims) == nil && claims != nil
	return claims, ok
}

// maxSessionTime is the end of the year 9999, behind which RFC 3339 has no dates.
const maxSessionTime = 253402300799

// time reads a NumericDate (RFC 7519 section 2), in whole seconds: the zero time if there
// is none, false if it is not one.
func (c sessionClaims) time(name string) (time.Time, bool) {
	raw, there := c[name]
	if !there {
		return time.Time{}, true
	}
	seconds := math.NaN() // what null leaves as it is
	if json.Unmarshal(raw, &seconds) != nil || !(seconds >= 0 && seconds <= maxSessionTime) {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// user reads a user's id: a text, or an integer as it is written. A claim that has dots in
// its name goes before one inside an object.
func (c sessionClaims) user(claim string) (string, bool) {
	raw, ok := c.find(claim)
	if !ok || len(raw) == 0 {
		return "", false
	}
	if raw[0] != '"' {
		return string(raw), isInteger(string(raw))
	}
	var id string
	err := json.Unmarshal(raw, &id)
	return id, err == nil && isUserID(id)
}

func (c sessionClaims) find(claim string) (json.RawMessage, bool) {
	for {
		if raw, ok := c[claim]; ok {
			return raw, true
		}
		name, rest, nested := strings.Cut(claim, ".")
		if !nested {
			return nil, false
		}
		var ok bool
		if c, ok = parseSessionClaims(c[name]); !ok {
			return nil, false
		}
		claim = rest
	}
}
