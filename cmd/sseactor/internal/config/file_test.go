package config

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseFile(t *testing.T) {
	tests := []struct {
		name  string
		text  string
		lines []line
		fault string
	}{
		{name: "an empty file", text: ""},
		{name: "comments and blank lines", text: "# a\n\n   \t\n  # b = c\n"},
		{name: "a line without blanks", text: "a=b", lines: []line{{1, "a", "b"}}},
		{name: "a line with blanks", text: "\n  a  =  b c  \n", lines: []line{{2, "a", "b c"}}},
		{name: "line ends and byte order mark of Windows", text: "\ufeffa=b\r\nc=d\r\n", lines: []line{{1, "a", "b"}, {2, "c", "d"}}},
		{name: "a = within a value", text: "a = b==", lines: []line{{1, "a", "b=="}}},
		{name: "a comment after a value", text: "a = b # c", lines: []line{{1, "a", "b"}}},
		{name: "a comment after a tab", text: "a = b\t# c", lines: []line{{1, "a", "b"}}},
		{name: "a # within a word", text: "a = b#c", lines: []line{{1, "a", "b#c"}}},
		{name: "quotes keep # and blanks", text: `a = " b # c " # d`, lines: []line{{1, "a", " b # c "}}},
		{name: "quotes around nothing", text: `a = ""`, lines: []line{{1, "a", ""}}},
		{name: "no value", text: "a =", lines: []line{{1, "a", ""}}},
		{name: "a quote within a value", text: `a = b"c`, lines: []line{{1, "a", `b"c`}}},
		{name: "a backslash is a backslash", text: `a = "C:\new"`, lines: []line{{1, "a", `C:\new`}}},
		{name: "no =", text: "a b", fault: "has no ="},
		{name: "no name", text: "= b", fault: "has no name before ="},
		{name: "a quote that is not closed", text: `a = "b`, fault: "has no closing double quote"},
		{name: "text after the quote", text: `a = "b" c`, fault: "goes on after the closing double quote"},
		{name: "a value that looks like a comment", text: "a = # b", fault: "may be a comment or a value"},
		{name: "a control character", text: "a = b\x00", fault: "has the control character U+0000"},
		{name: "a carriage return within a line", text: "a = b\rc", fault: "has the control character U+000D"},
		{name: "not text", text: "a = \xff", fault: "is not UTF-8 text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, faults := parseFile([]byte(tt.text))
			assert.Equal(t, tt.lines, lines)
			if tt.fault == "" {
				assert.Empty(t, faults)
				return
			}
			require.Len(t, faults, 1)
			assert.Contains(t, faults[0].problem, tt.fault)
			assert.NotEmpty(t, faults[0].fix)
		})
	}
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{"a=b\n# c\n", "\ufeffa = \"b # c\" # d\r\n", `a = b"c`, "a\n=b\na=#c", "a=\"b\nc", "\xff", "a = b\u00a0#c\u2028d=e"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, faults := parseFile(data)
		if len(faults) == 1 && faults[0].number == 0 {
			require.Empty(t, lines, "a file that is not text has no lines")
			return
		}
		expected := 0
		for _, raw := range strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
			if raw = strings.TrimSpace(raw); raw != "" && raw[0] != '#' {
				expected++
			}
		}
		require.Equal(t, expected, len(lines)+len(faults), "each line gives one of the two")

		var again strings.Builder
		for _, l := range lines {
			require.NotEmpty(t, l.key)
			require.NotContains(t, l.key, "=")
			require.False(t, strings.ContainsFunc(l.value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }), "%q", l.value)
			if strings.Contains(l.value, `"`) {
				again.WriteString(l.key + "=" + l.value + "\n")
			} else {
				again.WriteString(l.key + `="` + l.value + "\"\n")
			}
		}
		reread, refaults := parseFile([]byte(again.String()))
		require.Empty(t, refaults)
		require.Len(t, reread, len(lines))
		for i, l := range lines {
			require.Equal(t, line{i + 1, l.key, l.value}, reread[i], "what was read can be written and read again")
		}
	})
}
