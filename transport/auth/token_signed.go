package auth

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// algorithms are those that a token may be signed with. "none" is not among them, and
// neither is anything that encrypts.
var algorithms = []jose.SignatureAlgorithm{jose.HS256, jose.RS256, jose.ES256, jose.EdDSA}

// types are what a token may say that it is (typ). An issuer signs others with the same
// key, such as logout tokens, and those let nobody in (RFC 8725 section 3.11).
var types = []string{"", "jwt", "at+jwt"}

// signed is a token that nobody has verified yet.
type signed struct {
	jws       *jose.JSONWebSignature
	algorithm jose.SignatureAlgorithm
	keyID     string // empty: none
}

// base64Strict has one text for one value: no character of a signed token can be another.
// The library's decoder is lenient, and skips line ends.
var base64Strict = base64.RawURLEncoding.Strict()

// looksSigned reports whether a text has the form of a compact JWS (RFC 7515 section
// 3.1): three parts, the first of them a JSON object. One that is too long to look into
// has it too.
func looksSigned(text string) bool {
	if strings.Count(text, ".") != 2 || strings.ContainsFunc(text, func(r rune) bool { return !ofToken(r) }) {
		return false
	}
	if len(text) > maxToken {
		return true
	}
	head, _, _ := strings.Cut(text, ".")
	header, err := base64Strict.DecodeString(head)
	return err == nil && strings.HasPrefix(strings.TrimLeft(string(header), " \t\r\n"), "{") && json.Valid(header)
}

func ofToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
}

// parseSigned reads a token that looksSigned. What its header says of keys (jwk, jku, x5c,
// x5u) is whoever made it speaking, so none of it is used. The error is ErrRejected.
func parseSigned(text string) (signed, error) {
	for part := range strings.SplitSeq(text, ".") {
		if _, err := base64Strict.DecodeString(part); err != nil {
			return signed{}, ErrRejected
		}
	}
	jws, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return signed{}, ErrRejected
	}
	header := jws.Signatures[0].Protected
	for _, name := range []jose.HeaderKey{"crit", "b64"} {
		if _, given := header.ExtraHeaders[name]; given {
			return signed{}, ErrRejected // it would change what the rest means
		}
	}
	kind, given := header.ExtraHeaders[jose.HeaderType]
	name, ok := kind.(string)
	if given && !ok || !slices.Contains(types, strings.TrimPrefix(strings.ToLower(name), "application/")) {
		return signed{}, ErrRejected
	}
	return signed{jws, jose.SignatureAlgorithm(header.Algorithm), header.KeyID}, nil
}

// verifiedBy gives what was signed, if one of the keys fits.
func (s signed) verifiedBy(keys []publicKey) (payload []byte, ok bool) {
	for _, k := range keys {
		if k.algorithm != s.algorithm {
			continue
		}
		if payload, err := s.jws.Verify(k.key); err == nil {
			return payload, true
		}
	}
	return nil, false
}
