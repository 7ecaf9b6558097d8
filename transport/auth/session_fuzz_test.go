package auth

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// FuzzSessionCookie: whatever a Cookie header holds, nobody is signed in but by a session
// that the app has made. Those are the packages' own: one made here would be another in
// each process that fuzzes.
func FuzzSessionCookie(f *testing.F) {
	s := testSessions(appSecret, "another secret")
	s.now = at(goldenTime)
	for _, header := range []string{"", ";;", "theme=dark", v4Cookie + "=", v4Cookie + "=x", v4Cookie + ".0=", v5Cookie + "=....", v5Cookie + "." + strings.Repeat("9", 30) + "=x"} {
		f.Add(header)
	}
	for cookie, token := range golden {
		f.Add(cookie + "=" + token)
		f.Add("theme=dark;" + cookie + "=" + token + "; a=b")
		f.Add(v5Cookie + "=" + token)
		f.Add(strings.Join(inChunks(cookie, token, 50), "; "))
		f.Add(cookie + "=" + token + "; " + cookie + "=x")
	}
	f.Fuzz(func(t *testing.T, header string) {
		id, ok, err := signIn(s, header)
		if !ok {
			assert.Equal(t, Identity{}, id)
			if err != nil {
				assert.Contains(t, []error{ErrRejected, ErrExpired}, err)
			}
			return
		}
		assert.NoError(t, err)
		assert.Equal(t, "7", id.UserID)
		cookie, _, _ := findSession(header, s.cookies)
		assert.Contains(t, []string{golden[cookie.name], golden[v4Cookie]}, cookie.text())
		for _, part := range cookie.parts() {
			assert.Contains(t, header, "="+part, "what was not there can't have been shown")
		}
		assert.True(t, slices.Contains(s.cookies, cookie.name))
	})
}
