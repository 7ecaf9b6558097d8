package transport

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/monitor"
)

// lookOn opens an operator's stream.
func (r *rig) lookOn(query string, header ...string) *sseClient {
	r.t.Helper()
	if header == nil {
		header = []string{key(opsKey)}
	}
	return r.opened(r.dialStreamAt(dial(r.t, r.addr), "/api/sse/admin/stream?"+query, header...))
}

// nextOf reads on to the next event of that name.
func (c *sseClient) nextOf(name string) sseEvent {
	c.t.Helper()
	for {
		if e := c.next(); e.name == name {
			return e
		}
	}
}

// metricsEvent is what a page reads of one.
type metricsEvent struct {
	Sample  monitor.Sample
	Summary summary
	Memory  memorySummary
	Health  healthSummary
	Version string
	Mode    string
	Limits  limitsSummary
}

func (e sseEvent) metrics(t testing.TB) (m metricsEvent) {
	t.Helper()
	require.Equal(t, "metrics", e.name, e.raw)
	require.NoError(t, json.Unmarshal([]byte(e.data), &m), e.raw)
	return m
}

// nextItem reads an activity event that must have one item.
func (c *sseClient) nextItem() monitor.Item {
	c.t.Helper()
	e := c.nextOf("activity")
	var b struct {
		Items       []monitor.Item
		Shown, Seen int
	}
	require.NoError(c.t, json.Unmarshal([]byte(e.data), &b), e.raw)
	require.Len(c.t, b.Items, 1, e.raw)
	require.Equal(c.t, []int{1, 1}, []int{b.Shown, b.Seen}, e.raw)
	assert.Empty(c.t, e.id)
	return b.Items[0]
}

func TestWhatAnOperatorsStreamBeginsWith(t *testing.T) {
	r := startRig(t, development)
	for _, session := range []string{"s", "s", "u"} {
		r.open("sessionId=" + session)
	}
	c := r.lookOn("lastEventId=1-1")
	assert.Contains(t, c.head, "Content-Type: text/event-stream; charset=utf-8\r\n")
	first := c.next()
	assert.Equal(t, `{"samples":[]}`, first.data, "nobody has looked before")
	assert.Equal(t, "history", first.name)
	assert.Empty(t, first.id)
	e := c.next()
	assert.Empty(t, e.id)
	m := e.metrics(t)
	assert.Equal(t, 3, m.Sample.Streams)
	assert.WithinDuration(t, time.Now(), time.UnixMilli(m.Sample.Time), time.Minute)
	assert.Positive(t, m.Sample.Memory)
	assert.Nil(t, m.Sample.P99)
	assert.Equal(t, 3, m.Summary.ActiveConnections)
	assert.Equal(t, 2, m.Summary.Sessions)
	assert.Positive(t, m.Memory.HeapBytes)
	assert.Positive(t, m.Memory.Goroutines)
	assert.Equal(t, healthSummary{Ready: true, Journal: "ok", Uptime: m.Health.Uptime}, m.Health)
	assert.Equal(t, "v1.2.3", m.Version)
	assert.Equal(t, "development", m.Mode)
	assert.Equal(t, 50, m.Limits.MaxClients)
	line := r.log.wait(t, "an operator looks on", 1)[0]
	assert.Equal(t, "ops", line["by"])

	again := r.lookOn("include=metrics")
	var history struct{ Samples []monitor.Sample }
	require.NoError(t, json.Unmarshal([]byte(again.nextOf("history").data), &history))
	newest := again.next().metrics(t)
	assert.LessOrEqual(t, m.Sample.Time, newest.Sample.Time)
	for _, s := range history.Samples {
		assert.Less(t, s.Time, newest.Sample.Time, "a sample comes once")
	}
}

