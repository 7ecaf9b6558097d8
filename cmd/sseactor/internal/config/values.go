package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// value is the typed field that a setting is read into.
type value interface {
	// parse reads text, which has no blanks around it, into the field. The error
	// says what is wrong; of a secret it repeats nothing.
	parse(text string, m Mode) error
	text() string    // the field as a user would write it; of a secret only whether it is set
	allowed() string // what parse takes
	field() any      // the pointer to the field: the setting's identity in code
}

// typed is a value made of its parts.
type typed[T any] struct {
	at     *T
	limits string
	read   func(text string, m Mode) (T, error)
	show   func(T) string
}

func (v typed[T]) parse(text string, m Mode) error {
	parsed, err := v.read(text, m)
	if err == nil {
		*v.at = parsed
	}
	return err
}

func (v typed[T]) text() string    { return v.show(*v.at) }
func (v typed[T]) allowed() string { return v.limits }
func (v typed[T]) field() any      { return v.at }

var errEmpty = errors.New("is empty")

// between reports a number outside its bounds.
func between[N int | time.Duration](text string, n, least, most N, show func(N) string) error {
	switch {
	case n < 0:
		return fmt.Errorf("%s is negative", quote(text))
	case n < least:
		return fmt.Errorf("%s is less than %s", quote(text), show(least))
	case n > most:
		return fmt.Errorf("%s is more than %s", quote(text), show(most))
	}
	return nil
}

// whole reads digits; what is too large for an int becomes the largest, which
// is above every bound.
func whole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) {
		return n, nil // clamped by Atoi
	}
	return n, err
}

func integer(at *int, least, most int) value {
	return typed[int]{
		at: at, limits: fmt.Sprintf("%d to %d", least, most), show: strconv.Itoa,
		read: func(text string, _ Mode) (int, error) {
			if text == "" {
				return 0, errEmpty
			}
			n, err := whole(text)
			if err != nil {
				return 0, fmt.Errorf("%s is not a whole number", quote(text))
			}
			return n, between(text, n, least, most, strconv.Itoa)
		},
	}
}

// size reads a number of bytes into at.
func size(at *int, least, most int) value {
	return typed[int]{
		at: at, show: showSize,
		limits: showSize(least) + " to " + showSize(most) + " bytes",
		read: func(text string, _ Mode) (int, error) {
			n, err := readSize(text)
			if err != nil {
				return 0, err
			}
			return n, between(text, n, least, most, showSize)
		},
	}
}

func readSize(text string) (int, error) {
	if text == "" {
		return 0, errEmpty
	}
	digits := strings.TrimRightFunc(text, unicode.IsLetter)
	unit := text[len(digits):]
	factor, known := map[string]int{"": 1, "B": 1, "KiB": kib, "MiB": mib, "GiB": gib}[unit]
	n, err := whole(strings.TrimSpace(digits))
	if err != nil {
		return 0, fmt.Errorf("%s is not a whole number of bytes", quote(text))
	}
	if !known {
		return 0, fmt.Errorf("%s has the unknown unit %s; units are B, KiB, MiB and GiB", quote(text), quote(unit))
	}
	if n > math.MaxInt/factor {
		return math.MaxInt, nil
	}
	if n < math.MinInt/factor {
		return math.MinInt, nil
	}
	return n * factor, nil
}

func showSize(n int) string {
	switch {
	case n == 0:
	case n%gib == 0:
		return strconv.Itoa(n/gib) + "GiB"
	case n%mib == 0:
		return strconv.Itoa(n/mib) + "MiB"
	case n%kib == 0:
		return strconv.Itoa(n/kib) + "KiB"
	}
	return strconv.Itoa(n)
}

func duration(at *time.Duration, least, most time.Duration) typed[time.Duration] {
	return typed[time.Duration]{
		at: at, limits: showDuration(least) + " to " + showDuration(most), show: showDuration,
		read: func(text string, _ Mode) (time.Duration, error) {
			if text == "" {
				return 0, errEmpty
			}
			if text != "0" && strings.Trim(text, "+-.0123456789") == "" {
				return 0, fmt.Errorf("%s has no unit such as ms, s, m or h", quote(text))
			}
			d, err := time.ParseDuration(text)
			if err != nil {
				return 0, fmt.Errorf("%s is not a duration such as 500ms, 30s or 1h30m, or far too long", quote(text))
			}
			return d, between(text, d, least, most, showDuration)
		},
	}
}

