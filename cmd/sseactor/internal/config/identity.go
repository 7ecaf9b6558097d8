package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxSecret bounds a secret, in bytes.
const maxSecret = 4096

// secrets reads secrets separated by commas, newest first, each of at least so many
// bytes. Faults repeat none of them.
func secrets(at *[]Secret, least int) value {
	return typed[[]Secret]{
		at: at, limits: fmt.Sprintf("secrets of %d to %d bytes without commas, separated by commas", least, maxSecret),
		show: func(all []Secret) string {
			if len(all) == 0 {
				return Secret{}.String()
			}
			return "[set: " + strconv.Itoa(len(all)) + "]"
		},
		read: func(text string, _ Mode) ([]Secret, error) {
			var all []Secret
			var faults []string
			for i, entry := range split(text) {
				switch {
				case entry == "":
					faults = append(faults, fmt.Sprintf("entry %d is empty", i+1))
				case len(entry) < least:
					faults = append(faults, fmt.Sprintf("entry %d is shorter than %d bytes (openssl rand -base64 33 makes a good one)", i+1, least))
				case len(entry) > maxSecret:
					faults = append(faults, fmt.Sprintf("entry %d is longer than %d bytes", i+1, maxSecret))
				default:
					all = append(all, NewSecret(entry))
				}
			}
			if faults != nil {
				return nil, errors.New(strings.Join(faults, "; "))
			}
			return all, nil
		},
	}
}

// wholeSecret reads one secret as another program does that knows no lists: a comma is a
// letter of it. To split it would make two short secrets of a long one.
func wholeSecret(at *[]Secret) value {
	return typed[[]Secret]{
		at: at, limits: fmt.Sprintf("a secret of 1 to %d bytes", maxSecret),
		show: func([]Secret) string { return "[set]" },
		read: func(text string, _ Mode) ([]Secret, error) {
			if text == "" || len(text) > maxSecret {
				return nil, fmt.Errorf("has %d bytes", len(text))
			}
			return []Secret{NewSecret(text)}, nil
		},
	}
}

// webURL reads the address of something that is asked over HTTP. A password in it would
// be a secret, so nothing with an @ is printed.
func webURL(at *string) value {
	return typed[string]{
		at: at, limits: "http:// or https:// and a host, without a user name", show: func(s string) string { return s },
		read: func(text string, _ Mode) (string, error) {
			if text == "" {
				return "", nil
			}
			if strings.Contains(text, "@") {
				return "", errors.New("has a user name or password (not shown)")
			}
			u, err := url.Parse(text)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
				return "", fmt.Errorf("%s is not an address of the web", quote(text))
			}
			return text, nil
		},
	}
}

// checkCookieName takes a token (RFC 6265 section 4.1.1).
func checkCookieName(text string) error {
	if text == "" {
		return errEmpty
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
		return fmt.Errorf("%s is not the name of a cookie", quote(text))
	}
	return nil
}

func cookie(at *string) value {
	return typed[string]{
		at: at, limits: "the name of a cookie", show: func(s string) string { return s },
		read: func(text string, _ Mode) (string, error) {
			if text == "" {
				return "", nil
			}
			return text, checkCookieName(text)
		},
	}
}

// claim reads the name of a field, with dots between the names of fields in fields.
func claim(at *string) value {
	return typed[string]{
		at: at, limits: "the name of a field, or names with dots between them, such as user.id", show: func(s string) string { return s },
		read: func(text string, _ Mode) (string, error) {
			if text == "" {
				return "", errEmpty
			}
			if slices.Contains(strings.Split(text, "."), "") || strings.ContainsFunc(text, unicode.IsControl) {
				return "", fmt.Errorf("%s is not the name of a field", quote(text))
			}
			return text, nil
		},
	}
}

// words reads a text that is compared as it stands.
func words(at *string) value {
	return typed[string]{
		at: at, limits: "a text, compared as it stands", show: func(s string) string { return s },
		read: func(text string, _ Mode) (string, error) {
			if strings.ContainsFunc(text, unicode.IsControl) {
				return "", fmt.Errorf("%s has a control character", quote(text))
			}
			return text, nil
		},
	}
}

// prefixes reads addresses and networks.
func prefixes(at *[]netip.Prefix) value {
	return typed[[]netip.Prefix]{
		at: at, limits: "IP addresses, and networks such as 10.0.0.0/8, separated by commas",
		show: func(all []netip.Prefix) string {
			texts := make([]string, len(all))
			for i, p := range all {
				texts[i] = p.String()
			}
			return strings.Join(texts, ",")
		},
		read: func(text string, _ Mode) ([]netip.Prefix, error) {
			var all []netip.Prefix
			var faults []string
			for i, entry := range split(text) {
				p, err := prefix(entry)
				if err != nil {
					faults = append(faults, fmt.Sprintf("entry %d %v", i+1, err))
					continue
				}
				all = append(all, p)
			}
			if faults != nil {
				return nil, errors.New(strings.Join(faults, "; "))
			}
			return all, nil
		},
	}
}

func prefix(text string) (netip.Prefix, error) {
	if text == "" {
		return netip.Prefix{}, errEmpty
	}
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s is neither an IP address nor a network", quote(text))
	}
	if p.Addr().Is4In6() { // never what a connection's address looks like here
		return netip.Prefix{}, fmt.Errorf("%s is IPv4 written as IPv6; write it as IPv4", quote(text))
	}
	if p.Masked() != p {
		return netip.Prefix{}, fmt.Errorf("%s has bits behind its length; write %s", quote(text), quote(p.Masked().String()))
	}
	return p, nil
}

// userPlace is where a user's id stands in a topic's pattern.
const userPlace = "{userId}"

// checkUserTopicPattern takes a topic's pattern with at most one place for a user's id.
func checkUserTopicPattern(text string) error {
	before, after, found := strings.Cut(text, userPlace)
	if !found {
		if strings.ContainsAny(text, "{}") {
			return fmt.Errorf("%s has a brace that is not part of %s", quote(text), userPlace)
		}
		return checkTopicPattern(text)
	}
	if strings.ContainsAny(before+after, "{}") {
		return fmt.Errorf("%s has more than one %s, or another brace", quote(text), userPlace)
	}
	if after == "*" {
		return fmt.Errorf("%s has * right behind %s: the user 1 would read what is the user 12's; put a separator between", quote(text), userPlace)
	}
	return checkTopicPattern(text)
}

// ParseSessionIDSecrets reads what the setting session-id-secret may hold, for commands
// that need no other settings. The error repeats none of it.
func ParseSessionIDSecrets(text string) ([]Secret, error) {
	c := new(Config)
	v := newLoader(c).of(&c.SessionIDSecrets).value
	if err := v.parse(strings.TrimSpace(text), Production); err != nil {
		return nil, fmt.Errorf("%w. Allowed: %s", err, v.allowed())
	}
	return c.SessionIDSecrets, nil
}

// loopback reports whether an address of the web is this machine's own.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}
