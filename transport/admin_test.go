package transport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
)

type clientPage struct {
	Clients []clientView
	Next    int
	Total   *int
}

func (r *rig) list(query string) clientPage {
	r.t.Helper()
	return decode[clientPage](r.t, r.call("GET", "/api/sse/admin/clients"+query, "", key(opsKey)))
}

func TestWhatAnOperatorSeesOfAStream(t *testing.T) {
	r := startRig(t)
	c := r.open("userId=7&sessionId=s&topics=news,orders", key(opsKey), "User-Agent: test/1.0 "+strings.Repeat("x", 300))
	sent := r.publish(`{"data":1,"userId":"7"}`)
	c.next()
	want := clientView{ID: c.id, UserID: "7", SessionID: "s", Topics: []string{"news", "orders"}, Address: c.conn.LocalAddr().String(), Delivered: 1, LastID: sent.Event.ID}
	var got clientView
	eventually(t, func() bool {
		got = decode[clientView](t, r.call("GET", "/api/sse/admin/clients/"+c.id, "", key(opsKey)))
		return got.Queued == 0
	}, "nothing waits")
	for _, text := range []string{got.Since, got.LastWrite} {
		at, err := time.Parse("2006-01-02T15:04:05.000Z", text)
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), at, time.Minute)
	}
	assert.Equal(t, "test/1.0 "+strings.Repeat("x", 191), got.Agent, "200 bytes of it")
	got.Since, got.LastWrite, got.Agent = "", "", ""
	assert.Equal(t, want, got)
	assert.Equal(t, c.id, r.list("").Clients[0].ID)
}

func TestListsOfStreams(t *testing.T) {
	r := startRig(t)
	ids := map[string]string{}
	for name, query := range map[string]string{"a": "userId=1", "b": "userId=1&sessionId=s", "c": "sessionId=s&topics=news", "d": "userId=2&topics=news"} {
		ids[r.open(query, key(opsKey)).id] = name
	}
	for query, want := range map[string]string{
		"":                              "abcd",
		"?userId=1":                     "ab",
		"?sessionId=s":                  "bc",
		"?topic=news":                   "cd",
		"?userId=1&sessionId=s":         "b",
		"?userId=2&topic=news":          "d",
		"?userId=1&topic=news":          "",
		"?userId=3":                     "",
		"?userId=1&limit=1000&cursor=0": "ab",
		"?search=NEWS":                  "cd",
		"?search=news&userId=2":         "d",
		"?search=nobody":                "",
		"?search=127.0.0.1&limit=1000":  "abcd",
		"?slow=true":                    "",
		"?slow=false":                   "abcd",
	} {
		t.Run(query, func(t *testing.T) {
			var names []string
			for _, c := range r.list(query).Clients {
				names = append(names, ids[c.ID])
			}
			assert.ElementsMatch(t, strings.Split(want, "")[:len(want)], names)
		})
	}
	for query, field := range map[string]string{
		"?userId=": "userId", "?sessionId=%0A": "sessionId", "?topic=a,b": "topic", "?limit=0": "limit", "?limit=1001": "limit",
		"?limit=x": "limit", "?limit=": "limit", "?cursor=-1": "cursor", "?cursor=9999999999": "cursor", "?cursor=1e3": "cursor", "?cursor=x&limit=x": "cursor",
		"?search=": "search", "?search=%ff": "search", "?search=" + strings.Repeat("x", 201): "search", "?search=a&search=b": "search",
		"?slow=": "slow", "?slow=yes": "slow", "?serach=x": "query",
		"?userId=1&userId=2": "userId", "?topic=a&limit=5&topic=b": "topic", "?limit=1&limit=2": "limit",
	} {
		t.Run("refused: "+query, func(t *testing.T) {
			r.call("GET", "/api/sse/admin/clients"+query, "", key(opsKey)).problem(t, 400, "INVALID_REQUEST", field)
		})
	}
}

// How many there are is said where it costs nothing to know.
func TestListsSayHowManyThereAre(t *testing.T) {
	r := startRig(t)
	for range 3 {
		r.open("sessionId=a&topics=news")
	}
	for query, want := range map[string]int{
		"": 3, "?limit=1": 3, "?sessionId=a": 3, "?topic=news&limit=2": 3, "?userId=nobody": 0,
		"?search=a": -1, "?slow=true": -1, "?sessionId=a&topic=news": -1,
	} {
		got := -1
		if total := r.list(query).Total; total != nil {
			got = *total
		}
		assert.Equal(t, want, got, query)
	}
}