// showDuration leaves out the zeros that Duration.String writes: 2m, not 2m0s.
func showDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// inProduction raises a duration's lower bound outside development, where short
// times are for trying things.
func inProduction(least time.Duration, v typed[time.Duration]) value {
	read := v.read
	v.limits += "; in production at least " + showDuration(least)
	v.read = func(text string, m Mode) (time.Duration, error) {
		d, err := read(text, m)
		if err == nil && m == Production && d < least {
			err = fmt.Errorf("%s is less than %s, which only development allows", quote(text), showDuration(least))
		}
		return d, err
	}
	return v
}

// orZero also takes a zero, which lies outside the bounds and means meaning.
func orZero(meaning string, v typed[time.Duration]) value {
	read := v.read
	v.limits = "0s (" + meaning + ") or " + v.limits
	v.read = func(text string, m Mode) (time.Duration, error) {
		if d, err := time.ParseDuration(text); err == nil && d == 0 {
			return 0, nil
		}
		return read(text, m)
	}
	return v
}

func boolean(at *bool) value {
	return typed[bool]{
		at: at, limits: "true or false", show: strconv.FormatBool,
		read: func(text string, _ Mode) (bool, error) {
			if text == "" {
				return false, errEmpty
			}
			b, err := strconv.ParseBool(text)
			if err != nil {
				return false, fmt.Errorf("%s is neither true nor false", quote(text))
			}
			return b, nil
		},
	}
}

// oneOf reads one of the options by the text that they print as, in either case.
func oneOf[T comparable](at *T, options ...T) value {
	show := func(o T) string { return strings.ToLower(fmt.Sprint(o)) }
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = show(o)
	}
	return typed[T]{
		at: at, limits: strings.Join(names, ", "), show: show,
		read: func(text string, _ Mode) (T, error) {
			for i, o := range options {
				if strings.EqualFold(text, names[i]) {
					return o, nil
				}
			}
			var none T
			if text == "" {
				return none, errEmpty
			}
			return none, fmt.Errorf("%s is not an option", quote(text))
		},
	}
}

// path reads the name of a file, which is not looked at here.
func path(at *string) value { return pathOf(at, "a file") }

// directory is path for a directory.
func directory(at *string) value { return pathOf(at, "a directory") }

func pathOf(at *string, what string) value {
	return typed[string]{
		at: at, limits: "the path of " + what, show: func(s string) string { return s },
		read: func(text string, _ Mode) (string, error) {
			if strings.ContainsFunc(text, unicode.IsControl) {
				return "", fmt.Errorf("%s has a control character", quote(text))
			}
			return text, nil
		},
	}
}

// address reads where to listen. Names of services are refused: which port they
// mean depends on the machine.
func address(at *string) typed[string] {
	return typed[string]{
		at: at, limits: "host:port or :port, with a port of 0 to 65535", show: func(s string) string { return s },
		read: func(text string, _ Mode) (string, error) {
			if text == "" {
				return "", errEmpty
			}
			host, port, err := net.SplitHostPort(text)
			if err != nil {
				return "", fmt.Errorf("%s is not host:port (an IPv6 host stands in brackets)", quote(text))
			}
			if _, err := strconv.ParseUint(port, 10, 16); err != nil {
				return "", fmt.Errorf("%s has the port %s", quote(text), quote(port))
			}
			if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f }) {
				return "", fmt.Errorf("%s has a host that is neither a name nor an IP address", quote(text))
			}
			return text, nil
		},
	}
}

// orEmpty also takes nothing, which leaves the setting unset.
func orEmpty(v typed[string]) value {
	read := v.read
	v.read = func(text string, m Mode) (string, error) {
		if text == "" {
			return "", nil
		}
		return read(text, m)
	}
	return v
}
