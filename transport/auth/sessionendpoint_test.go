package auth

import (
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// askingServer asks a server over a real connection.
func askingServer(t *testing.T, h http.HandlerFunc, change ...func(*RemoteSessionOptions)) *RemoteSessions {
	server := httptest.NewServer(h)
	o := RemoteSessionOptions{
		URL: server.URL + "/api/auth/session?app=1", Cookies: []string{v5Cookie, v4Cookie}, UserClaim: "sub",
		Timeout: 10 * time.Second, Cache: time.Minute, MaxCached: 100,
	}
	for _, c := range change {
		c(&o)
	}
	r := NewRemoteSessions(o)
	t.Cleanup(func() { r.Close(); server.Close() })
	return r
}

func TestAnswersOfTheApp(t *testing.T) {
	const future = `"expires":"2100-01-01T00:00:00.000Z"`
	big := strings.Repeat(" ", maxSessionAnswer)
	for sentence, c := range map[string]struct {
		claim  string // empty: sub
		status int    // 0: 200
		body   string
		user   string
		err    error
	}{
		"a user":                      {"", 0, `{"user":{"name":"Ann","id":"7"},` + future + `}`, "7", nil},
		"a user whose id is a number": {"", 0, `{"user":{"id":7},` + future + `}`, "7", nil},
		"with a session token, as v5 may send it": {"", 0, `{"user":{"id":"7"},"sessionToken":"x","userId":"8",` + future + `}`, "7", nil},
		"another field":               {"user.email", 0, `{"user":{"email":"ann@example.com"},` + future + `}`, "ann@example.com", nil},
		"a field of the session":      {"userId", 0, `{"user":{},"userId":"8",` + future + `}`, "8", nil},
		"a time of another zone":      {"", 0, `{"user":{"id":"7"},"expires":"2100-01-01T00:00:00+02:00"}`, "7", nil},
		"nobody, of v5":               {"", 0, `null`, "", ErrRejected},
		"nobody, and a line end":      {"", 0, "null\n", "", ErrRejected},
		"nobody, of v4":               {"", 0, `{}`, "", ErrRejected},
		"a user that is null":         {"", 0, `{"user":null,` + future + `}`, "", ErrRejected},
		"no id":                       {"", 0, `{"user":{"name":"Ann"},` + future + `}`, "", ErrRejected},
		"no user":                     {"", 0, `{` + future + `}`, "", ErrRejected},
		"an id that is empty":         {"", 0, `{"user":{"id":""},` + future + `}`, "", ErrRejected},
		"an id with a NUL":            {"", 0, `{"user":{"id":"7\u0000"},` + future + `}`, "", ErrRejected},
		"an id of 129 characters":     {"", 0, `{"user":{"id":"` + strings.Repeat("x", 129) + `"},` + future + `}`, "", ErrRejected},
		"the Id is no id":             {"", 0, `{"user":{"Id":"7"},` + future + `}`, "", ErrRejected},
		"expired":                     {"", 0, `{"user":{"id":"7"},"expires":"2020-01-01T00:00:00.000Z"}`, "", ErrExpired},
		"no expires":                  {"", 0, `{"user":{"id":"7"}}`, "", ErrUnavailable},
		"an expires that is null":     {"", 0, `{"user":{"id":"7"},"expires":null}`, "", ErrUnavailable},
		"an expires that is a number": {"", 0, `{"user":{"id":"7"},"expires":4102444800}`, "", ErrUnavailable},
		"an expires that is no time":  {"", 0, `{"user":{"id":"7"},"expires":"tomorrow"}`, "", ErrUnavailable},
		"an expires without a zone":   {"", 0, `{"user":{"id":"7"},"expires":"2100-01-01T00:00:00"}`, "", ErrUnavailable},
		"no body":                     {"", 0, ``, "", ErrUnavailable},
		"a page":                      {"", 0, `<!DOCTYPE html>`, "", ErrUnavailable},
		"a text":                      {"", 0, `"7"`, "", ErrUnavailable},
		"a list":                      {"", 0, `[{"user":{"id":"7"},` + future + `}]`, "", ErrUnavailable},
		"half of an answer":           {"", 0, `{"user":{"id":"7"},`, "", ErrUnavailable},
		"two answers":                 {"", 0, `{"user":{"id":"7"},` + future + `}{}`, "", ErrUnavailable},
		"no UTF-8":                    {"", 0, "{\"user\":{\"id\":\"7\xff\"}," + future + "}", "", ErrUnavailable},
		"more than may be":            {"", 0, `{"user":{"id":"7"},` + future + big + `}`, "", ErrUnavailable},
		"endless nothing":             {"", 0, strings.Repeat(big, 20), "", ErrUnavailable},
		"a fault":                     {"", 500, `{"user":{"id":"7"},` + future + `}`, "", ErrUnavailable},
		"not found":                   {"", 404, `{"user":{"id":"7"},` + future + `}`, "", ErrUnavailable},
		"not allowed":                 {"", 401, `null`, "", ErrUnavailable},
		"created":                     {"", 201, `{"user":{"id":"7"},` + future + `}`, "", ErrUnavailable},
		"too many requests":           {"", 429, `null`, "", ErrUnavailable},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := askingServer(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				_, _ = io.WriteString(w, c.body)
			}, func(o *RemoteSessionOptions) {
				if c.claim != "" {
					o.UserClaim = c.claim
				}
			})
			id, ok, err := askFor(r, "s3ss10n")
			assert.Equal(t, c.user, id.UserID)
			assert.Equal(t, c.err == nil, ok)
			if c.err == nil {
				assert.NoError(t, err)
				assert.Equal(t, 2100, id.Expires.UTC().Add(12*time.Hour).Year())
				assert.True(t, id.Ambient)
				assert.Empty(t, id.Scopes)
				return
			}
			assert.ErrorIs(t, err, c.err)
			assert.NotContains(t, err.Error(), "s3ss10n")
			assert.NotContains(t, err.Error(), "app=1")
			if c.err == ErrRejected {
				assert.Equal(t, ErrRejected, err, "no detail")
			}
		})
	}
}

