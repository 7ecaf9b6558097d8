package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// page is what a browser sends from a page of an allowed origin in which somebody is
// signed in.
func page(user string) []string {
	return []string{"Cookie: user=" + user, "Origin: https://app.example"}
}

// ticket gets one.
// A page of another origin, a form, an image: what a browser sends by itself.
func TestForgedRequests(t *testing.T) {
	r := accessRig(t)
	const body = `{"data":1,"userId":"alice"}`
	for sentence, c := range map[string]struct {
		header []string
		code   string
	}{
		"a page of an allowed origin":          {page("alice"), ""},
		"a page of the server's own origin":    {[]string{"Cookie: user=alice", "Origin: http://sse.test"}, ""},
		"a page of another origin":             {[]string{"Cookie: user=alice", "Origin: https://evil.example"}, "ORIGIN_NOT_ALLOWED"},
		"a page in a sandbox":                  {[]string{"Cookie: user=alice", "Origin: null"}, "ORIGIN_NOT_ALLOWED"},
		"a page whose origin begins alike":     {[]string{"Cookie: user=alice", "Origin: https://app.example.evil.example"}, "ORIGIN_NOT_ALLOWED"},
		"another port":                         {[]string{"Cookie: user=alice", "Origin: https://app.example:8443"}, "ORIGIN_NOT_ALLOWED"},
		"another scheme":                       {[]string{"Cookie: user=alice", "Origin: http://app.example"}, "ORIGIN_NOT_ALLOWED"},
		"no origin":                            {[]string{"Cookie: user=alice"}, "ORIGIN_REQUIRED"},
		"a service shows a key, and no origin": {[]string{key(appKey)}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			resp := r.call("POST", "/api/sse", body, c.header...)
			if c.code == "" {
				assert.Equal(t, 200, resp.StatusCode, resp.body)
				return
			}
			assert.Equal(t, 403, resp.StatusCode)
			assert.Contains(t, resp.body, `"code":"`+c.code+`"`)
			assert.Empty(t, resp.Header.Get("Access-Control-Allow-Credentials"))
		})
	}
}

// A page of another site can make a browser ask, with cookies and without an Origin, by an
// <img>; what its link opens is as strange.
func TestAnotherSiteCanNotAskForWhatNeedsAScope(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Authenticator = operatorsCookie{} })
	for site, code := range map[string]string{"cross-site": "ORIGIN_REQUIRED", "same-origin": "", "none": ""} {
		resp := r.call("GET", "/api/sse/admin/blocks", "", "Cookie: ops", "Sec-Fetch-Site: "+site)
		if code == "" {
			assert.Equal(t, 200, resp.StatusCode, site)
			continue
		}
		resp.problem(t, 403, code, "Origin")
	}
}

type operatorsCookie struct{}

func (operatorsCookie) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	return auth.Identity{UserID: "ops", Ambient: true, Scopes: []auth.Scope{auth.Admin}}, c.Cookie == "ops", nil
}

// Nobody gets by another's Last-Event-ID what the other missed.
func TestResumingAfterSomebodyElsesEvent(t *testing.T) {
	r := accessRig(t)
	alice := r.open("", page("alice")...)
	r.publish(`{"data":"secret 1","userId":"alice"}`)
	last := alice.next().id
	r.publish(`{"data":"secret 2","userId":"alice"}`)
	for _, name := range []string{"lastEventId=", "last_event_id="} {
		bob := r.dialStream(name+last, append(page("bob"), "Last-Event-ID: "+last)...)
		assert.Contains(t, bob.next().raw, `"resume":{"status":"resumed"`)
		r.publish(`{"data":"for bob","userId":"bob"}`)
		assert.Equal(t, "for bob", bob.next().data, "and nothing before it")
		last = r.publish(`{"data":"secret 3","userId":"alice"}`).Event.ID
	}
}

