//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// impostor is a server that takes events and gives each stream what the test says, right
// or wrong.
type impostor struct {
	*httptest.Server
	// gives says which of the events, by their places, a session's stream gets.
	gives map[string][]int

	mu     sync.Mutex
	blocks []string
}

func newImpostor(t *testing.T) (*impostor, *server) {
	t.Helper()
	i := &impostor{gives: map[string][]int{}}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	addr := netip.MustParseAddrPort(i.Listener.Addr().String())
	publisher := loadgen.NewPublisher(addr, key)
	t.Cleanup(publisher.Close)
	return i, &server{Publisher: publisher, addr: addr}
}

func (i *impostor) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.Method == http.MethodPost {
		var event struct{ Event, Data string }
		_ = json.NewDecoder(r.Body).Decode(&event)
		id := fmt.Sprint("5-", len(i.blocks)+1)
		i.blocks = append(i.blocks, fmt.Sprintf("event: %s\ndata: %s\nid: %s\n\n", event.Event, strings.ReplaceAll(event.Data, "\n", "\ndata: "), id))
		_, _ = fmt.Fprintf(w, `{"success":true,"eventsSent":1,"event":{"id":%q}}`, id)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	var body strings.Builder
	mine := i.gives[r.URL.Query().Get("sessionId")]
	fmt.Fprintf(&body, "event: connection\ndata: {\"clientId\":\"c\",\"resume\":{\"status\":\"resumed\",\"to\":\"5-99\",\"replayed\":%d}}\n\n", len(mine))
	for _, n := range mine {
		body.WriteString(i.blocks[n])
	}
	_, _ = w.Write([]byte(body.String()))
}

// Each fault that a server may have must make the run fail, and none must not.
func TestCutsFindsPlantedFaults(t *testing.T) {
	members := []member{
		{user: "ada", session: "a", topics: []string{"x"}},
		{user: "ada", session: "b"},
		{user: "bob", session: "c", topics: []string{"x"}},
	}
	events := []loadgen.Event{
		{Event: "to-user", UserID: "ada"},
		{Event: "to-session", SessionID: "c"},
		{Event: "to-topic", Topics: []string{"x"}},
		{Event: "to-union", UserID: "ada", Topics: []string{"x"}},
		{Event: "to-all"},
	}
	right := map[string][]int{"a": {0, 2, 3, 4}, "b": {0, 3, 4}, "c": {1, 2, 3, 4}}
	tests := []struct {
		name  string
		whose string
		gets  []int
		fails bool
	}{
		{"nothing is wrong", "a", right["a"], false},
		{"one is lost at the end", "a", []int{0, 2, 3}, true},
		{"one is lost in the middle", "b", []int{0, 4}, true},
		{"one comes twice", "c", []int{1, 2, 2, 3, 4}, true},
		{"one comes again later", "c", []int{1, 2, 3, 4, 1}, true},
		{"two have changed places", "a", []int{0, 3, 2, 4}, true},
		{"one is for another", "b", []int{0, 2, 3, 4}, true},
		{"nothing comes", "c", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, s := newImpostor(t)
			for session, gets := range right {
				i.gives[session] = gets
			}
			i.gives[tt.whose] = tt.gets
			run := &cutsRun{server: s, members: members, book: newBook(64), codes: map[string]int{}}
			for _, e := range events {
				require.NoError(t, run.book.post(t.Context(), s, 0, e))
			}
			c, err := loadgen.New(loadgen.Options{Target: s.addr, Tags: 64})
			require.NoError(t, err)
			defer c.Stop()
			run.client = c
			run.streams = c.Open(specsOf(members, func(s *loadgen.Spec) { s.LastEventID = "5-0" })...)
			await, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.NoError(t, c.Await(await, "the streams' ends", func() bool {
				n := c.Counts(0)
				return n.AllEnded() == len(members)
			}))
			r := &report.Report{}
			musts, mays := run.book.due(members, nil)
			run.reportReceived(r, musts, mays)
			assert.Equal(t, !tt.fails, r.Passed())
		})
	}
}

