package sseutils_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/memory"
	"github.com/sseactor/sseactor/transport/sseutils"
	"github.com/sseactor/sseactor/transport/wire"
)

// The keys that the servers of these tests know.
const (
	appKey = "sse_app-0123456789abcdef" // publish and metrics
	opsKey = "sse_ops-0123456789abcdef" // everything
)

// soon is how long anything may take that should take no time.
const soon = 10 * time.Second

// startServer runs a real server on loopback, and gives its URL and what ends it.
func startServer() (base string, stop func()) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	mailboxes, err := memory.New(journal.DefaultBounds(), time.Now)
	must(err)
	server, err := transport.New(transport.Options{
		Log: slog.New(slog.DiscardHandler), LogRate: 1,
		Hub:     actor.Options{Start: time.Now(), Retry: 100 * time.Millisecond, HistoryEvents: 1000},
		Journal: mailboxes, MailboxAge: time.Hour,
		Events: wire.Limits{EventBytes: 64 << 10, Events: 10, Topics: 10, ClientIDs: 10},
		Authenticator: auth.NewKeys([]auth.Key{
			{Name: "app", Hash: auth.HashKey(appKey), Scopes: []auth.Scope{auth.Publish, auth.Metrics}},
			{Name: "ops", Hash: auth.HashKey(opsKey), Scopes: auth.Scopes()},
		}),
		Policy:     auth.Policy{Visitors: true},
		TicketLife: time.Minute, MaxTickets: 10, MaxBlocks: 10, MaxTopics: 10,
		MaxBodyBytes: 1 << 20, MaxBodiesBytes: 1 << 20, MaxHeaderBytes: 8 << 10,
		RequestTimeout: time.Minute, PublishTimeout: time.Second,
		IdempotencyWindow: time.Minute, IdempotencyKeys: 100,
	})
	must(err)
	must(server.Start())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	var serving sync.WaitGroup
	serving.Go(func() { must(server.Serve(ln)) })
	return "http://" + ln.Addr().String(), func() {
		server.Close()
		serving.Wait()
		must(mailboxes.Close())
	}
}

// newClient is a client with a key for everything, of a server of its own.
func newClient(t *testing.T, change ...func(*sseutils.Options)) *sseutils.Client {
	t.Helper()
	base, stop := startServer()
	t.Cleanup(stop)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o := sseutils.Options{URL: base, APIKey: opsKey, HTTPClient: &http.Client{Transport: transport}}
	for _, c := range change {
		c(&o)
	}
	c, err := sseutils.New(o)
	require.NoError(t, err)
	return c
}

// listener is a stream that a test follows.
type listener struct {
	t     *testing.T
	heard chan sseutils.Message
	end   func() error
}

