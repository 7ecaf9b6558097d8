package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is one assignment of a configuration file.
type line struct {
	number     int // from 1
	key, value string
}

// lineFault is a line that is no assignment. It holds nothing of the line,
// which may be a secret that was wrapped or lost its name.
type lineFault struct {
	number  int // 0: the whole file
	problem string
	fix     string
}

// parseFile reads lines of the form
//
//	# a comment
//	name = value
//	name = "value"   # a # after a space begins a comment
//
// Between double quotes everything but a double quote stands for itself. Each
// line that is not blank and not a comment gives either a line or a lineFault.
func parseFile(data []byte) (lines []line, faults []lineFault) {
	if !utf8.Valid(data) {
		return nil, []lineFault{{0, "is not UTF-8 text", "give a text file of lines name = value"}}
	}
	text := strings.TrimPrefix(string(data), "\ufeff") // Windows editors add it
	number := 0
	for raw := range strings.Lines(text) {
		number++
		raw = strings.TrimSpace(raw)
		if raw == "" || raw[0] == '#' {
			continue
		}
		l, problem, fix := parseLine(raw)
		if problem != "" {
			faults = append(faults, lineFault{number, problem, fix})
			continue
		}
		l.number = number
		lines = append(lines, l)
	}
	return lines, faults
}

func parseLine(raw string) (l line, problem, fix string) {
	for _, r := range raw {
		if unicode.IsControl(r) && r != '\t' {
			return l, fmt.Sprintf("has the control character %U", r), "remove it"
		}
	}
	key, value, found := strings.Cut(raw, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case !found:
		return l, "has no =", "write name = value, or # before a comment"
	case key == "":
		return l, "has no name before =", "write name = value"
	case strings.HasPrefix(value, "#"):
		return l, "may be a comment or a value that begins with #", `put a value into double quotes, or write name = ""`
	}
	if inner, quoted := strings.CutPrefix(value, `"`); quoted {
		var rest string
		if value, rest, found = strings.Cut(inner, `"`); !found {
			return l, "has no closing double quote", "close it, or remove the first"
		}
		if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
			return l, "goes on after the closing double quote", "a value in double quotes can't contain one; begin a comment with #"
		}
	} else {
		value = withoutComment(value)
	}
	return line{key: key, value: value}, "", ""
}

// withoutComment cuts from the first # that follows a blank; a # within a word
// belongs to it.
func withoutComment(value string) string {
	for i := 1; i < len(value); i++ {
		if value[i] == '#' && (value[i-1] == ' ' || value[i-1] == '\t') {
			return strings.TrimSpace(value[:i])
		}
	}
	return value
}
