package auth

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// BenchmarkSession is what a stream of a signed-in user costs more than a visitor's.
func BenchmarkSession(b *testing.B) {
	large := ann(payload{"picture": strings.Repeat("p", 6000)})
	rotated := []string{"newest", "newer", "new", appSecret}
	for _, c := range []struct {
		name    string
		secrets []string
		header  string
		ok      bool
	}{
		{"v4", nil, v4Cookie + "=" + v4().token(ann()), true},
		{"v5", nil, v5Cookie + "=" + v5(v5Cookie).token(ann()), true},
		{"v4-fourth-secret", rotated, v4Cookie + "=" + v4().token(ann()), true},
		{"v5-fourth-secret", rotated, v5Cookie + "=" + v5(v5Cookie).token(ann()), true},
		{"v5-8KB-in-chunks", nil, strings.Join(inChunks(v5Cookie, v5(v5Cookie).token(large), 3936), "; "), true},
		{"v5-guessed", nil, v5Cookie + "=" + v5(v5Cookie).but(func(m *minting) { m.secret, m.kid = "a guess", false }).token(ann()), false},
		{"v5-guessed-16KB", nil, v5Cookie + "=" + v5(v5Cookie).but(func(m *minting) { m.secret, m.kid = "a guess", false }).token(ann(payload{"picture": strings.Repeat("p", 11_700)})), false},
		{"no-session", nil, "theme=dark; lang=en", false},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := testSessions(c.secrets...)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, _ := signIn(s, c.header); ok != c.ok {
					b.Fatal(ok)
				}
			}
		})
	}
}

// BenchmarkRemoteSession is the same where the app has answered a moment ago.
func BenchmarkRemoteSession(b *testing.B) {
	r := askingApp(func(*http.Request) (*http.Response, error) { return signedIn("7", time.Hour) }, func(o *RemoteSessionOptions) { o.Cache = time.Hour })
	defer r.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, _ := askFor(r, "0c5a1a0e-8f5b-4b3c-9b1e-3c5d1f0e7a42"); !ok {
			b.Fatal()
		}
	}
}