// "per second", and it does not show what operators' streams do.
func TestASampleIsOfWhatHappened(t *testing.T) {
	r := startRig(t)
	c := r.lookOn("include=metrics")
	at := c.nextOf("metrics").metrics(t).Sample.Time
	stays, goes := r.open("sessionId=a"), r.open("sessionId=a")
	for range 10 {
		r.publish(`{"data":1,"sessionId":"a"}`)
		stays.next()
	}
	require.NoError(t, goes.conn.Close())
	eventually(t, func() bool { return r.streams() == 1 }, "the departure is noticed")
	var events, deliveries, connects, disconnects, bytes float64
	var p50, p99, cpu bool
	for looked := 0; disconnects < 0.5; looked++ {
		require.Less(t, looked, 60, "no sample says that it left")
		m := c.nextOf("metrics").metrics(t)
		seconds := float64(m.Sample.Time-at) / 1000
		at = m.Sample.Time
		events += m.Sample.Events * seconds
		deliveries += m.Sample.Deliveries * seconds
		connects += m.Sample.Connects * seconds
		disconnects += m.Sample.Disconnects * seconds
		bytes += m.Sample.Bytes * seconds
		p50, p99, cpu = p50 || m.Sample.P50 != nil, p99 || m.Sample.P99 != nil, cpu || m.Sample.CPU != nil
	}
	assert.InDelta(t, 10, events, 1)
	assert.InDelta(t, 20, deliveries, 2)
	assert.InDelta(t, 2, connects, 0.5)
	assert.InDelta(t, 1, disconnects, 0.5)
	assert.Greater(t, bytes, 500.0)
	assert.Equal(t, []bool{true, true, true}, []bool{p50, p99, cpu})
}

// Operators are no users: in no list and no count, and there is room for them when the
// server is full.
func TestOperatorsStreamsAreNotAmongTheOthers(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.MaxClients = 1 })
	r.open("sessionId=s")
	c := r.lookOn("")
	m := c.nextOf("metrics").metrics(t)
	assert.Equal(t, 1, m.Summary.ActiveConnections)
	assert.EqualValues(t, 1, m.Summary.TotalConnections)
	page := r.list("")
	assert.Len(t, page.Clients, 1)
	assert.Equal(t, 1, *page.Total)
	r.call("GET", "/api/sse/admin/clients/"+c.id, "", key(opsKey)).problem(t, 404, "NOT_FOUND", "")
	assert.Equal(t, 1, r.streams())
	assert.Empty(t, r.publish(`{"data":1,"clientIds":["`+c.id+`"]}`).EventsSent, "nor are they sent what users are")
	assert.Len(t, r.log.lines(t, "stream opened"), 1)
}

func TestWhatHappensIsShown(t *testing.T) {
	r := startRig(t)
	c := r.lookOn("include=activity")
	assertRecent := func(item *monitor.Item) {
		t.Helper()
		assert.WithinDuration(t, time.Now(), time.UnixMilli(item.Time), time.Minute)
		item.Time = 0
	}
	number := func(n int) *int { return &n }

	s := r.open("sessionId=s&topics=news,public.x", "User-Agent: test/1.0")
	item := c.nextItem()
	assertRecent(&item)
	stream := monitor.Item{Kind: "connect", ClientID: s.id, SessionID: "s", Topics: []string{"news", "public.x"}, Address: s.conn.LocalAddr().String(), Agent: "test/1.0"}
	assert.Equal(t, stream, item)

	id := r.publish(`{"event":"note","data":{"a":"<é>"},"sessionId":"s","topics":["news"],"priority":"high"}`).Event.ID
	item = c.nextItem()
	assertRecent(&item)
	assert.Equal(t, monitor.Item{Kind: "send", ID: id, Event: "note", To: &monitor.To{SessionID: "s", Topics: []string{"news"}}, Queued: number(1),
		By: "app", Bytes: number(len(`{"a":"<é>"}`)), Priority: "high", Data: `{"a":"<é>"}`}, item)

	id = r.publish(`{"data":"` + strings.Repeat("x", 600) + `","persistent":true,"topics":["nobody"]}`).Event.ID
	item = c.nextItem()
	assertRecent(&item)
	assert.Equal(t, monitor.Item{Kind: "send", ID: id, Event: "message", To: &monitor.To{Topics: []string{"nobody"}}, Queued: number(0),
		By: "app", Bytes: number(600), Priority: "normal", Persistent: true, Data: strings.Repeat("x", 512), Clipped: true}, item)

	id = r.publish(`{"data":"all"}`).Event.ID
	item = c.nextItem()
	assert.Equal(t, id, item.ID)
	assert.Equal(t, &monitor.To{Everybody: true}, item.To)

	require.NoError(t, s.conn.Close())
	item = c.nextItem()
	assertRecent(&item)
	require.NotNil(t, item.OpenMs)
	assert.GreaterOrEqual(t, *item.OpenMs, int64(0))
	item.OpenMs = nil
	stream.Kind, stream.Reason = "disconnect", "client closed"
	assert.Equal(t, stream, item)
}

