package auth

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A file of keys has a key on each line, and comments behind "#":
//
//	# name  hash                scopes            bounds of what it may publish
//	app     sha256:6b86b273…    publish+metrics
//	orders  sha256:d4735e3a…    publish           topics=orders.*,stock events=order.created
//
// Each line has its end, the last one too: a file that was cut in the middle of a line would
// else give a key without its bounds.
//
// Several keys may have the same name: the old and the new one of a service, while one
// takes the other's place.

// maxKeyName bounds a key's name, in bytes.
const maxKeyName = 64

const hashPrefix = "sha256:"

// Line is the key as a line of a file of keys.
func (k Key) Line() string {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	line := k.Name + " " + hashPrefix + hex.EncodeToString(k.Hash[:]) + " " + strings.Join(scopes, "+")
	if k.Sends == nil {
		return line
	}
	if to := k.Sends.To; to != nil {
		line += bound("topics", to.Topics) + bound("users", to.Users) + bound("sessions", to.Sessions)
	}
	return line + bound("events", k.Sends.Events)
}

func bound(name string, patterns []Pattern) string {
	if len(patterns) == 0 {
		return ""
	}
	texts := make([]string, len(patterns))
	for i, p := range patterns {
		texts[i] = p.String()
	}
	return " " + name + "=" + strings.Join(texts, ",")
}

// ParseKeys reads a file of keys. The error names every line that is wrong, and repeats
// none of it but the names of fields.
func ParseKeys(text []byte) ([]Key, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8 text")
	}
	var keys []Key
	var faults []error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		number++
		fields := strings.Fields(line)
		if comment := slices.IndexFunc(fields, startsComment); comment >= 0 {
			fields = fields[:comment]
		}
		if len(fields) == 0 {
			continue
		}
		key, err := parseKey(fields)
		if err == nil && !strings.HasSuffix(line, "\n") {
			err = errors.New("the line has no end: write the file whole, with a line end behind the last key")
		}
		if err == nil && slices.ContainsFunc(keys, func(k Key) bool { return k.Hash == key.Hash }) {
			err = errors.New("this key is on a line before")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", number, err))
			continue
		}
		keys = append(keys, key)
	}
	return keys, errors.Join(faults...)
}

// startsComment: within a field "#" is a letter, as it may be one of a topic's name.
func startsComment(field string) bool { return strings.HasPrefix(field, "#") }

func parseKey(fields []string) (Key, error) {
	if len(fields) < 3 {
		return Key{}, errors.New("write name, hash and scopes; sseactor key makes such a line")
	}
	key := Key{Name: fields[0]}
	if err := CheckKeyName(key.Name); err != nil {
		return Key{}, err
	}
	digits, ok := strings.CutPrefix(fields[1], hashPrefix)
	hash, err := hex.DecodeString(digits)
	if !ok || err != nil || len(hash) != len(key.Hash) {
		return Key{}, errors.New("the second field is not sha256: and 64 hexadecimal digits; it must be a key's hash, never the key")
	}
	copy(key.Hash[:], hash)
	if key.Scopes, err = ParseScopes(fields[2]); err != nil {
		return Key{}, err
	}
	key.Sends, err = parseBounds(fields[3:])
	if err == nil && key.Sends != nil && !slices.Contains(key.Scopes, Publish) {
		err = errors.New("bounds are for keys with the scope publish")
	}
	return key, err
}

// CheckKeyName checks the name of a key.
func CheckKeyName(name string) error {
	notOfName := func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("._-", r)
	}
	if name == "" || len(name) > maxKeyName || strings.ContainsFunc(name, notOfName) {
		return fmt.Errorf("the name is not 1 to %d letters, digits, dots, dashes and underscores", maxKeyName)
	}
	return nil
}

// ParseScopes reads scopes with a "+" between them.
func ParseScopes(text string) ([]Scope, error) {
	var scopes []Scope
	for word := range strings.SplitSeq(text, "+") {
		scope := Scope(word)
		if !slices.Contains(Scopes(), scope) {
			return nil, errors.New("the scopes are not publish, metrics and admin with + between them")
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}

// parseBounds reads fields name=pattern,pattern.
func parseBounds(fields []string) (*Sends, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	given := map[string][]Pattern{}
	for _, field := range fields {
		name, list, found := strings.Cut(field, "=")
		if !found || !slices.Contains([]string{"topics", "users", "sessions", "events"}, name) {
			return nil, errors.New("behind the scopes only topics=…, users=…, sessions=… and events=… are allowed")
		}
		if given[name] != nil {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		for entry := range strings.SplitSeq(list, ",") {
			p, err := ParsePattern(entry)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			given[name] = append(given[name], p)
		}
	}
	return NewSends(given["topics"], given["users"], given["sessions"], given["events"]), nil
}

// NewSends makes the bounds of a publisher; nil: none. Whoever is bound to some topics,
// users or sessions may send to nobody else.
func NewSends(topics, users, sessions, events []Pattern) *Sends {
	s := &Sends{Events: events}
	if topics != nil || users != nil || sessions != nil {
		s.To = &Reach{Topics: topics, Users: users, Sessions: sessions}
	}
	if s.To == nil && s.Events == nil {
		return nil
	}
	return s
}
