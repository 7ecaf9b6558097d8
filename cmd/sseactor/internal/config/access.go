package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Scope is what an API key may do.
type Scope string

// The scopes. A key that names none has publish and metrics.
const (
	ScopePublish Scope = "publish"
	ScopeMetrics Scope = "metrics"
	ScopeAdmin   Scope = "admin"
)

// APIKey is the key of a service. Its name may be shown, its key not.
type APIKey struct {
	Name   string
	Key    Secret
	Scopes []Scope // never empty
}

// Bounds of what a caller sends as a bearer token. The lower one keeps guesses
// out that a rate limit alone would not.
const (
	minTokenLength = 16
	maxTokenLength = 256
	maxKeyName     = 64
)

// apiKeys reads name:key or name:key:scope+scope, separated by commas. Faults
// give the number of an entry and not its name: in key:name the name is the key.
func apiKeys(at *[]APIKey) value {
	return typed[[]APIKey]{
		at: at,
		limits: fmt.Sprintf("name:key or name:key:scope+scope, separated by commas; a key has %d to %d printable ASCII characters and no blank, colon or comma",
			minTokenLength, maxTokenLength),
		show: func(keys []APIKey) string {
			if len(keys) == 0 {
				return Secret{}.String()
			}
			return "[set: " + strconv.Itoa(len(keys)) + "]"
		},
		read: func(text string, _ Mode) ([]APIKey, error) { return readAPIKeys(text) },
	}
}

func readAPIKeys(text string) ([]APIKey, error) {
	var keys []APIKey
	var faults []string
	for i, entry := range split(text) {
		key, err := readAPIKey(entry)
		if err == nil {
			for _, other := range keys {
				if other.Name == key.Name {
					err = errors.New("has the name of an entry before it")
				} else if other.Key.Reveal() == key.Key.Reveal() {
					err = errors.New("has the key of an entry before it")
				}
			}
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("entry %d %v", i+1, err))
			continue
		}
		keys = append(keys, key)
	}
	if faults != nil {
		return nil, errors.New(strings.Join(faults, "; "))
	}
	return keys, nil
}

