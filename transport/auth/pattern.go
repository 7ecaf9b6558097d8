package auth

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// Pattern is a name, or the beginning of names. It is compared byte by byte: capitals,
// and letters that only look alike, are others. The zero Pattern matches nothing.
type Pattern struct {
	name string
	open bool // any name that begins so
}

// Exactly is the pattern of one name, which may end in an asterisk.
func Exactly(name string) Pattern { return Pattern{name: name} }

// maxPattern bounds a pattern, in characters.
const maxPattern = 128

// ParsePattern reads a name, or a beginning and "*".
func ParsePattern(text string) (Pattern, error) {
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0:
		return Pattern{}, errors.New("a pattern is empty")
	case n > maxPattern:
		return Pattern{}, fmt.Errorf("a pattern has %d characters; at most %d", n, maxPattern)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Pattern{}, errors.New("a pattern has a control character")
	}
	name, open := strings.CutSuffix(text, "*")
	if strings.Contains(name, "*") {
		return Pattern{}, errors.New("a pattern has a * that is not its last character")
	}
	return Pattern{name, open}, nil
}

// ParsePatterns reads several; nil if there are none.
func ParsePatterns(texts []string) ([]Pattern, error) {
	var patterns []Pattern
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// String is the pattern as ParsePattern reads it.
func (p Pattern) String() string {
	if p.open {
		return p.name + "*"
	}
	return p.name
}

// Matches reports whether name is one of the pattern's. The empty name is nobody's.
func (p Pattern) Matches(name string) bool {
	if p.open {
		return name != "" && strings.HasPrefix(name, p.name)
	}
	return name != "" && name == p.name
}

// userPlace is where a user's pattern has the user's id.
const userPlace = "{userId}"

// divides reports whether a user's id holds what follows behind the pattern's place. The
// names of the user "7.8" would be among those of the user "7" where a "." follows.
func (p Pattern) divides(user string) bool {
	_, after, _ := strings.Cut(p.name, userPlace)
	return after != "" && strings.Index(user+after, after) < len(user)
}

// invades reports whether with a user's id some of the pattern's names begin with what
// another pattern has before its place. Beside "user.private.{userId}" the pattern
// "user.{userId}" would give the user "private.7" what is the user 7's, and
// "user.{userId}.*" or "user.{userId}.7" would give it the user "private".
func (p Pattern) invades(other Pattern, user string) bool {
	before, after, _ := strings.Cut(p.name, userPlace)
	otherBefore, _, _ := strings.Cut(other.name, userPlace)
	more, longer := strings.CutPrefix(otherBefore, before)
	return longer && more != "" &&
		(strings.HasPrefix(user+after, more) || p.open && strings.HasPrefix(more, user+after))
}

// userOf is the user whose id stands in the pattern's place if name is one of its names;
// empty: it is not. Where more may follow, the id ends where that first begins: one that
// goes on behind it would be divided.
func (p Pattern) userOf(name string) string {
	before, after, _ := strings.Cut(p.name, userPlace)
	rest, ok := strings.CutPrefix(name, before)
	if !ok {
		return ""
	}
	if p.open {
		user, _, found := strings.Cut(rest, after)
		if !found || after == "" {
			return ""
		}
		return user
	}
	user, ok := strings.CutSuffix(rest, after)
	if !ok {
		return ""
	}
	return user
}

func anyMatches(patterns []Pattern, name string) bool {
	for _, p := range patterns {
		if p.Matches(name) {
			return true
		}
	}
	return false
}

// placed are those of the patterns that have a place for a user's id.
func placed(lists ...[]Pattern) iter.Seq[Pattern] {
	return func(yield func(Pattern) bool) {
		for _, patterns := range lists {
			for _, p := range patterns {
				if strings.Contains(p.name, userPlace) && !yield(p) {
					return
				}
			}
		}
	}
}