func TestOneStreamCanNotBeBlocked(t *testing.T) {
	r := accessRig(t)
	c := r.open("sessionId=s")
	resp := r.call("DELETE", "/api/sse/admin/clients/"+c.id+"?block=24h", "", key(opsKey))
	assert.Equal(t, 400, resp.StatusCode, "it would be believed to be: %s", resp.body)
	assert.Equal(t, 1, r.publish(`{"data":1,"sessionId":"s"}`).EventsSent)
}

func TestEndedForGood(t *testing.T) {
	r := accessRig(t)
	r.open("sessionId=s", page("alice")...)
	r.open("userId=alice", key(opsKey))
	bob := r.open("sessionId=s2", page("bob")...)
	ticket := r.ticket("", page("alice")...)
	resp := r.call("DELETE", "/api/sse/admin/clients?userId=alice&block=1h", "", key(opsKey))
	require.Equal(t, 200, resp.StatusCode, resp.body)
	assert.JSONEq(t, `{"disconnected":2}`, resp.body)

	for _, asks := range [][]string{append(page("alice"), "Accept: text/event-stream"), page("alice")} {
		resp := r.call("GET", "/api/sse", "", asks...)
		assert.Equal(t, 204, resp.StatusCode, "EventSource gives up at this")
	}
	assert.Equal(t, 204, r.call("GET", "/api/sse?userId=alice", "", key(opsKey)).StatusCode, "nor on somebody's behalf")
	assert.Equal(t, 204, r.call("GET", "/api/sse?ticket="+ticket, "").StatusCode, "nor by a ticket of before")
	r.publish(`{"data":1,"userId":"bob"}`)
	assert.Equal(t, "1", bob.next().data, "others stay")

	list := r.call("GET", "/api/sse/admin/blocks", "", key(opsKey))
	assert.Contains(t, list.body, `"userId":"alice"`)
	assert.Equal(t, 200, r.call("DELETE", "/api/sse/admin/blocks?userId=alice", "", key(opsKey)).StatusCode)
	assert.JSONEq(t, `{"blocks":[]}`, r.call("GET", "/api/sse/admin/blocks", "", key(opsKey)).body)
	r.open("", page("alice")...)
}

func TestASessionEndedForGood(t *testing.T) {
	r := accessRig(t)
	r.open("sessionId=s")
	assert.JSONEq(t, `{"disconnected":1}`, r.call("DELETE", "/api/sse/admin/clients?sessionId=s&block=1h", "", key(opsKey)).body)
	assert.Equal(t, 204, r.call("GET", "/api/sse?sessionId=s", "").StatusCode)
	r.open("sessionId=S")
}

func TestBlocksThatCanNotBe(t *testing.T) {
	r := startRig(t, func(o *Options) { o.MaxBlocks = 1 })
	for _, query := range []string{"userId=a&block=", "userId=a&block=1", "userId=a&block=0s", "userId=a&block=-1h", "userId=a&block=10000h",
		"topic=news&block=1h", "userId=a&sessionId=s&block=1h", "userId=a&block=1h&block=2h", "block=1h"} {
		resp := r.call("DELETE", "/api/sse/admin/clients?"+query, "", key(opsKey))
		assert.Equal(t, 400, resp.StatusCode, query)
	}
	assert.Equal(t, 200, r.call("DELETE", "/api/sse/admin/clients?userId=a&block=1h", "", key(opsKey)).StatusCode)
	full := r.call("DELETE", "/api/sse/admin/clients?userId=b&block=1h", "", key(opsKey))
	assert.Equal(t, 503, full.StatusCode)
	assert.Contains(t, full.body, "TOO_MANY_BLOCKS")
}