func readAPIKey(entry string) (APIKey, error) {
	name, rest, found := strings.Cut(entry, ":")
	if entry == "" {
		return APIKey{}, errEmpty
	}
	if !found {
		return APIKey{}, errors.New("has no colon between name and key")
	}
	if len(name) == 0 || len(name) > maxKeyName || strings.ContainsFunc(name, notOfName) {
		return APIKey{}, fmt.Errorf("has a name that is not 1 to %d letters, digits, dots, dashes and underscores", maxKeyName)
	}
	key, scopeList, scoped := strings.Cut(rest, ":")
	if err := checkToken(key); err != nil {
		return APIKey{}, fmt.Errorf("has a key that %w", err)
	}
	scopes := []Scope{ScopePublish, ScopeMetrics}
	if scoped {
		scopes = nil
		for word := range strings.SplitSeq(scopeList, "+") {
			scope := Scope(word)
			if scope != ScopePublish && scope != ScopeMetrics && scope != ScopeAdmin {
				return APIKey{}, fmt.Errorf("has after its second colon something else than %s, %s or %s (a key can't contain a colon)",
					ScopePublish, ScopeMetrics, ScopeAdmin)
			}
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	return APIKey{name, NewSecret(key), scopes}, nil
}

func notOfName(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("._-", r)
}

// checkToken checks what is compared with a bearer token, which a header must
// be able to carry unchanged. The error repeats none of it.
func checkToken(text string) error {
	switch {
	case len(text) < minTokenLength:
		return fmt.Errorf("is shorter than %d characters (openssl rand -hex 32 makes a good one)", minTokenLength)
	case len(text) > maxTokenLength:
		return fmt.Errorf("is longer than %d characters", maxTokenLength)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("has a blank or a character outside printable ASCII")
	}
	return nil
}

// token reads one secret that callers send as a bearer token.
func token(at *Secret) value {
	return typed[Secret]{
		at: at, show: Secret.String,
		limits: fmt.Sprintf("%d to %d printable ASCII characters without blanks", minTokenLength, maxTokenLength),
		read: func(text string, _ Mode) (Secret, error) {
			if text == "" {
				return Secret{}, nil
			}
			return NewSecret(text), checkToken(text)
		},
	}
}

// list reads texts separated by commas, each of which must pass check.
func list(at *[]string, limits string, check func(string) error) typed[[]string] {
	return typed[[]string]{
		at: at, limits: limits + ", separated by commas", show: func(all []string) string { return strings.Join(all, ",") },
		read: func(text string, _ Mode) ([]string, error) {
			var faults []string
			all := split(text)
			for i, entry := range all {
				if err := check(entry); err != nil {
					faults = append(faults, fmt.Sprintf("entry %d %v", i+1, err))
				}
			}
			if faults != nil {
				return nil, errors.New(strings.Join(faults, "; "))
			}
			return all, nil
		},
	}
}

// notEmpty refuses a list without entries.
func notEmpty(v typed[[]string]) value {
	read := v.read
	v.read = func(text string, m Mode) ([]string, error) {
		if text == "" {
			return nil, errEmpty
		}
		return read(text, m)
	}
	return v
}

// origins reads a list of origins. A password in a URL is a secret too, and may
// have commas, so that with an @ anywhere nothing is printed.
func origins(at *[]string) value {
	v := list(at, "origins, each exactly scheme://host or scheme://host:port", checkOrigin)
	read := v.read
	v.read = func(text string, m Mode) ([]string, error) {
		if strings.Contains(text, "@") {
			return nil, errors.New("has a user name or password (not shown); an origin has none")
		}
		return read(text, m)
	}
	return v
}

// split separates a list's entries; an empty text has none.
func split(text string) []string {
	if text == "" {
		return nil
	}
	entries := strings.Split(text, ",")
	for i := range entries {
		entries[i] = strings.TrimSpace(entries[i])
	}
	return entries
}

// checkOrigin takes what a browser would send as Origin: it is compared byte by
// byte, so anything else would never match (WHATWG HTML, "serialization of an
// origin").
func checkOrigin(text string) error {
	if text == "" {
		return errEmpty
	}
	if strings.Contains(text, "*") {
		return fmt.Errorf("%s has a *; origins are compared exactly, name each", quote(text))
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" {
		return fmt.Errorf("%s is not scheme://host[:port]", quote(text))
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%s has the port %s; a port is 1 to 65535", quote(text), quote(port))
		}
	}
	origin := strings.ToLower(u.Scheme + "://" + u.Host)
	switch {
	case strings.HasPrefix(text, origin) && text != origin:
		return fmt.Errorf("%s goes on after the host; write %s", quote(text), quote(origin))
	case text != origin:
		return fmt.Errorf("%s is not as browsers send it; write %s", quote(text), quote(origin))
	case strings.ContainsFunc(text, func(r rune) bool { return r > '~' }):
		return fmt.Errorf("%s is not as browsers send it; write the host in its xn-- form", quote(text))
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return fmt.Errorf("%s names the scheme's own port, which browsers leave out; write %s",
			quote(text), quote(strings.TrimSuffix(text, ":"+u.Port())))
	}
	return nil
}

// checkTopicPattern takes a topic's name, or a beginning and *.
func checkTopicPattern(text string) error {
	const most = 128
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return errEmpty
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8")
	case n > most:
		return fmt.Errorf("%s has %d characters; at most %d", quote(text), n, most)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s has a control character", quote(text))
	case strings.Contains(strings.TrimSuffix(text, "*"), "*"):
		return fmt.Errorf("%s has a * that is not its last character", quote(text))
	}
	return nil
}
