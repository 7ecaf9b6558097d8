package transport

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/stream"
	"github.com/sseactor/sseactor/transport/wire"
)

// The callers of most tests.
const (
	appKey  = "sse_app-0123456789abcdef" // publish and metrics
	opsKey  = "sse_ops-0123456789abcdef" // everything
	lookKey = "sse_look-0123456789abcde" // metrics only
)

// soon is how long anything may take that should take no time.
const soon = 10 * time.Second

// rig is a real server on loopback.
type rig struct {
	*Server
	t       testing.TB
	addr    string
	private string // of the private listener; empty: none
	log     *logBook
	halt    func() // closes the server; called when the test ends at the latest
}

// publicTopics are those that every caller of most tests may subscribe to.
var publicTopics, _ = auth.ParsePatterns([]string{"news", "public.*"})

// testOptions are small limits that a test can reach.
func testOptions(book *logBook) Options {
	return Options{
		Version: "v1.2.3",
		Log:     slog.New(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug})),
		LogRate: 10_000,
		Hub: actor.Options{Start: time.Now(), Seed: 1, MaxClients: 50, OutboxFrames: 1024, OutboxBytes: 1 << 20,
			HeartbeatInterval: 30 * time.Second, ClientTimeout: 2 * time.Minute, Retry: 3 * time.Second, RetrySpread: 10 * time.Second, Writers: 2,
			HistoryEvents: 10_000, HistoryBytes: 16 << 20, HistoryAge: time.Hour},
		Stream:  stream.Options{Writers: 2},
		Journal: newMailboxes(), MailboxAge: time.Hour,
		Events: wire.Limits{EventBytes: 1024, Events: 5, Topics: 4, ClientIDs: 3},
		Authenticator: auth.Chain{auth.NewKeys([]auth.Key{
			{Name: "app", Hash: auth.HashKey(appKey), Scopes: []auth.Scope{auth.Publish, auth.Metrics}},
			{Name: "ops", Hash: auth.HashKey(opsKey), Scopes: auth.Scopes()},
			{Name: "look", Hash: auth.HashKey(lookKey), Scopes: []auth.Scope{auth.Metrics}},
		})},
		Policy:            auth.Policy{Visitors: true, PublicTopics: publicTopics},
		AllowedOrigins:    []string{"https://app.example"},
		TicketLife:        30 * time.Second,
		MaxTickets:        100,
		MaxBlocks:         100,
		MaxTopics:         4,
		MaxBodyBytes:      16 << 10,
		MaxBodiesBytes:    64 << 10,
		MaxHeaderBytes:    4096,
		RequestTimeout:    5 * time.Second,
		PublishTimeout:    2 * time.Second,
		IdempotencyWindow: 10 * time.Minute,
		IdempotencyKeys:   100,
	}
}

// checked are the tests that look for leaks when they end.
var checked sync.Map

// startRig starts a server and checks, when the test has ended, that nothing of it
// is left.
func startRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	if _, again := checked.LoadOrStore(t, nil); !again { // a test's first rig is stopped last
		leaks := append([]goleak.Option{goleak.IgnoreCurrent()}, fasthttpsOwn...)
		// A journal on disk outlives its server, and goes on in a new log file now and then.
		leaks = append(leaks, goleak.IgnoreAnyFunction("github.com/cockroachdb/pebble/v2/record.(*LogWriter).flushLoop"))
		t.Cleanup(func() {
			checked.Delete(t)
			goleak.VerifyNone(t, leaks...)
		})
	}

	book := &logBook{}
	opts := testOptions(book)
	for _, c := range change {
		c(&opts)
	}
	server, err := New(opts)
	require.NoError(t, err)
	require.NoError(t, server.Start())
	r := &rig{Server: server, t: t, log: book}

	var serving sync.WaitGroup
	listen := func(serve func(net.Listener) error) string {
		ln, err := Listen("127.0.0.1:0", time.Minute)
		require.NoError(t, err)
		serving.Go(func() { assert.NoError(t, serve(ln)) })
		return ln.Addr().String()
	}
	r.addr = listen(server.Serve)
	if opts.PrivateListener {
		r.private = listen(server.ServePrivate)
	}
	r.halt = sync.OnceFunc(func() {
		server.Close()
		serving.Wait()
	})
	t.Cleanup(func() {
		r.halt()
		if t.Failed() {
			t.Logf("the server said:\n%s", book)
		}
	})
	return r
}

// streams is how many streams the hub has, ending ones included.
func (r *rig) streams() int {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	s, err := r.hub.Metrics(ctx)
	require.NoError(r.t, err)
	return s.Clients + s.Ending
}

// eventually polls, in the caller's own goroutine, for what takes no time.
func eventually(t testing.TB, holds func() bool, what string) {
	t.Helper()
	for deadline := time.Now().Add(soon); !holds(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "not within %v: %s", soon, what)
	}
}