// One message of a search looks at some of the streams; the answer is of all.
func TestASearchFindsTheOneAmongMany(t *testing.T) {
	const many = 5000
	r := startRig(t, func(o *Options) { o.Hub.MaxClients = many })
	first := actor.NewClient(actor.Info{ID: "first", UserID: "Grace", Since: time.Now()}, &idleSink{}, 0)
	for i := range many {
		c := first
		if i > 0 {
			c = actor.NewClient(actor.Info{ID: fmt.Sprint("other-", i), Since: time.Now()}, &idleSink{}, 0)
		}
		w, err := r.hub.Register(c)
		require.NoError(t, err)
		require.Equal(t, actor.Admitted, w.Admission)
	}
	page := r.list("?search=grace")
	require.Len(t, page.Clients, 1)
	assert.Equal(t, "first", page.Clients[0].ID)
	assert.Zero(t, page.Next)
	assert.Len(t, r.list("?search=other&limit=1000").Clients, 1000)
	var seen int
	for cursor := 0; ; {
		page := r.list(fmt.Sprintf("?search=OTHER-&limit=700&cursor=%d", cursor))
		seen += len(page.Clients)
		if cursor = page.Next; cursor == 0 {
			break
		}
	}
	assert.Equal(t, many-1, seen)
}

func TestPagesOfStreamsNewestFirst(t *testing.T) {
	r := startRig(t)
	assert.Empty(t, r.list("").Clients)
	assert.Contains(t, r.call("GET", "/api/sse/admin/clients", "", key(opsKey)).body, `"clients":[]`, "an empty list is one")
	var opened []string
	for i := range 7 {
		opened = append([]string{r.open(fmt.Sprint("sessionId=", i)).id}, opened...)
	}
	var seen []string
	cursor, pages := 0, 0
	for {
		page := r.list(fmt.Sprintf("?limit=3&cursor=%d", cursor))
		for _, c := range page.Clients {
			seen = append(seen, c.ID)
		}
		pages++
		if cursor = page.Next; cursor == 0 {
			break
		}
	}
	assert.Equal(t, opened, seen)
	assert.Equal(t, 3, pages)
}

func TestEndingStreams(t *testing.T) {
	r := startRig(t)
	a, b, c := r.open("sessionId=a"), r.open("sessionId=a&topics=news"), r.open("userId=1&topics=news", key(opsKey))
	end := func(t *testing.T, target string) response {
		t.Helper()
		return r.call("DELETE", "/api/sse/admin/clients"+target, "", key(opsKey))
	}
	end(t, "/nobody").problem(t, 404, "NOT_FOUND", "")
	r.call("GET", "/api/sse/admin/clients/nobody", "", key(opsKey)).problem(t, 404, "NOT_FOUND", "")
	end(t, "").problem(t, 400, "INVALID_REQUEST", "")
	end(t, "?userId=1&sessionID=x").problem(t, 400, "INVALID_REQUEST", "query") // misspelled: more would end than were meant
	end(t, "?clientId="+a.id).problem(t, 400, "INVALID_REQUEST", "query")       // no filter by that name: nobody is meant, not everybody
	end(t, "?userId=").problem(t, 400, "INVALID_REQUEST", "userId")
	assert.Equal(t, 3, r.streams(), "none of these ended one")

	gone := func(s *sseClient) {
		e := s.next()
		assert.Equal(t, "error", e.name)
		assert.Equal(t, "DISCONNECTED_BY_ADMIN", e.json(t)["code"])
		assert.Empty(t, e.id)
		s.end()
	}
	assert.Equal(t, `{"disconnected":1}`, end(t, "/"+a.id).body)
	gone(a)
	assert.Equal(t, `{"disconnected":0}`, end(t, "?userId=nobody").body)
	assert.Equal(t, `{"disconnected":2}`, end(t, "?topic=news").body)
	gone(b)
	gone(c)
	end(t, "/"+a.id).problem(t, 404, "NOT_FOUND", "")
	eventually(t, func() bool { return r.streams() == 0 }, "no stream is left")
	lines := r.log.wait(t, "streams disconnected by an administrator", 3)
	assert.Equal(t, "ops", lines[0]["by"])
}
