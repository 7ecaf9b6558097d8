package interop

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	secret = "the app's secret which is long enough"
	former = "the secret that it had before this one"
	other  = "the secret of quite another app than this"
)

// signInPackage is a sign-in package and the names of its session cookies.
type signInPackage struct{ name, plain, secure string }

func signInPackages() []signInPackage {
	return []signInPackage{
		{"next-auth 4", "next-auth.session-token", "__Secure-next-auth.session-token"},
		{"next-auth 5", "authjs.session-token", "__Secure-authjs.session-token"},
		{"@auth/core", "authjs.session-token", "__Secure-authjs.session-token"},
	}
}

// session is an hour's session of the user 7.
func (p signInPackage) session() minting {
	return minting{Package: p.name, Cookie: p.plain, Secret: secret, MaxAge: 3600, Claims: map[string]any{"sub": "7", "name": "Ada"}}
}

func (m minting) as(cookie string) minting  { m.Cookie = cookie; return m }
func (m minting) of(secret string) minting  { m.Secret = secret; return m }
func (m minting) ahead(seconds int) minting { m.Clock = seconds; return m }
func (m minting) lasts(seconds int) minting { m.MaxAge = seconds; return m }
func (m minting) story(length int) minting  { return m.with("story", strings.Repeat("x", length)) }
func (m minting) user(id any) minting       { return m.with("sub", id) }
func (m minting) with(c string, v any) minting {
	m.Claims = maps.Clone(m.Claims)
	m.Claims[c] = v
	return m
}

// sessionCase is a session that a package makes, what happens to its cookies on their
// way, and what comes of it: a stream as a user, or a refusal with a code.
type sessionCase struct {
	name    string
	session minting
	spoil   func([]cookie) []cookie // nil: nothing happens
	user    string
	code    string
}

func (p signInPackage) cases() []sessionCase {
	const wrong, late = "UNAUTHORIZED", "SESSION_EXPIRED"
	s := p.session()
	chunked := s.story(6000) // three cookies
	cases := []sessionCase{
		{name: "a session", session: s, user: "7"},
		{name: "a session over HTTPS", session: s.as(p.secure), user: "7"},
		{name: "a user whose id is not ASCII", session: s.user("Ада ☕"), user: "Ада ☕"},
		{name: "a session of the secret before", session: s.of(former), user: "7"},
		{name: "a session made by a clock 10 s ahead", session: s.ahead(10), user: "7"},
		{name: "a session amid other cookies", session: s, spoil: among, user: "7"},
		{name: "a session in chunks", session: chunked, user: "7"},
		{name: "a session in chunks over HTTPS", session: chunked.as(p.secure), user: "7"},
		{name: "a session in chunks of the secret before", session: chunked.of(former), user: "7"},
		{name: "chunks that come in another order", session: chunked, spoil: reversed, user: "7"},

		{name: "an expired session", session: s.ahead(-7200), code: late},
		{name: "an expired session in chunks", session: chunked.ahead(-7200), code: late},
		{name: "an expired session of the secret before", session: s.ahead(-7200).of(former), code: late},
		{name: "an expired session of another secret", session: s.ahead(-7200).of(other), code: wrong},
		{name: "a session made by a clock an hour ahead", session: s.ahead(3600), code: wrong},
		{name: "a session that begins in an hour", session: s.with("nbf", time.Now().Add(time.Hour).Unix()), code: wrong},
		{name: "a session of another secret", session: s.of(other), code: wrong},
		{name: "a session of nobody", session: s.user(""), code: wrong},
		{name: "a session without a user", session: s.user(nil), code: wrong},
		{name: "a user that is no text", session: s.user([]string{"7"}), code: wrong},
		{name: "a user whose id is too long", session: s.user(strings.Repeat("7", 129)), code: wrong},
		{name: "a user whose id has a line break", session: s.user("7\n8"), code: wrong},

		{name: "the last character missing", session: s, spoil: token(func(v string) string { return v[:len(v)-1] }), code: wrong},
		{name: "the second half missing", session: s, spoil: token(func(v string) string { return v[:len(v)/2] }), code: wrong},
		{name: "something behind it", session: s, spoil: token(func(v string) string { return v + "A" }), code: wrong},
		{name: "a sixth part", session: s, spoil: token(func(v string) string { return v + ".AAAA" }), code: wrong},
		{name: "another header", session: s, spoil: part(0, flip), code: wrong},
		{name: "an encrypted key", session: s, spoil: part(1, func(string) string { return "AAAA" }), code: wrong},
		{name: "another nonce", session: s, spoil: part(2, flip), code: wrong},
		{name: "another text", session: s, spoil: part(3, flip), code: wrong},
		{name: "another tag", session: s, spoil: part(4, flip), code: wrong},
		{name: "half of the tag", session: s, spoil: part(4, func(v string) string { return v[:len(v)/2] }), code: wrong},
		{name: "no tag", session: s, spoil: part(4, func(string) string { return "" }), code: wrong},

		{name: "the first chunk missing", session: chunked, spoil: without(0), code: wrong},
		{name: "a chunk in the middle missing", session: chunked, spoil: without(1), code: wrong},
		{name: "the last chunk missing", session: chunked, spoil: without(2), code: wrong},
		{name: "two chunks under each other's names", session: chunked, spoil: swapped, code: wrong},
		{name: "another text in a chunk", session: chunked, spoil: at(1, flip), code: wrong},

		{name: "a session in more chunks than a session has", session: s.story(40_000), code: wrong},
		{name: "a session as large in one cookie", session: s.story(40_000), spoil: joined(p.plain), code: wrong},
	}
	if p.name != "next-auth 4" { // v4 has one key for both its names
		cases = append(cases,
			sessionCase{name: "a session under the name for HTTPS", session: s, spoil: renamed(p.secure), code: wrong},
			sessionCase{name: "a session over HTTPS under the name without", session: s.as(p.secure), spoil: renamed(p.plain), code: wrong},
			sessionCase{name: "a session under v4's name", session: s, spoil: renamed("next-auth.session-token"), code: wrong},
		)
	}
	return cases
}

