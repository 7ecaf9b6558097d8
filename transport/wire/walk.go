package wire

import (
	"bytes"
	"iter"
)

// The functions here step through JSON that json.Valid has accepted, and so need to
// look at no more than what tells one value from the next. Their results are parts
// of what they are given.

// elements yields the values of an array.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := skipSpace(array[1:]); rest[0] != ']'; rest = nextMember(rest) {
			n := valueLength(rest)
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// members yields the names, in their quotes, and values of an object.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for rest := skipSpace(object[1:]); rest[0] != '}'; rest = nextMember(rest) {
			n := textLength(rest)
			name := rest[:n]
			rest = skipSpace(skipSpace(rest[n:])[1:]) // the colon
			n = valueLength(rest)
			if !yield(name, rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// nextMember goes from behind a value to the next one or to the closing bracket.
func nextMember(rest []byte) []byte {
	rest = skipSpace(rest)
	if rest[0] == ',' {
		rest = skipSpace(rest[1:])
	}
	return rest
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// valueLength is the length of the value that b begins with.
func valueLength(b []byte) int {
	switch b[0] {
	case '"':
		return textLength(b)
	case '{', '[':
		return nestedLength(b)
	}
	for i, c := range b {
		if isSpace(c) || c == ',' || c == '}' || c == ']' {
			return i
		}
	}
	return len(b)
}

// textLength is the length of the string that b begins with, quotes included: up to
// the first quote that no odd number of backslashes is before.
func textLength(b []byte) int {
	for i := 1; ; i++ {
		i += bytes.IndexByte(b[i:], '"')
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}

// nestedLength is the length of the object or array that b begins with. It counts
// brackets of both kinds alike, since they are known to match.
func nestedLength(b []byte) int {
	for i, depth := 0, 0; ; {
		switch b[i] {
		case '"':
			i += textLength(b[i:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}
