package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SessionIDs signs the ids of visitors' sessions, so that nobody can make one up. A
// signed id is
//
//	session ~ expiry ~ signature
//
// with the expiry in seconds since the Unix epoch to the base 36, and the signature 128
// bits of HMAC-SHA256. Publishers name the session alone. Safe for concurrent use.
type SessionIDs struct{ secrets [][]byte }

// sessionMark separates the parts. A session's name may have it too.
const sessionMark = "~"

// signatureBytes is how much of the HMAC is kept: as long as what is guessed.
const signatureBytes = 16

// MaxSignedSession bounds the session in a signed id, in bytes, so that the whole has
// room where a session's id has.
const MaxSignedSession = 128 - len(sessionMark)*2 - 13 - 22

// NewSessionIDs signs with the first secret and accepts all of them.
func NewSessionIDs(secrets ...string) *SessionIDs {
	s := &SessionIDs{}
	for _, secret := range secrets {
		s.secrets = append(s.secrets, []byte(secret))
	}
	return s
}

// Sign makes the signed id of a session, good until expires.
func (s *SessionIDs) Sign(session string, expires time.Time) (string, error) {
	if session == "" || len(session) > MaxSignedSession {
		return "", fmt.Errorf("auth: a session of %d bytes; 1 to %d", len(session), MaxSignedSession)
	}
	if len(s.secrets) == 0 {
		return "", errors.New("auth: no secret signs sessions")
	}
	signed := session + sessionMark + strconv.FormatInt(expires.Unix(), 36)
	return signed + sessionMark + sign(s.secrets[0], signed), nil
}

// Verify gives the session that was signed, and until when. The error is ErrRejected or
// ErrExpired.
func (s *SessionIDs) Verify(id string, now time.Time) (session string, expires time.Time, err error) {
	at := strings.LastIndex(id, sessionMark)
	if at < 0 {
		return "", time.Time{}, ErrRejected
	}
	signed := id[:at]
	// Texts are compared, not what they decode to: an id has one text.
	given := []byte(id[at+len(sessionMark):])
	genuine := false
	for _, secret := range s.secrets {
		genuine = hmac.Equal(given, []byte(sign(secret, signed))) || genuine
	}
	if !genuine {
		return "", time.Time{}, ErrRejected
	}
	at = strings.LastIndex(signed, sessionMark)
	if at < 1 {
		return "", time.Time{}, ErrRejected
	}
	seconds, err := strconv.ParseInt(signed[at+1:], 36, 64)
	if err != nil {
		return "", time.Time{}, ErrRejected
	}
	expires = time.Unix(seconds, 0)
	if !now.Before(expires) {
		return "", time.Time{}, ErrExpired
	}
	return signed[:at], expires, nil
}

// sign is of this purpose alone: a secret that is used for something else too must not
// make one thing good for the other.
func sign(secret []byte, text string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("sseactor sessionId\n" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:signatureBytes])
}

// Format implements fmt.Formatter.
func (SessionIDs) Format(f fmt.State, _ rune) { fmt.Fprint(f, "session ids") }
