package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxUserID bounds a user's id, in characters: as long as events can be addressed to.
const maxUserID = 128

// isInteger reports whether a JSON number is an integer of which there is one text: 7.0,
// 1e3 and -0 are other texts of 7, 1000 and 0. Many apps number their users.
func isInteger(number string) bool {
	digits := strings.TrimPrefix(number, "-")
	return digits != "" && number != "-0" && len(number) <= maxUserID && strings.Trim(digits, "0123456789") == ""
}

// isUserID reports whether a text may be a user's id: 1 to 128 characters without control
// characters. U+FFFD is what a decoder puts in the place of characters that are none, so
// that ids which differ there would be one.
func isUserID(id string) bool {
	return id != "" && utf8.ValidString(id) && utf8.RuneCountInString(id) <= maxUserID &&
		!strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}