// listen follows a stream until the test ends, and waits until it is open.
func listen(t *testing.T, c *sseutils.Client, s sseutils.Subscription) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{t: t, heard: make(chan sseutils.Message)}
	ended := make(chan error, 1)
	go func() {
		ended <- c.Follow(ctx, s, func(m sseutils.Message) error {
			select {
			case l.heard <- m:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	l.end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = l.end() })
	require.Equal(t, sseutils.TypeConnection, l.next().Type)
	return l
}

func (l *listener) next() sseutils.Message {
	l.t.Helper()
	select {
	case m := <-l.heard:
		return m
	case <-time.After(soon):
		require.FailNow(l.t, "nothing comes")
		return sseutils.Message{}
	}
}

func TestEachCallAgainstTheServer(t *testing.T) {
	c := newClient(t)
	ctx := t.Context()
	require.NoError(t, c.Ready(ctx))
	l := listen(t, c, sseutils.Subscription{UserID: "7", SessionID: "s", Topics: []string{"news", "orders"}})
	for sentence, call := range map[string]struct {
		send func() (sseutils.Result, error)
		name string
		data string
	}{
		"notification": {func() (sseutils.Result, error) {
			return c.SendNotification(ctx, "Hello", sseutils.Success, sseutils.User("7"))
		}, "notification", `"message":"Hello","type":"success"`},
		"alert": {func() (sseutils.Result, error) { return c.SendAlert(ctx, "Disk", "<full>", sseutils.Session("s")) }, "alert", `"title":"Disk","message":"<full>","priority":"high"`},
		"update": {func() (sseutils.Result, error) {
			return c.SendUpdate(ctx, "orders", sseutils.Created, []int{7}, sseutils.Topics("orders"))
		}, "update", `"resource":"orders","action":"created","data":[7]`},
		"system": {func() (sseutils.Result, error) { return c.SendSystemMessage(ctx, "Bye", sseutils.Maintenance) }, "system", `"level":"maintenance"`},
		"custom": {func() (sseutils.Result, error) {
			return c.SendCustomEvent(ctx, "mine", "two\nlines", sseutils.User("7"), sseutils.Topics("news"))
		}, "mine", "two\nlines"},
		"broadcast": {func() (sseutils.Result, error) { return c.Broadcast(ctx, "message", 1) }, "message", "1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			result, err := call.send()
			require.NoError(t, err)
			assert.Equal(t, 1, result.EventsSent)
			m := l.next()
			assert.Equal(t, call.name, m.Type)
			assert.Equal(t, result.ID, m.ID)
			assert.Contains(t, m.Data, call.data)
		})
	}
	results, err := c.Send(ctx, sseutils.NewEvent("a", 1), sseutils.NewEvent("b", 2, sseutils.User("nobody")), sseutils.NewEvent("c", 3))
	require.NoError(t, err)
	require.Len(t, results, 3)
	assert.Equal(t, 0, results[1].EventsSent)
	assert.Equal(t, results[0].ID, l.next().ID)
	assert.Equal(t, results[2].ID, l.next().ID)

	m, err := c.GetMetrics(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1, m.ActiveConnections)
	assert.EqualValues(t, 9, m.EventsDispatched)
	assert.Equal(t, results[2].ID, m.LastEventID)
	assert.WithinDuration(t, time.Now(), m.Timestamp, soon)
	n, err := c.GetActiveClientCount(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// The server has the last word about what the client does not check.
func TestWhatTheServerRefuses(t *testing.T) {
	c := newClient(t)
	app := newClient(t, func(o *sseutils.Options) { o.APIKey = appKey })
	nobody := newClient(t, func(o *sseutils.Options) { o.APIKey = "" })
	ctx := t.Context()
	long := make([]byte, 70<<10)
	for sentence, call := range map[string]struct {
		do   func() error
		want *sseutils.Error
	}{
		"a topic that is none": {func() error {
			_, err := c.SendCustomEvent(ctx, "x", 1, sseutils.Topics("a b"))
			return err
		}, &sseutils.Error{Status: 400, Code: "INVALID_EVENT", Field: "topics[0]"}},
		"an event that is too large": {func() error { _, err := c.SendCustomEvent(ctx, "x", string(long)); return err }, &sseutils.Error{Status: 413, Code: "EVENT_TOO_LARGE", Field: "data"}},
		"no key":                     {func() error { _, err := nobody.Broadcast(ctx, "x", 1); return err }, &sseutils.Error{Status: 401, Code: "UNAUTHORIZED"}},
		"a key without the scope":    {func() error { _, err := app.Disconnect(ctx, sseutils.User("7")); return err }, &sseutils.Error{Status: 403, Code: "FORBIDDEN"}},
		"a key that was used": {func() error {
			return errors.Join(second(c.SendCustomEvent(ctx, "x", 1, sseutils.IdempotencyKey("k"))), second(c.SendCustomEvent(ctx, "x", 2, sseutils.IdempotencyKey("k"))))
		}, &sseutils.Error{Status: 422, Code: "IDEMPOTENCY_KEY_REUSED", Field: "Idempotency-Key"}},
		"a ticket for nobody":       {func() error { _, err := c.CreateTicket(ctx); return err }, &sseutils.Error{Status: 400, Code: "INVALID_REQUEST"}},
		"a stream of another":       {func() error { return app.Follow(ctx, sseutils.Subscription{UserID: "7"}, nil) }, &sseutils.Error{Status: 403, Code: "FORBIDDEN", Field: "userId"}},
		"a batch that is too large": {func() error { _, err := c.Send(ctx, make11()...); return err }, &sseutils.Error{Status: 413, Code: "BATCH_TOO_LARGE"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := call.do()
			var refused *sseutils.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, call.want.Status, refused.Status)
			assert.Equal(t, call.want.Code, refused.Code)
			assert.Equal(t, call.want.Field, refused.Field)
			assert.NotEmpty(t, refused.Detail)
			assert.NotContains(t, err.Error(), "sse_")
		})
	}
}

func second(_ sseutils.Result, err error) error { return err }

func make11() (events []sseutils.Event) {
	for i := range 11 {
		events = append(events, sseutils.NewEvent("x", i))
	}
	return events
}

// An answer gets lost on the way; the event was sent once.
func TestALostAnswerSendsNothingTwice(t *testing.T) {
	var lost atomic.Int32
	c := newClient(t, func(o *sseutils.Options) {
		under := o.HTTPClient.Transport
		o.HTTPClient.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			response, err := under.RoundTrip(r)
			if err == nil && r.Method == "POST" && lost.Add(1) <= 2 {
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				return nil, errors.New("the connection broke")
			}
			return response, err
		})
	})
	l := listen(t, c, sseutils.Subscription{SessionID: "s"})
	result, err := c.SendNotification(t.Context(), "once", sseutils.Info)
	require.NoError(t, err)
	assert.EqualValues(t, 3, lost.Load())
	assert.Equal(t, 1, result.EventsSent)
	assert.Equal(t, result.ID, l.next().ID)
	after, err := c.SendNotification(t.Context(), "after", sseutils.Info)
	require.NoError(t, err)
	assert.Equal(t, after.ID, l.next().ID, "nothing in between")
}