func TestBookKnowsWhatAnAnswerMeans(t *testing.T) {
	ok := []loadgen.Answer{{Success: true}, {Success: true, Persisted: true}}
	ok[0].Event.ID, ok[1].Event.ID = "5-1", "5-2"
	tests := []struct {
		name    string
		answers []loadgen.Answer
		at      int
		err     error
		want    fate
	}{
		{"answered 200", ok, 0, nil, sent},
		{"answered persisted", ok, 1, nil, kept},
		{"refused", nil, 0, &loadgen.StatusError{Status: 503, Body: `{"code":"JOURNAL_FULL"}`}, refused},
		{"a part of the batch was sent", nil, 0, &loadgen.StatusError{Status: 503, Body: `{"code":"PARTLY_SENT"}`}, unknown},
		{"nobody listens", nil, 0, fmt.Errorf("post: %w", syscall.ECONNREFUSED), refused},
		{"the server was killed", nil, 0, errors.New("EOF"), unknown},
		{"reset", nil, 0, syscall.ECONNRESET, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := entry{fate: unknown}
			e.settle(tt.answers, tt.at, tt.err)
			assert.Equal(t, tt.want, e.fate)
		})
	}
}

func TestBookSaysWhatIsDue(t *testing.T) {
	b := newBook(64)
	b.next.Store(4)
	for n, f := range []fate{refused, unknown, sent, kept} {
		b.entries[n] = entry{event: loadgen.Event{SessionID: "s", Persistent: true}, fate: f}
	}
	members := []member{{session: "s"}, {session: "t"}}
	musts, mays := b.due(members, nil)
	assert.Equal(t, tags(64, 2, 4), musts[0], "what was answered 200")
	assert.Equal(t, tags(64, 1, 4), mays[0], "what may have been sent, too")
	assert.Zero(t, musts[1].Len()+mays[1].Len(), "nothing of another's")
	musts, _ = b.due(members, func(_ int, e *entry) bool { return e.fate == kept })
	assert.Equal(t, tags(64, 3, 4), musts[0], "what survives a crash")
	assert.Equal(t, [...]int{1, 1, 1, 1}, b.tally())

	b.entries[2].id = loadgen.Sequence{Milliseconds: 5, N: 1}
	arrivals := make([]loadgen.Arrival, 64)
	arrivals[2] = loadgen.Arrival{Count: 1, ID: loadgen.Sequence{Milliseconds: 5, N: 1}}
	assert.Zero(t, b.otherIDs(arrivals))
	arrivals[2].ID.N = 2
	assert.Equal(t, 1, b.otherIDs(arrivals))
}

func TestBookIsFull(t *testing.T) {
	_, s := newImpostor(t)
	b := newBook(2)
	require.NoError(t, b.post(t.Context(), s, 0, loadgen.Event{}))
	require.NoError(t, b.post(t.Context(), s, 0, loadgen.Event{}))
	require.ErrorIs(t, b.post(t.Context(), s, 0, loadgen.Event{}), errBookFull)
	assert.Len(t, b.written(), 2)
}

// A town has somebody for each kind of target, and a union in which some match twice.
func TestTownGetsSomethingOfEachKind(t *testing.T) {
	members := town(1000)
	d := newDirectory(members)
	kinds := map[string]int{}
	random := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		e := somethingFor(random, members)
		kinds[e.Event]++
		receivers := 0
		d.receivers(e, func(int) { receivers++ })
		require.NotZero(t, receivers, "%+v", e)
	}
	for _, kind := range []string{"to-user", "to-session", "to-topic", "to-topics", "to-union", "to-all"} {
		assert.NotZero(t, kinds[kind], kind)
	}
}

func TestSeenIsExactOnlyWithoutAnyFault(t *testing.T) {
	assert.True(t, seen{count: 3}.exact())
	for name, s := range map[string]seen{
		"an event is missing":  {missing: 1},
		"one was not due":      {foreign: 1},
		"one came twice":       {faults: loadgen.Faults{Duplicates: 1}},
		"the stream was ended": {error: "SLOW_CONSUMER"},
	} {
		assert.False(t, s.exact(), name)
		assert.NotEqual(t, seen{}.String(), s.String(), name)
	}
}
