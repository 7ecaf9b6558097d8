package actor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a text to be found in others, whatever the case of the letters. The zero
// pattern is in every text.
type pattern struct {
	lower string
	// Both cases of its first letter if that is ASCII, else bytes that no text has.
	first [2]byte
}

func newPattern(text string) pattern {
	p := pattern{lower: strings.Map(lower, text)}
	switch {
	case p.lower == "":
	case p.lower[0] < utf8.RuneSelf:
		p.first = [2]byte{p.lower[0], byte(unicode.ToUpper(rune(p.lower[0])))}
	default:
		p.first = [2]byte{0xff, 0xff}
	}
	return p
}

// lower is a letter in the one case that texts are compared in.
func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}

// in reports whether the pattern is in a text. It makes no copy of the text: a search
// looks at a million of them.
func (p *pattern) in(text string) bool {
	if p.lower == "" {
		return true
	}
	for i := 0; i < len(text); i++ {
		b := text[i]
		// A letter beyond ASCII may have one within as its lower case.
		if (b == p.first[0] || b == p.first[1] || b >= utf8.RuneSelf && utf8.RuneStart(b)) && p.begins(text[i:]) {
			return true
		}
	}
	return false
}

// begins reports whether a text begins with the pattern.
func (p *pattern) begins(text string) bool {
	for _, want := range p.lower {
		if text == "" {
			return false
		}
		r, n := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text)
		}
		if lower(r) != want {
			return false
		}
		text = text[n:]
	}
	return true
}
