package interop

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// app is a small web app whose users sign in with a real package (node/app).
type app struct {
	order   appOrder
	browser *http.Client // of one person, with the person's cookies
	process *process
	log     *output // of all its runs
}

// appOrder is what node/app/server.mjs is told.
type appOrder struct {
	Base     string `json:"base"`
	Version  int    `json:"version"` // 4: NextAuth; 5: Auth.js
	Secret   string `json:"secret"`
	Sessions string `json:"sessions"`         // jwt or database
	Story    int    `json:"story,omitempty"`  // how many characters more a session has
	Events   string `json:"events,omitempty"` // where the streams are that the app passes on
}

// startApp runs the app until the test ends.
func startApp(t testing.TB, o appOrder) *app {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	a := &app{order: o, log: &output{}, browser: &http.Client{Jar: jar, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	a.start(t)
	t.Cleanup(func() {
		a.browser.CloseIdleConnections()
		if t.Failed() {
			t.Logf("the app said:\n%s", a.log.tail())
		}
	})
	return a
}

func (a *app) start(t testing.TB) {
	t.Helper()
	node, err := program("NODE", "node")
	require.NoError(t, err)
	arg, err := json.Marshal(a.order)
	require.NoError(t, err)
	a.process = startProcess(t, exec.Command(node, filepath.Join("node", "app", "server.mjs"), string(arg)), a.log)
	t.Cleanup(func() { a.stop(t) })
	waitReady(t, http.DefaultClient, a.order.Base, a.process)
}

func (a *app) stop(t testing.TB) {
	t.Helper()
	a.process.end(t, syscall.SIGTERM, 10*time.Second)
}

// do is a request of the person's browser.
func (a *app) do(t testing.TB, path string, form url.Values) string {
	t.Helper()
	method := http.MethodGet
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = a.browser.Get(a.order.Base + path)
	} else {
		method = http.MethodPost
		form.Set("csrfToken", a.csrf(t))
		resp, err = a.browser.PostForm(a.order.Base+path, form)
	}
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 400, "%s %s: %s", method, path, body)
	return string(body)
}

func (a *app) csrf(t testing.TB) string {
	t.Helper()
	var answer struct {
		CSRFToken string `json:"csrfToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.do(t, "/api/auth/csrf", nil)), &answer))
	return answer.CSRFToken
}

// signInByMail follows the link that the app has mailed, and returns what a browser then
// sends.
func (a *app) signInByMail(t testing.TB, address string) []cookie {
	t.Helper()
	a.do(t, "/api/auth/signin/email", url.Values{"email": {address}})
	link, err := url.Parse(a.do(t, "/mail?"+url.Values{"to": {address}}.Encode(), nil))
	require.NoError(t, err)
	a.do(t, link.RequestURI(), nil)
	base, err := url.Parse(a.order.Base)
	require.NoError(t, err)
	var cookies []cookie
	for _, c := range a.browser.Jar.Cookies(base) {
		cookies = append(cookies, cookie{c.Name, c.Value})
	}
	return cookies
}

func (a *app) signOut(t testing.TB) {
	t.Helper()
	a.do(t, "/api/auth/signout", url.Values{})
}

func TestABrowserThatHasSignedInReadsItsUsersEvents(t *testing.T) {
	need(t, chromiumMissing())
	for _, tt := range []struct {
		name       string
		version    int
		story      int
		sameOrigin bool
	}{
		{name: "with Auth.js, the app passing the stream on", version: 5, sameOrigin: true},
		{name: "with NextAuth, from another origin, its session in chunks", version: 4, story: 6000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := "http://" + freeAddr(t)
			settings := []string{"SSEACTOR_AUTH_SECRET=" + secret}
			if !tt.sameOrigin {
				settings = append(settings, "SSEACTOR_ALLOWED_ORIGINS="+base)
			}
			s := startServer(t, settings...)
			startApp(t, appOrder{Base: base, Version: tt.version, Secret: secret, Sessions: "jwt", Story: tt.story, Events: s.base})
			o := order{URL: s.base + "/api/sse", Names: eventNames(), Page: base, User: "Ada"}
			if tt.sameOrigin {
				o.URL = base + "/api/sse"
			}

			r := runBrowser(t, "signin.mjs", o)
			_, g := r.connected(t, starting)
			assert.Equal(t, "user:Ada", g.UserID)
			e := text("an event for her", "hello").as("greeting")
			s.publish(t, e.to("user:ada"), 0)
			id := s.publish(t, e.to("user:Ada"), 1)
			assert.Equal(t, []seen{e.expected(id)}, r.until(t, "greeting", arriving))

			r.ask("sign out")
			out := r.until(t, "given up", starting)
			assert.Equal(t, []seen{{Type: "given up", Data: "401"}}, out)
			require.Eventually(t, func() bool { return s.active(t) == 0 }, 5*time.Second, 10*time.Millisecond)
		})
	}
}

// An app that keeps its sessions in a database is asked whose a cookie is.
func TestSessionsInADatabase(t *testing.T) {
	need(t, nodeMissing())
	need(t, curlMissing())
	for _, tt := range []struct {
		name    string
		version int
		cookie  string
	}{
		{name: "Auth.js", version: 5, cookie: "authjs.session-token"},
		{name: "NextAuth", version: 4, cookie: "next-auth.session-token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := startApp(t, appOrder{Base: "http://" + freeAddr(t), Version: tt.version, Secret: secret, Sessions: "database"})
			s := startServer(t, "SSEACTOR_SESSION_URL="+a.order.Base+"/api/auth/session", "SSEACTOR_SESSION_CACHE=0s", "SSEACTOR_LOG_LEVEL=debug")

			signedIn := a.signInByMail(t, "ada@example.com")
			letIn(t, s, signedIn, "user:ada@example.com")
			refused(t, s, []cookie{{tt.cookie, "00000000-0000-4000-8000-000000000000"}}, "UNAUTHORIZED")
			a.signOut(t)
			refused(t, s, signedIn, "UNAUTHORIZED")

			signedIn = a.signInByMail(t, "ada@example.com")
			letIn(t, s, signedIn, "user:ada@example.com")
			a.stop(t)
			nobodyKnows(t, s, signedIn)
			a.start(t)
			signedIn = a.signInByMail(t, "ada@example.com") // the app's database is in memory
			letIn(t, s, signedIn, "user:ada@example.com")
			for _, c := range signedIn {
				s.keepsQuiet(t, c.Value)
			}
		})
	}
}

// nobodyKnows wants that a caller is told to come back whose session can't be checked:
// a browser in a stream, since EventSource would give up at a 503.
func nobodyKnows(t *testing.T, s *server, cookies []cookie) {
	t.Helper()
	r := s.refusal(t, "*/*", cookies)
	assert.Equal(t, http.StatusServiceUnavailable, r.status)
	assert.Equal(t, "AUTH_UNAVAILABLE", r.code(t))
	assert.NotEmpty(t, r.header.Get("Retry-After"))

	c := openCurl(t, s.base+"/api/sse", "--header", "Cookie: "+header(cookies)) // asks for text/event-stream
	require.Contains(t, c.responseHead(t, arriving).status, " 200")
	told := c.until(t, "error", arriving)
	require.Len(t, told, 1, "nothing is let out before")
	assert.Contains(t, told[0].Data, `"AUTH_UNAVAILABLE"`)
	assert.Empty(t, told[0].ID)
	_, blocks := c.received()
	assert.NotEmpty(t, blocks[0].Retry)
	assert.Zero(t, s.active(t))
}