// roundTrip is an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFollowAgainstTheServer(t *testing.T) {
	c := newClient(t)
	ctx := t.Context()
	l := listen(t, c, sseutils.Subscription{UserID: "7"})
	first, err := c.SendNotification(ctx, "first", sseutils.Info, sseutils.User("7"))
	require.NoError(t, err)
	assert.Equal(t, first.ID, l.next().ID)

	n, err := c.Disconnect(ctx, sseutils.User("7"))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	missed, err := c.SendNotification(ctx, "missed", sseutils.Info, sseutils.User("7"))
	require.NoError(t, err)
	m := l.next()
	assert.Equal(t, sseutils.TypeError, m.Type)
	assert.Empty(t, m.ID)
	m = l.next()
	var greeting struct{ Resume struct{ Status, From string } }
	require.NoError(t, m.Decode(&greeting))
	assert.Equal(t, "resumed", greeting.Resume.Status)
	assert.Equal(t, first.ID, greeting.Resume.From)
	assert.Equal(t, missed.ID, l.next().ID)
	assert.ErrorIs(t, l.end(), context.Canceled)
	deadline := time.Now().Add(soon)
	for open := 1; open > 0; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "the server does not notice that it is left")
		open, err = c.GetActiveClientCount(ctx)
		require.NoError(t, err)
	}

	// Who must not come back does not.
	l = listen(t, c, sseutils.Subscription{UserID: "7", LastEventID: missed.ID})
	n, err = c.DisconnectFor(ctx, time.Minute, sseutils.User("7"))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, sseutils.TypeError, l.next().Type)
	assert.NoError(t, c.Follow(ctx, sseutils.Subscription{UserID: "7"}, nil))
}

func TestDisconnect(t *testing.T) {
	c := newClient(t)
	ctx := t.Context()
	for sentence, call := range map[string]func(id string) (int, error){
		"a session":            func(string) (int, error) { return c.Disconnect(ctx, sseutils.Session("s")) },
		"a topic of a session": func(string) (int, error) { return c.Disconnect(ctx, sseutils.Session("s"), sseutils.Topics("news")) },
		"a stream":             func(id string) (int, error) { return c.Disconnect(ctx, sseutils.Clients(id)) },
	} {
		t.Run(sentence, func(t *testing.T) {
			ids := make(chan string, 1)
			go func() {
				_ = c.Follow(ctx, sseutils.Subscription{SessionID: "s", Topics: []string{"news"}}, func(m sseutils.Message) error {
					if m.Type == sseutils.TypeError {
						return errors.New("enough")
					}
					var greeting struct{ ClientID string }
					assert.NoError(t, m.Decode(&greeting))
					ids <- greeting.ClientID
					return nil
				})
				close(ids)
			}()
			n, err := call(<-ids)
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			<-ids
		})
	}
	for sentence, call := range map[string]func() (int, error){
		"nobody":                     func() (int, error) { return c.Disconnect(ctx) },
		"an empty user":              func() (int, error) { return c.Disconnect(ctx, sseutils.User("")) },
		"two topics":                 func() (int, error) { return c.Disconnect(ctx, sseutils.Topics("a", "b")) },
		"two streams":                func() (int, error) { return c.Disconnect(ctx, sseutils.Clients("a", "b")) },
		"a stream of a user":         func() (int, error) { return c.Disconnect(ctx, sseutils.Clients("a"), sseutils.User("7")) },
		"a stream for a while":       func() (int, error) { return c.DisconnectFor(ctx, time.Hour, sseutils.Clients("a")) },
		"a user for no time":         func() (int, error) { return c.DisconnectFor(ctx, 0, sseutils.User("7")) },
		"a ticket for a stream":      func() (int, error) { _, err := c.CreateTicket(ctx, sseutils.Clients("a")); return 0, err },
		"a ticket for an empty user": func() (int, error) { _, err := c.CreateTicket(ctx, sseutils.User("")); return 0, err },
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := call()
			var refused *sseutils.Error
			require.ErrorAs(t, err, &refused)
			assert.Zero(t, refused.Status, "the server is not asked")
		})
	}
}

func TestATicketOpensOneStream(t *testing.T) {
	c := newClient(t)
	ticket, err := c.CreateTicket(t.Context(), sseutils.User("7"), sseutils.Topics("news"))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(time.Minute), ticket.ExpiresAt, soon)
	assert.Equal(t, "/api/sse?ticket="+ticket.Ticket, ticket.URL)
	base := fmt.Sprint(c)
	base = base[len("sseutils.Client(") : len(base)-1]
	connections := &http.Transport{}
	defer connections.CloseIdleConnections()
	for _, want := range []int{200, 401} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", base+ticket.URL+"&topics=news", nil)
		require.NoError(t, err)
		response, err := connections.RoundTrip(r)
		require.NoError(t, err)
		assert.Equal(t, want, response.StatusCode)
		assert.NoError(t, response.Body.Close())
	}
}

// A mailbox in memory does not outlive the server.
func TestAPersistentEventWaits(t *testing.T) {
	c := newClient(t)
	result, err := c.SendNotification(t.Context(), "later", sseutils.Info, sseutils.User("7"), sseutils.Persistent, sseutils.TTL(time.Hour))
	require.NoError(t, err)
	assert.Zero(t, result.EventsSent)
	assert.False(t, result.Persisted)
	l := listen(t, c, sseutils.Subscription{UserID: "7", Device: "phone"})
	assert.Equal(t, result.ID, l.next().ID)
}