func TestWhatIsRefusedIsShown(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.MaxClients = 1 })
	c := r.lookOn("include=activity&kinds=refuse")
	r.open("sessionId=a")
	refusedInHTTP(t, r.call("GET", "/api/sse?sessionId=b", ""), "MAX_CLIENTS")
	item := c.nextItem()
	assert.Equal(t, "MAX_CLIENTS", item.Reason)
	assert.Equal(t, "b", item.SessionID)

	require.NoError(t, r.hub.Drain(t.Context(), 0))
	r.call("POST", "/api/sse", `{"event":"note","data":1}`, key(appKey)).problem(t, 503, "SERVER_SHUTDOWN", "")
	item = c.nextItem()
	assert.Equal(t, "SERVER_SHUTDOWN", item.Reason)
	assert.Equal(t, "note", item.Event)
	assert.Empty(t, item.ID)
	assert.Nil(t, item.Queued)
	assert.Equal(t, "app", item.By)
}

func TestAnOperatorChoosesWhatToSee(t *testing.T) {
	r := startRig(t)
	for query, want := range map[string]string{
		"include=activity&kinds=connect":         "in",
		"include=activity&event=note":            "note",
		"include=activity&event=message":         "plain",
		"include=activity&userId=7":              "user",
		"include=activity&sessionId=s":           "in",
		"include=activity&topic=news&kinds=send": "note",
	} {
		t.Run(query, func(t *testing.T) {
			c := r.lookOn(query)
			c.t = t
			s := r.open("sessionId=s&topics=news")
			sent := map[string]string{
				"plain": r.publish(`{"data":1}`).Event.ID,
				"note":  r.publish(`{"event":"note","data":1,"topics":["news"]}`).Event.ID,
				"user":  r.publish(`{"event":"other","data":1,"userId":"7"}`).Event.ID,
				"in":    "",
			}
			item := c.nextItem()
			assert.Equal(t, sent[want], item.ID)
			if want == "in" {
				assert.Equal(t, s.id, item.ClientID)
			}
			require.NoError(t, c.conn.Close())
			eventually(t, func() bool { return !r.lookout.watched.Load() }, "nobody looks")
		})
	}
	metrics := r.lookOn("include=metrics")
	r.publish(`{"data":1}`)
	names := []string{metrics.next().name, metrics.next().name, metrics.next().name}
	assert.Equal(t, []string{"history", "metrics", "metrics"}, names)

	for query, field := range map[string]string{
		"include=": "include", "include=metrics,all": "include", "kinds=sent": "kinds", "kinds=": "kinds", "event=": "event", "event=heartbeat": "event",
		"userId=": "userId", "sessionId=%0A": "sessionId", "topic=a,b": "topic", "clientId=": "clientId", "sessionID=s": "query",
		"topic=a&topic=b": "topic", "include=metrics&include=activity": "include",
	} {
		r.call("GET", "/api/sse/admin/stream?"+query, "", key(opsKey)).problem(t, 400, "INVALID_REQUEST", field)
	}
	r.call("GET", "/api/sse/admin/stream", "", key(opsKey), "Accept: application/json").problem(t, 406, "NOT_ACCEPTABLE", "Accept")
	assert.Equal(t, 405, r.call("HEAD", "/api/sse/admin/stream", "", key(opsKey)).StatusCode, "a stream would never end")
}

// Beyond its budget an operator sees a sample, and how many there were.
func TestABusyServerShowsASample(t *testing.T) {
	const events = 1000
	r := startRig(t)
	c := r.lookOn("include=activity")
	began := time.Now()
	batch := "[" + strings.Repeat(`{"data":1},`, 4) + `{"data":1}]`
	for range events / 5 {
		require.Equal(t, 200, r.call("POST", "/api/sse", batch, key(appKey)).StatusCode)
	}
	shown, seen := 0, 0
	for seen < events {
		var b struct {
			Items       []monitor.Item
			Shown, Seen int
		}
		require.NoError(t, json.Unmarshal([]byte(c.nextOf("activity").data), &b))
		require.Len(t, b.Items, b.Shown)
		shown += b.Shown
		seen += b.Seen
	}
	assert.Equal(t, events, seen)
	assert.GreaterOrEqual(t, shown, 25)
	tenths := int(time.Since(began)/activityInterval) + 1
	assert.LessOrEqual(t, shown, 25+5*tenths, "what it saved, and then fifty a second")
}

