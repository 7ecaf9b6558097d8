package auth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternsMatch(t *testing.T) {
	for sentence, c := range map[string]struct {
		pattern, name string
		want          bool
	}{
		"the name":                          {"news", "news", true},
		"a name that begins so":             {"news", "news.eu", false},
		"a name that ends so":               {"news", "my-news", false},
		"capitals":                          {"news", "News", false},
		"a look-alike":                      {"news", "nеws", false}, // a Cyrillic e
		"another form of the letter":        {"é", "e\u0301", false},
		"a NUL behind it":                   {"news", "news\x00", false},
		"a beginning":                       {"news.*", "news.eu", true},
		"a beginning and nothing":           {"news.*", "news.", true},
		"a beginning and all the rest":      {"news.*", "news.eu.de.*", true},
		"less than the beginning":           {"news.*", "news", false},
		"everything":                        {"*", "x", true},
		"everything but nothing":            {"*", "", false},
		"a user's id is no pattern":         {"ann", "*", false},
		"the place of an id is only text":   {"{userId}", "7", false},
		"the place of an id is its letters": {"{userId}", "{userId}", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			p, err := ParsePattern(c.pattern)
			require.NoError(t, err)
			assert.Equal(t, c.want, p.Matches(c.name))
			assert.Equal(t, c.pattern, p.String())
		})
	}
}

func TestPatternsThatAreNone(t *testing.T) {
	for text, fault := range map[string]string{
		"":                       "empty",
		"a*b":                    "not its last",
		"**":                     "not its last",
		"*a":                     "not its last",
		"a\x00":                  "control",
		"a\n":                    "control",
		"a\x7f":                  "control",
		"a\xff":                  "control",
		strings.Repeat("é", 129): "129 characters; at most 128",
	} {
		p, err := ParsePattern(text)
		assert.ErrorContains(t, err, fault, "%q", text)
		assert.Equal(t, Pattern{}, p)
		_, err = ParsePatterns([]string{"news", text})
		assert.Error(t, err)
	}
	_, err := ParsePattern(strings.Repeat("é", 128))
	assert.NoError(t, err)
}

func TestTheZeroPatternMatchesNothing(t *testing.T) {
	for _, name := range []string{"", "x", "*", "\x00"} {
		assert.False(t, Pattern{}.Matches(name), "%q", name)
	}
}

func TestExactlyIsNoPattern(t *testing.T) {
	assert.True(t, Exactly("a*").Matches("a*"))
	assert.False(t, Exactly("a*").Matches("ab"))
	assert.False(t, Exactly("").Matches(""))
}

func TestNoPatternsAreNil(t *testing.T) {
	for _, none := range [][]string{nil, {}} {
		patterns, err := ParsePatterns(none)
		assert.NoError(t, err)
		assert.Nil(t, patterns, "an empty list of bounds would be a bound")
	}
}

func TestAnIdDividesNamesWhereItHoldsTheSeparator(t *testing.T) {
	for sentence, c := range map[string]struct {
		pattern, user string
		want          bool
	}{
		"a plain id":                             {"user.{userId}.*", "7", false},
		"the separator within":                   {"user.{userId}.*", "7.8", true},
		"the separator behind":                   {"user.{userId}.*", "7.", true},
		"another separator":                      {"user.{userId}.*", "7/8", false},
		"the first half of a separator":          {"{userId}::*", "7:", true},
		"half of a separator within":             {"{userId}::*", "7:8", false},
		"what follows an id, though no more may": {"{userId}/inbox", "7/inbox", true},
		"nothing follows":                        {"user.{userId}", "7.8", false},
		"no place":                               {"user.*", "7.8", false},
		"no id":                                  {"user.{userId}.*", "", false},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, parsed(c.pattern)[0].divides(c.user)) })
	}
}