func TestUsersWithoutAnIdAreCounted(t *testing.T) {
	r := askingServer(t, func(w http.ResponseWriter, req *http.Request) {
		if sessionOf(req) == "a" {
			_, _ = io.WriteString(w, `{"user":{"name":"Ann"},"expires":"2100-01-01T00:00:00.000Z"}`)
			return
		}
		_, _ = io.WriteString(w, `{}`)
	})
	_, _, _ = askFor(r, "a")
	_, _, _ = askFor(r, "nobody")
	assert.Equal(t, RemoteSessionStats{Asked: 2, Nameless: 1}, r.Stats())
}

func TestTheAppIsSentTheSessionAndNothingElse(t *testing.T) {
	for sentence, c := range map[string]struct{ cookies, sent, proto string }{
		"the session":            {"theme=dark; " + v4Cookie + "=a; csrf=x", v4Cookie + "=a", ""},
		"the first of two":       {v4Cookie + "=a; " + v5Cookie + "=b", v5Cookie + "=b", "https"},
		"its chunks, in order":   {v4Cookie + ".1=b; x=y; " + v4Cookie + ".0=a; " + v4Cookie + ".x=c", v4Cookie + ".0=a; " + v4Cookie + ".1=b", ""},
		"a session once":         {v4Cookie + "=a; " + v4Cookie + "=a", v4Cookie + "=a", ""},
		"percent-encoded, as is": {v4Cookie + "=a%3Db", v4Cookie + "=a%3Db", ""},
		"with equals signs":      {v4Cookie + "=a==", v4Cookie + "=a==", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			seen := make(chan *http.Request, 1)
			r := askingServer(t, func(w http.ResponseWriter, req *http.Request) {
				seen <- req
				_, _ = io.WriteString(w, "null")
			})
			_, _, err := r.Authenticate(t.Context(), Credentials{Cookie: c.cookies, From: "192.0.2.7"})
			require.Equal(t, ErrRejected, err)
			req := <-seen
			assert.Equal(t, "GET", req.Method)
			assert.Equal(t, "/api/auth/session?app=1", req.URL.String())
			assert.Equal(t, []string{c.sent}, req.Header["Cookie"])
			assert.Equal(t, "application/json", req.Header.Get("Accept"))
			assert.Empty(t, req.Header["X-Forwarded-For"])
			assert.Equal(t, c.proto, req.Header.Get("X-Forwarded-Proto"), "Auth.js looks for secure cookies behind HTTPS only")
		})
	}
}