func TestSessionCookiesOfTheRealPackages(t *testing.T) {
	need(t, nodeMissing())
	need(t, curlMissing())
	s := startServer(t, "SSEACTOR_AUTH_SECRET="+secret+","+former, "SSEACTOR_LOG_LEVEL=debug",
		"SSEACTOR_MAX_HEADER_BYTES=128KiB") // or the largest would fail for their size alone
	for _, p := range signInPackages() {
		t.Run(p.name, func(t *testing.T) {
			cases := p.cases()
			var orders []minting
			for _, c := range cases {
				orders = append(orders, c.session)
			}
			for i, cookies := range mint(t, orders...) {
				c := cases[i]
				t.Run(c.name, func(t *testing.T) {
					if c.spoil != nil {
						cookies = c.spoil(slices.Clone(cookies))
					}
					if c.code != "" {
						refused(t, s, cookies, c.code)
					} else {
						letIn(t, s, cookies, c.user)
					}
					for _, c := range cookies {
						s.keepsQuiet(t, c.Value)
					}
				})
			}
		})
	}
	s.keepsQuiet(t, secret, former)
}

// The chunks are those of the packages: a test that cut them itself would prove nothing.
func TestThePackagesCutLargeSessions(t *testing.T) {
	need(t, nodeMissing())
	for _, p := range signInPackages() {
		cookies := mint(t, p.session().story(6000))[0]
		var names []string
		for _, c := range cookies {
			names = append(names, c.Name)
		}
		assert.Equal(t, []string{p.plain + ".0", p.plain + ".1", p.plain + ".2"}, names, p.name)
	}
}

func among(cookies []cookie) []cookie {
	return append(append([]cookie{{"theme", "dark"}, {"authjs.csrf-token", "a%7Cb"}}, cookies...), cookie{"next-auth.callback-url", "%2F"})
}

func reversed(cookies []cookie) []cookie { slices.Reverse(cookies); return cookies }