// Whoever is let in while somebody bars them is ended, not overlooked.
func TestABlockMissesNoStream(t *testing.T) {
	r := accessRig(t)
	for i := range 50 {
		user := fmt.Sprint("u", i)
		barred := make(chan int)
		go func() {
			request, err := http.NewRequest("DELETE", "http://"+r.addr+"/api/sse/admin/clients?block=1h&userId="+user, nil)
			if err != nil {
				panic(err)
			}
			request.Header.Set("Authorization", "Bearer "+opsKey)
			request.Close = true
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				panic(err)
			}
			defer response.Body.Close()
			barred <- response.StatusCode
		}()
		c := r.dialStream("", page(user)...)
		require.Equal(t, 200, <-barred)
		for err := error(nil); err == nil && !strings.HasPrefix(c.head, "HTTP/1.1 204 "); { // until it is ended, if it was let in
			_, err = c.read()
		}
	}
	eventually(t, func() bool { return r.streams() == 0 }, "no stream is left")
}

func TestSignedSessionIDs(t *testing.T) {
	ids := auth.NewSessionIDs("new-secret-0123456789abcdef0123456789", "old-secret-0123456789abcdef0123456789")
	r := startRig(t, func(o *Options) { o.SessionIDs = ids })
	signed, err := ids.Sign("kiosk", time.Now().Add(time.Hour))
	require.NoError(t, err)
	c := r.open("sessionId=" + url.QueryEscape(signed))
	assert.Equal(t, 1, r.publish(`{"data":1,"sessionId":"kiosk"}`).EventsSent, "publishers name the session alone")
	assert.Equal(t, "1", c.next().data)

	old, err := auth.NewSessionIDs("old-secret-0123456789abcdef0123456789").Sign("kiosk", time.Now().Add(time.Hour))
	require.NoError(t, err)
	r.open("sessionId=" + url.QueryEscape(old))

	stale, err := ids.Sign("kiosk", time.Now().Add(-time.Second))
	require.NoError(t, err)
	for id, code := range map[string]string{
		"kiosk":                              "UNAUTHORIZED",
		stale:                                "SESSION_EXPIRED",
		strings.Replace(signed, "k", "K", 1): "UNAUTHORIZED",
		signed[:len(signed)-1]:               "UNAUTHORIZED",
		signed + "x":                         "UNAUTHORIZED",
		strings.TrimPrefix(signed, "kiosk"):  "UNAUTHORIZED",
		strings.Replace(signed, "kiosk~", "kiosk~~", 1): "UNAUTHORIZED",
	} {
		resp := r.call("GET", "/api/sse?sessionId="+url.QueryEscape(id), "")
		assert.Equal(t, 401, resp.StatusCode, id)
		assert.Contains(t, resp.body, `"code":"`+code+`"`, id)
	}
	r.open("sessionId=kiosk", key(opsKey)) // who may read everything needs no signature
}

// Whose session's stream somebody may open where visitors are not let in: those whom their
// credentials name, and for a signed-in user those that the app has signed.
func TestWithoutVisitors(t *testing.T) {
	ids := auth.NewSessionIDs("a-secret-of-the-app-0123456789abcdef")
	signed, err := ids.Sign("s", time.Now().Add(time.Hour))
	require.NoError(t, err)
	ops, app, holder := []string{key(opsKey)}, []string{key(appKey)}, []string{"Authorization: Bearer holder's"}
	for sentence, c := range map[string]struct {
		ids     *auth.SessionIDs
		session string
		header  []string
		want    int
	}{
		"a visitor":                           {nil, "s", nil, 401},
		"a user":                              {nil, "s", page("alice"), 403},
		"a service":                           {nil, "s", app, 403},
		"an operator":                         {nil, "s", ops, 200},
		"a token for another session":         {nil, "s", holder, 403},
		"a token for the session":             {nil, "kiosk", holder, 200},
		"a visitor, signed":                   {ids, signed, nil, 401},
		"a user, signed":                      {ids, signed, page("alice"), 200},
		"a service, signed":                   {ids, signed, app, 403},
		"a user, not signed where it must be": {ids, "s", page("alice"), 401},
		"an operator, not signed":             {ids, "s", ops, 200},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := accessRigWith(t, func(o *Options) { o.Policy.Visitors, o.SessionIDs = false, c.ids })
			asks := row{method: "GET", target: "/api/sse?sessionId=" + url.QueryEscape(c.session)}
			header := http.Header{}
			for _, h := range c.header {
				name, value, _ := strings.Cut(h, ": ")
				header.Set(name, value)
			}
			assert.Equal(t, c.want, r.status(t, asks, header))
		})
	}
}