func TestThereMayBeSixteenOperators(t *testing.T) {
	r := startRig(t)
	var all []*sseClient
	for range monitor.MaxViewers {
		all = append(all, r.lookOn(""))
	}
	refused := r.dialStreamAt(dial(t, r.addr), "/api/sse/admin/stream", key(opsKey))
	e := refused.next()
	assert.Equal(t, "error", e.name)
	assert.Equal(t, "TOO_MANY_STREAMS", e.json(t)["code"])
	assert.NotEmpty(t, e.retry)
	refused.end()
	resp := r.call("GET", "/api/sse/admin/stream", "", key(opsKey))
	resp.problem(t, 429, "TOO_MANY_STREAMS", "")
	assert.NotEmpty(t, resp.Header.Get("Retry-After"))
	require.NoError(t, all[3].conn.Close())
	eventually(t, func() bool {
		s, err := r.lookout.hub.Metrics(t.Context())
		return err == nil && s.Clients+s.Ending < monitor.MaxViewers
	}, "its place is free")
	r.lookOn("")
	r.open("sessionId=s")
}

// Over TLS, on the portable path, and on the private listener.
func TestOperatorsStreamsOnEveryPath(t *testing.T) {
	cert, roots := selfSigned(t)
	for name, change := range map[string]func(*Options){
		"raw":      func(*Options) {},
		"portable": func(o *Options) { o.Stream.Portable = true },
		"TLS":      func(o *Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} },
		"private":  func(o *Options) { o.PrivateListener = true },
	} {
		t.Run(name, func(t *testing.T) {
			r := startRig(t, change)
			addr := r.addr
			if r.private != "" {
				addr = r.private
			}
			conn := dial(t, addr)
			if r.opts.TLS != nil {
				conn = tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "sse.test"})
			}
			c := r.opened(r.dialStreamAt(conn, "/api/sse/admin/stream", key(opsKey)))
			assert.Equal(t, "history", c.next().name)
			assert.Equal(t, "metrics", c.next().name)
			down := r.shutDown(soon)
			e := c.nextOf("error")
			assert.Equal(t, "SERVER_SHUTDOWN", e.json(t)["code"])
			c.end()
			require.NoError(t, <-down)
		})
	}
}

// tokens knows an operator whose sign-in ends soon, and one who is known by a cookie.
type tokens struct{ expires time.Time }

func (a tokens) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	return auth.Identity{UserID: "olga", Scopes: auth.Scopes(), Expires: a.expires}, c.Authorization == "Bearer olga's", nil
}

func TestAnOperatorsStreamEndsWithItsSignIn(t *testing.T) {
	r := startRig(t, func(o *Options) {
		o.Authenticator = append(o.Authenticator.(auth.Chain), tokens{time.Now().Add(700 * time.Millisecond)})
	})
	c := r.lookOn("", "Authorization: Bearer olga's")
	assert.Equal(t, "SESSION_EXPIRED", c.nextOf("error").json(t)["code"])
	c.end()
}

func TestAnOperatorWhoIsKeptOutSeesNoMore(t *testing.T) {
	r := startRig(t, func(o *Options) {
		o.Authenticator = append(o.Authenticator.(auth.Chain), tokens{})
	})
	c, stays := r.lookOn("", "Authorization: Bearer olga's"), r.lookOn("")
	assert.JSONEq(t, `{"disconnected":0}`, r.call("DELETE", "/api/sse/admin/clients?userId=olga&block=1h", "", key(opsKey)).body)
	assert.Equal(t, "DISCONNECTED_BY_ADMIN", c.nextOf("error").json(t)["code"])
	c.end()
	r.call("GET", "/api/sse/admin/stream", "", "Authorization: Bearer olga's").problem(t, 403, "BLOCKED", "")
	stays.nextOf("metrics")
}

// The dashboard shows the drain itself.
func TestAnOperatorSeesTheServerDrain(t *testing.T) {
	r := startRig(t, func(o *Options) { o.ShutdownDelay = time.Hour })
	c := r.lookOn("include=metrics")
	c.nextOf("metrics")
	ctx, cancel := context.WithCancel(context.Background())
	down := make(chan error, 1)
	go func() { down <- r.Shutdown(ctx) }()
	eventually(t, func() bool { return !r.ready.Load() }, "it is not ready")
	for c.nextOf("metrics").metrics(t).Health.Ready {
	}
	cancel()
	assert.Error(t, <-down)
}