func swapped(cookies []cookie) []cookie {
	cookies[0].Name, cookies[1].Name = cookies[1].Name, cookies[0].Name
	return cookies
}

func without(i int) func([]cookie) []cookie {
	return func(cookies []cookie) []cookie { return slices.Delete(cookies, i, i+1) }
}

func renamed(name string) func([]cookie) []cookie {
	return func(cookies []cookie) []cookie { return []cookie{{name, cookies[0].Value}} }
}

func joined(name string) func([]cookie) []cookie {
	return func(cookies []cookie) []cookie {
		whole := cookie{Name: name}
		for _, c := range cookies {
			whole.Value += c.Value
		}
		return []cookie{whole}
	}
}

// at changes the value of one cookie.
func at(i int, change func(string) string) func([]cookie) []cookie {
	return func(cookies []cookie) []cookie {
		cookies[i].Value = change(cookies[i].Value)
		return cookies
	}
}

func token(change func(string) string) func([]cookie) []cookie { return at(0, change) }

// part changes one of the five parts of a token (RFC 7516 section 7.1).
func part(i int, change func(string) string) func([]cookie) []cookie {
	return token(func(v string) string {
		parts := strings.Split(v, ".")
		parts[i] = change(parts[i])
		return strings.Join(parts, ".")
	})
}

// flip changes a bit of a character in the middle: of the last one some bits may mean
// nothing (RFC 4648 section 3.5).
func flip(v string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := len(v) / 2
	return v[:i] + string(alphabet[strings.IndexByte(alphabet, v[i])^1]) + v[i+1:]
}

func TestASecretIsRotated(t *testing.T) {
	need(t, nodeMissing())
	need(t, curlMissing())
	var sessions []minting
	for _, p := range signInPackages() {
		sessions = append(sessions, p.session().of(former))
	}
	minted := mint(t, sessions...)

	s := startServer(t, "SSEACTOR_AUTH_SECRET="+former)
	restart := func(secrets string) {
		s.stop(t)
		s.env = []string{"SSEACTOR_AUTH_SECRET=" + secrets}
		s.start(t)
	}
	for _, cookies := range minted {
		letIn(t, s, cookies, "7")
	}
	restart(secret + "," + former)
	for _, cookies := range minted {
		letIn(t, s, cookies, "7")
	}
	restart(secret)
	for _, cookies := range minted {
		refused(t, s, cookies, "UNAUTHORIZED")
	}
}

// Auth.js with OAuth and no adapter makes sub anew at each sign-in, so an app's own field
// may say who the user is.
func TestAnotherClaimNamesTheUser(t *testing.T) {
	need(t, nodeMissing())
	need(t, curlMissing())
	s := startServer(t, "SSEACTOR_AUTH_SECRET="+secret, "SSEACTOR_USER_CLAIM=user.id")
	for _, p := range signInPackages() {
		minted := mint(t, p.session().with("user", map[string]any{"id": "of the app"}), p.session())
		letIn(t, s, minted[0], "of the app")
		refused(t, s, minted[1], "UNAUTHORIZED")
	}
}

// A session lets somebody in for as long as it lasts; the stream says why it ends.
func TestAStreamEndsWithItsSession(t *testing.T) {
	need(t, nodeMissing())
	need(t, curlMissing())
	s := startServer(t, "SSEACTOR_AUTH_SECRET="+secret)
	for _, p := range signInPackages() {
		t.Run(p.name, func(t *testing.T) {
			// It has a second left. On a slow machine less than none, which the tolerance
			// of clocks makes good.
			cookies := mint(t, p.session().ahead(-9).lasts(10))[0]
			c := openCurl(t, s.base+"/api/sse", "--header", "Cookie: "+header(cookies))
			c.connected(t, arriving)
			bye := c.until(t, "error", arriving)
			assert.Contains(t, bye[len(bye)-1].Data, `"SESSION_EXPIRED"`)
			require.Eventually(t, func() bool { return s.active(t) == 0 }, 5*time.Second, 10*time.Millisecond)
		})
	}
}