func TestTheAppIsNotAskedInVain(t *testing.T) {
	for sentence, c := range map[string]struct {
		cookies string
		err     error
	}{
		"no cookie":             {"", nil},
		"other cookies":         {"theme=dark", nil},
		"an empty session":      {v4Cookie + "=", nil},
		"two sessions":          {v4Cookie + "=a; " + v4Cookie + "=b", ErrRejected},
		"a hole in the chunks":  {v4Cookie + ".0=a; " + v4Cookie + ".2=b", ErrRejected},
		"a line end":            {v4Cookie + "=a\r\nX-Admin: yes", ErrRejected},
		"a NUL":                 {v4Cookie + "=a\x00", ErrRejected},
		"another alphabet":      {v4Cookie + "=é", ErrRejected},
		"more than may be sent": {v4Cookie + "=" + strings.Repeat("a", maxSessionText+1), ErrRejected},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := askingServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the app was asked") })
			_, ok, err := r.Authenticate(t.Context(), Credentials{Cookie: c.cookies})
			assert.Equal(t, c.err, err)
			assert.False(t, ok)
			assert.Zero(t, r.Stats())
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	for sentence, change := range map[string]func(*RemoteSessionOptions){
		"its own client":                func(*RemoteSessionOptions) {},
		"a client that would follow it": func(o *RemoteSessionOptions) { o.Client = &http.Client{Transport: &http.Transport{}} },
	} {
		t.Run(sentence, func(t *testing.T) {
			r := askingServer(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path == "/signin" {
					t.Error("the session was sent to another address")
				}
				http.Redirect(w, req, "/signin", http.StatusFound)
			}, change)
			_, ok, err := askFor(r, "a")
			assert.ErrorIs(t, err, ErrUnavailable)
			assert.False(t, ok)
		})
	}
}

func TestCookiesOfAnAnswerAreDiscarded(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var asked atomic.Int64
	r := askingServer(t, func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		assert.Equal(t, v4Cookie+"="+sessionOf(req), req.Header.Get("Cookie"))
		assert.Len(t, req.Cookies(), 1)
		http.SetCookie(w, &http.Cookie{Name: "of", Value: sessionOf(req), Path: "/"})
		_, _ = io.WriteString(w, "null")
	}, func(o *RemoteSessionOptions) { o.Client = &http.Client{Jar: jar, Transport: &http.Transport{}} })
	_, _, _ = askFor(r, "a")
	_, _, _ = askFor(r, "b")
	assert.EqualValues(t, 2, asked.Load())
}

// A server that sends back what it is sent must not bring the cookie into an error.
func TestNoErrorNamesTheCookie(t *testing.T) {
	for sentence, answer := range map[string]func(net.Conn, []byte){
		"an echo":             func(c net.Conn, sent []byte) { _, _ = c.Write(sent) },
		"an echo in a header": func(c net.Conn, sent []byte) { _, _ = c.Write(append([]byte("HTTP/1.1 200 OK\r\n"), sent...)) },
		"an echo as a status": func(c net.Conn, sent []byte) { _, _ = c.Write(append([]byte("HTTP/1.1 "), sent[len("GET /"):]...)) },
		"an echo of a cookie": func(c net.Conn, _ []byte) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\ns3ss10n\r\n\r\n") },
		"a length that is none": func(c net.Conn, _ []byte) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: s3ss10n\r\n\r\n")
		},
		"nothing": func(net.Conn, []byte) {},
		"half of a body": func(c net.Conn, _ []byte) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnull")
		},
		"an endless header": func(c net.Conn, _ []byte) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 4*maxSessionAnswer)+"\r\n\r\nnull")
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan struct{})
			go func() {
				defer close(served)
				for {
					c, err := listener.Accept()
					if err != nil {
						return
					}
					b := make([]byte, 4096)
					n, _ := c.Read(b)
					answer(c, b[:n])
					_ = c.Close()
				}
			}()
			r := NewRemoteSessions(RemoteSessionOptions{URL: "http://" + listener.Addr().String() + "/?app=1", Cookies: []string{v4Cookie}, Timeout: 10 * time.Second})
			_, ok, err := askFor(r, "s3ss10n")
			assert.False(t, ok)
			require.ErrorIs(t, err, ErrUnavailable)
			assert.NotContains(t, err.Error(), "s3ss10n")
			assert.NotContains(t, err.Error(), "app=1")
			r.Close()
			require.NoError(t, listener.Close())
			<-served
			_, _, err = NewRemoteSessions(RemoteSessionOptions{URL: "http://" + listener.Addr().String(), Cookies: []string{v4Cookie}, Timeout: 10 * time.Second}).Authenticate(t.Context(), Credentials{Cookie: v4Cookie + "=a"})
			assert.ErrorIs(t, err, ErrUnavailable)
			assert.ErrorContains(t, err, "refused", "but it says what an operator can use")
		})
	}
}

func TestAnAddressThatIsNoneIsAnError(t *testing.T) {
	r := NewRemoteSessions(RemoteSessionOptions{URL: "http://a b:s3cret@/", Cookies: []string{v4Cookie}, Timeout: time.Second})
	defer r.Close()
	_, _, err := askFor(r, "a")
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.NotContains(t, err.Error(), "s3cret")
}
