package auth

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func signedID(t testing.TB, s *SessionIDs, session string, expires time.Time) string {
	id, err := s.Sign(session, expires)
	require.NoError(t, err)
	return id
}

func TestASignedSessionIsVerified(t *testing.T) {
	s := NewSessionIDs("secret")
	for _, session := range []string{"a", "a~b", "~", "~~~", "cart-7f3a", strings.Repeat("x", MaxSignedSession)} {
		id := signedID(t, s, session, noon.Add(time.Hour))
		assert.LessOrEqual(t, len(id), 128, "it stands where a session's id may")
		got, expires, err := s.Verify(id, noon)
		assert.NoError(t, err)
		assert.Equal(t, session, got)
		assert.True(t, expires.Equal(noon.Add(time.Hour)))
	}
}

func TestTheFarthestExpiryHasRoom(t *testing.T) {
	id := signedID(t, NewSessionIDs("secret"), strings.Repeat("x", MaxSignedSession), time.Unix(1<<62, 0))
	assert.LessOrEqual(t, len(id), 128)
}

func TestSessionsThatAreNotSigned(t *testing.T) {
	s := NewSessionIDs("secret")
	for _, session := range []string{"", strings.Repeat("x", MaxSignedSession+1)} {
		_, err := s.Sign(session, noon)
		assert.Error(t, err)
	}
	_, err := NewSessionIDs().Sign("a", noon)
	assert.Error(t, err, "without a secret")
}

func TestASignedSessionExpires(t *testing.T) {
	s := NewSessionIDs("secret")
	id := signedID(t, s, "a", noon)
	_, _, err := s.Verify(id, noon.Add(-time.Nanosecond))
	assert.NoError(t, err)
	for _, later := range []time.Duration{0, time.Second, 1000 * time.Hour} {
		session, _, err := s.Verify(id, noon.Add(later))
		assert.Equal(t, ErrExpired, err)
		assert.Empty(t, session)
	}
}

func TestSecretsOfSessionIDsAreRotated(t *testing.T) {
	before, during, after := NewSessionIDs("old"), NewSessionIDs("new", "old"), NewSessionIDs("new")
	old, renewed := signedID(t, before, "a", noon), signedID(t, during, "a", noon)
	for sentence, c := range map[string]struct {
		s    *SessionIDs
		id   string
		want error
	}{
		"an old one while both hold":          {during, old, nil},
		"a new one while both hold":           {during, renewed, nil},
		"a new one after that":                {after, renewed, nil},
		"an old one after that":               {after, old, ErrRejected},
		"a new one where it is not yet known": {before, renewed, ErrRejected},
		"any without a secret":                {NewSessionIDs(), old, ErrRejected},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, _, err := c.s.Verify(c.id, noon.Add(-time.Second))
			assert.Equal(t, c.want, err)
		})
	}
}

func TestSessionIDsThatAreNotSigned(t *testing.T) {
	s := NewSessionIDs("secret")
	good := signedID(t, s, "a", noon.Add(time.Hour))
	expired := signedID(t, s, "a", noon.Add(-time.Hour))
	mark := strings.LastIndex(good, sessionMark)
	for sentence, id := range map[string]string{
		"nothing":                         "",
		"a plain one":                     "a",
		"marks alone":                     "~~",
		"no signature":                    good[:mark],
		"an empty signature":              good[:mark+1],
		"a signature alone":               good[mark:],
		"the signature of another":        "b" + good[1:],
		"the signature of a longer life":  "a~zzzzzz" + good[mark:],
		"an expired one's longer life":    good[:mark] + expired[strings.LastIndex(expired, sessionMark):],
		"half a signature":                good[:mark+12],
		"more behind it":                  good + "A",
		"padding":                         good + "==",
		"a line end within the signature": good[:mark+5] + "\n" + good[mark+5:],
		"a mark too many":                 good[:mark] + sessionMark + good[mark:],
		"no session, rightly signed":      "~" + "x" + sessionMark + signatureOf(s, "~x"),
		"no expiry, rightly signed":       "a~" + sessionMark + signatureOf(s, "a~"),
		"no mark, rightly signed":         "a" + sessionMark + signatureOf(s, "a"),
		"an expiry beyond all times":      "a~zzzzzzzzzzzzzzzz" + sessionMark + signatureOf(s, "a~zzzzzzzzzzzzzzzz"),
		"a megabyte":                      strings.Repeat("~", 1<<20),
	} {
		t.Run(sentence, func(t *testing.T) {
			session, _, err := s.Verify(id, noon)
			assert.Equal(t, ErrRejected, err)
			assert.Empty(t, session)
		})
	}
}

// signatureOf signs what Sign would not.
func signatureOf(s *SessionIDs, text string) string {
	return sign(s.secrets[0], text)
}

func TestNoSignedSessionWithAnyByteChangedIsVerified(t *testing.T) {
	s := NewSessionIDs("secret")
	good := signedID(t, s, "cart-1", noon.Add(time.Hour))
	for i := range len(good) {
		for b := range 256 {
			changed := good[:i] + string([]byte{byte(b)}) + good[i+1:]
			_, _, err := s.Verify(changed, noon)
			require.Equal(t, changed == good, err == nil, "byte %d as %d", i, b)
		}
		_, _, err := s.Verify(good[:i], noon)
		require.Equal(t, ErrRejected, err)
	}
}

func FuzzSessionID(f *testing.F) {
	s := NewSessionIDs("secret", "the secret before")
	// HMAC makes the same of the same, in each process that fuzzes.
	genuine := map[string]string{}
	for _, session := range []string{"a", "a~b", "cart-7f3a"} {
		id := signedID(f, s, session, noon.Add(time.Hour))
		genuine[id] = session
		f.Add(id)
		f.Add(id[:len(id)-1])
	}
	f.Add("~")
	f.Add("a~zzz~AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, id string) {
		session, _, err := s.Verify(id, noon)
		assert.Equal(t, genuine[id], session)
		assert.Equal(t, genuine[id] != "", err == nil)
	})
}