// Credentials that are there twice are one, or nobody's, never the first that comes.
func TestCredentialsInSeveralLines(t *testing.T) {
	r := accessRig(t)
	for sentence, c := range map[string]struct {
		header []string
		want   int
	}{
		"a cookie behind others, in a line of its own": {[]string{"Cookie: theme=dark", "Cookie: user=alice"}, 200},
		"two users":             {[]string{"Cookie: user=alice", "Cookie: user=bob"}, 401},
		"two keys":              {[]string{key(appKey), key(opsKey)}, 401},
		"the same key twice":    {[]string{key(opsKey), key(opsKey)}, 401},
		"two origins":           {append(page("alice"), "Origin: https://evil.example"), 400},
		"the same origin twice": {append(page("alice"), "Origin: https://app.example"), 400},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.want, r.dialStatus("GET", "/api/sse", c.header...))
		})
	}
}

// Who is kept out is so as a reader of others' streams, as a publisher, and for tickets.
func TestWhoIsKeptOutIsKeptOutOfEverything(t *testing.T) {
	r := startRig(t, func(o *Options) {
		o.Authenticator = readers{}
		o.Policy.UserSends = auth.UserSendsOwn
	})
	alice := "Authorization: Bearer alice"
	r.open("userId=team", alice)
	require.NoError(t, r.blocks.Block(auth.Blocked{UserID: "alice"}, time.Now().Add(time.Hour), time.Now()))
	assert.Equal(t, 204, r.call("GET", "/api/sse?userId=team", "", alice).StatusCode)
	for _, target := range []string{"/api/sse", "/api/sse/ticket"} {
		resp := r.call("POST", target, `{"data":1,"userId":"alice"}`, alice)
		assert.Equal(t, 403, resp.StatusCode, target)
		assert.Contains(t, resp.body, `"code":"BLOCKED"`, target)
	}
}

// readers are users who may read a team's events as well.
type readers struct{}

func (readers) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	name, ok := strings.CutPrefix(c.Authorization, "Bearer ")
	return auth.Identity{UserID: name, Reads: auth.Reach{Users: []auth.Pattern{auth.Exactly("team")}}}, ok, nil
}

// dialStatus is the status of the answer, which may be a stream.
func (r *rig) dialStatus(method, target string, header ...string) (status int) {
	r.t.Helper()
	conn := dial(r.t, r.addr)
	defer conn.Close()
	_, err := io.WriteString(conn, request(method, target, "", header...))
	require.NoError(r.t, err)
	_, err = fmt.Fscanf(conn, "HTTP/1.1 %d", &status)
	require.NoError(r.t, err)
	return status
}

// stopped is a clock for rates that goes on when it is told.
type stopped struct{ nanoseconds atomic.Int64 }

func (c *stopped) now() time.Time          { return time.Unix(1_800_000_000, c.nanoseconds.Load()) }
func (c *stopped) advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

