package wire

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxKeyLength bounds user, session and client ids and topics, in characters.
const MaxKeyLength = 128

var errEmpty = errors.New("empty; leave it out, or name somebody")

// CheckSessionID checks a session's name: 1 to MaxKeyLength printable ASCII
// characters.
func CheckSessionID(s string) error { return checkASCII(s, "") }

// CheckClientID checks a client's id, as the connection event gives it.
func CheckClientID(s string) error { return checkASCII(s, "") }

// CheckDevice checks the name of a user's or a session's device: 1 to MaxKeyLength
// printable ASCII characters.
func CheckDevice(s string) error { return checkASCII(s, "") }

// CheckTopic checks a topic's name: 1 to MaxKeyLength printable ASCII characters,
// without the comma, which separates topics, and the space and the asterisk, which
// would look like a list or a pattern.
func CheckTopic(s string) error { return checkASCII(s, ", *") }

// CheckUserID checks a user's id, which the app's user database makes up: 1 to
// MaxKeyLength characters of UTF-8 without control characters.
func CheckUserID(s string) error {
	if s == "" {
		return errEmpty
	}
	if !utf8.ValidString(s) {
		return errors.New("not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > MaxKeyLength {
		return fmt.Errorf("%d characters; at most %d", n, MaxKeyLength)
	}
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		return fmt.Errorf("a control character at byte %d", i)
	}
	return nil
}

func checkASCII(s, except string) error {
	if s == "" {
		return errEmpty
	}
	if len(s) > MaxKeyLength {
		return fmt.Errorf("%d characters; at most %d", utf8.RuneCountInString(s), MaxKeyLength)
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return fmt.Errorf("byte %d is %#02x; only printable ASCII is allowed", i, s[i])
		}
		if strings.IndexByte(except, s[i]) >= 0 {
			return fmt.Errorf("%q at byte %d is not allowed", s[i], i)
		}
	}
	return nil
}
