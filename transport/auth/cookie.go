package auth

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// maxSessionText bounds the text of a session cookie, its chunks together, in bytes.
	maxSessionText = 16 << 10
	// maxChunks is how many cookies a session may be spread over.
	maxChunks = 16
)

// sessionCookie is a session's text as a browser sends it: in one cookie, or, where it is
// too long for that, in chunks "name.0", "name.1" and so on.
type sessionCookie struct {
	name   string
	whole  string
	chunks [maxChunks]string
	count  int // of chunks
}

// Format implements fmt.Formatter.
func (sessionCookie) Format(f fmt.State, _ rune) { fmt.Fprint(f, "session cookie") }

// findSession looks in a Cookie header for the first of the names that is there; an empty
// cookie is not. The error is ErrRejected.
//
// A name that comes twice with different texts is rejected: Auth.js goes by the first of
// them and Next.js by the last, so nobody can say who is signed in, and one of them may
// have been set by another site of the same domain.
func findSession(header string, names []string) (sessionCookie, bool, error) {
	for _, name := range names {
		c := sessionCookie{name: name}
		if err := c.read(header); err != nil {
			return sessionCookie{}, false, err
		}
		if c.whole != "" || c.count > 0 {
			return c, true, c.check()
		}
	}
	return sessionCookie{}, false, nil
}

// read takes what belongs to the session. Chunks come in any order: those of Auth.js do,
// from the eleventh on.
func (c *sessionCookie) read(header string) error {
	for pair := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		suffix, ok := strings.CutPrefix(name, c.name)
		if !ok || value == "" {
			continue
		}
		place := &c.whole
		if suffix != "" {
			number, ok := chunkNumber(suffix)
			if !ok {
				continue // another cookie, whose name begins the same
			}
			if number >= maxChunks {
				return ErrRejected
			}
			place, c.count = &c.chunks[number], max(c.count, number+1)
		}
		if *place != "" && *place != value {
			return ErrRejected
		}
		*place = value
	}
	return nil
}

// chunkNumber reads ".0", ".1", …
func chunkNumber(suffix string) (int, bool) {
	digits, ok := strings.CutPrefix(suffix, ".")
	number, err := strconv.ParseUint(digits, 10, 16)
	return int(number), ok && err == nil && strconv.FormatUint(number, 10) == digits
}

// check finds out whether the session is complete and could have come from a browser.
func (c *sessionCookie) check() error {
	if c.whole != "" && c.count > 0 {
		return ErrRejected
	}
	length := 0
	for _, part := range c.parts() {
		if length += len(part); part == "" || length > maxSessionText || !sendable(part) {
			return ErrRejected
		}
	}
	return nil
}

func (c *sessionCookie) parts() []string {
	if c.count > 0 {
		return c.chunks[:c.count]
	}
	return []string{c.whole}
}

// sendable reports whether a value is of printable ASCII. More than that is in no session
// cookie, and could not be sent on.
func sendable(value string) bool {
	for i := range len(value) {
		if value[i] <= ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

// text is the session's text.
func (c *sessionCookie) text() string { return strings.Join(c.parts(), "") }

// header is a Cookie header with the session and nothing else.
func (c *sessionCookie) header() string {
	if c.count == 0 {
		return c.name + "=" + c.whole
	}
	var b strings.Builder
	for i, chunk := range c.parts() {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.name + "." + strconv.Itoa(i) + "=" + chunk)
	}
	return b.String()
}

// secure reports whether the cookie's name says that it came by HTTPS (RFC 6265bis
// section 4.1.3).
func (c *sessionCookie) secure() bool {
	return strings.HasPrefix(c.name, "__Secure-") || strings.HasPrefix(c.name, "__Host-")
}
