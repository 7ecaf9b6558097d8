package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Streams are asked for with the same names that events are sent to: what one side
// takes, the other must be able to say.
func TestNames(t *testing.T) {
	all := map[string]func(string) error{"user": CheckUserID, "session": CheckSessionID, "client": CheckClientID, "topic": CheckTopic}
	for sentence, c := range map[string]struct {
		name string
		good string // the kinds that take it
	}{
		"nothing":                     {"", ""},
		"one letter":                  {"a", "user session client topic"},
		"128 letters":                 {times("a", 128), "user session client topic"},
		"129 letters":                 {times("a", 129), ""},
		"128 accents":                 {times("é", 128), "user"},
		"129 accents":                 {times("é", 129), ""},
		"punctuation":                 {"!\"#$%&'()+-./:;<=>?@[\\]^_`{|}~", "user session client topic"},
		"a space":                     {"a b", "user session client"},
		"a comma":                     {"a,b", "user session client"},
		"an asterisk":                 {"a*", "user session client"},
		"a tab":                       {"a\tb", ""},
		"a line feed":                 {"a\nb", ""},
		"a carriage return":           {"a\rb", ""},
		"a NUL":                       {"a\x00b", ""},
		"DEL":                         {"a\x7fb", ""},
		"a C1 control":                {"a\u0080b", ""},
		"a byte that is not UTF-8":    {"a\xffb", ""},
		"a line separator":            {"a\u2028b", "user"},
		"a character outside the BMP": {"a😀", "user"},
	} {
		t.Run(sentence, func(t *testing.T) {
			for kind, check := range all {
				if err := check(c.name); assert.Equal(t, slices.Contains(strings.Fields(c.good), kind), err == nil, "%s: %v", kind, err) && err != nil {
					assert.Less(t, len(err.Error()), 100)
				}
			}
		})
	}
}