func TestPublishRates(t *testing.T) {
	clock := &stopped{}
	r := accessRigWith(t, func(o *Options) { o.Now, o.PublishRate, o.UserPublishRate = clock.now, 3, 2 })
	allowed := func(body string, header ...string) (n int) {
		for range 10 {
			resp := r.call("POST", "/api/sse", body, header...)
			if resp.StatusCode == 200 {
				n++
				continue
			}
			assert.Equal(t, 429, resp.StatusCode)
			assert.Contains(t, resp.body, `"code":"RATE_LIMITED"`)
			assert.Equal(t, "1", resp.Header.Get("Retry-After"))
		}
		return n
	}
	const event = `{"data":1,"userId":"alice"}`
	assert.Equal(t, 2, allowed(event, page("alice")...), "a user")
	assert.Equal(t, 2, allowed(`{"data":1,"userId":"bob"}`, page("bob")...), "another user")
	assert.Equal(t, 3, allowed(event, key(appKey)), "a service")
	clock.advance(time.Second)
	assert.Equal(t, 2, allowed(event, page("alice")...))
	assert.Equal(t, 3, allowed(event, key(appKey)))

	assert.Equal(t, 200, r.call("POST", "/api/sse", `[{"data":1},{"data":2},{"data":3},{"data":4},{"data":5}]`, key(opsKey)).StatusCode, "a batch is owed for")
	clock.advance(time.Second)
	assert.Equal(t, 1, allowed(event, key(opsKey)))
}

// What is answered again sends nothing, and so takes nothing.
func TestARepeatedRequestCostsNoRate(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Now, o.PublishRate = new(stopped).now, 1 })
	first := r.call("POST", "/api/sse", `{"data":1}`, key(appKey), "Idempotency-Key: k")
	for range 5 {
		again := r.call("POST", "/api/sse", `{"data":1}`, key(appKey), "Idempotency-Key: k")
		assert.Equal(t, 200, again.StatusCode)
		assert.Equal(t, first.body, again.body)
	}
	assert.Equal(t, 429, r.call("POST", "/api/sse", `{"data":1}`, key(appKey), "Idempotency-Key: other").StatusCode)
}

// Streams are not under the rate of requests.
func TestStreamsAreUnderNoRate(t *testing.T) {
	r := accessRigWith(t, func(o *Options) { o.Now, o.PublishRate, o.UserPublishRate = new(stopped).now, 1, 1 })
	for range 10 {
		r.open("", page("alice")...)
		r.open("sessionId=s", key(appKey))
	}
}

func TestABatchWithAnEventThatIsNotAllowedSendsNothing(t *testing.T) {
	r := accessRig(t)
	c := r.open("", page("alice")...)
	resp := r.call("POST", "/api/sse", `[{"data":1,"userId":"alice"},{"data":2,"userId":"bob"}]`, page("alice")...)
	assert.Equal(t, 403, resp.StatusCode)
	assert.Contains(t, resp.body, `"field":"[1].userId"`)
	r.publish(`{"data":"next","userId":"alice"}`)
	assert.Equal(t, "next", c.next().data)
}

// One user's session must not get at another's events, however the other is spelled.
func TestLookAlikes(t *testing.T) {
	r := accessRig(t)
	r.open("", page("alice")...)
	for _, user := range []string{"Alice", "alice%00", "alice%20", "%20alice", "al%C3%ADce", "%D0%B0lice", "alice%E2%80%8B", "alice*", "*", "..%2Falice"} {
		resp := r.call("GET", "/api/sse?userId="+user, "", page("alice")...)
		assert.Contains(t, []int{400, 403}, resp.StatusCode, user)
		topic := r.call("GET", "/api/sse?topics=user."+user+".inbox", "", page("alice")...)
		assert.Contains(t, []int{400, 403}, topic.StatusCode, user)
	}
	for _, user := range []string{"Alice", "alice ", "аlice", "alice\u200b", "alice*", "*"} {
		body, _ := json.Marshal(map[string]any{"data": 1, "userId": user})
		assert.Zero(t, r.publish(string(body)).EventsSent, "%q", user)
	}
	for _, topic := range []string{"user.alice.*", "user.*", "*", "user.{userId}.inbox", "USER.alice.inbox", "user.alice"} {
		resp := r.call("GET", "/api/sse?topics="+url.QueryEscape(topic), "", page("alice")...)
		assert.Contains(t, []int{400, 403}, resp.StatusCode, topic)
	}
	long := strings.Repeat("a", 200)
	assert.Equal(t, 400, r.call("GET", "/api/sse?userId="+long, "", page(long)...).StatusCode)
}
