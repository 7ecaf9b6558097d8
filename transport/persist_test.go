package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
	"github.com/sseactor/sseactor/transport/journal/memory"
)

var errDisk = errors.New("/var/lib/secret-path: input/output error")

func TestAPersistentEventIsKeptForItsReceiversAndSent(t *testing.T) {
	store := &mailStore{durable: true}
	r := startRig(t, withStore(store))
	c := r.open("userId=7", key(opsKey))
	got := r.publish(`{"event":"order","data":{"n": 1},"userId":"7","sessionId":"s","topics":["news","news"],"persistent":true,"ttl":60}`)
	assert.Equal(t, 1, got.EventsSent)
	assert.Equal(t, "event: order\ndata: {\"n\":1}\nid: "+got.Event.ID+"\n\n", c.next().raw)
	require.Len(t, store.all(), 1)
	record := store.all()[0]
	assert.Equal(t, got.Event.ID, record.ID.String())
	assert.Equal(t, `{"n":1}`, record.Event.Data)
	assert.Equal(t, []journal.Box{{Kind: journal.User, Name: "7"}, {Kind: journal.Session, Name: "s"}, {Kind: journal.Topic, Name: "news"}}, record.Boxes)
	assert.InDelta(t, 60_000, record.Expires.UnixMilli()-int64(record.ID.Milliseconds), 1000, "its ttl, from about its id's time on")

	r.publish(`{"data":"to everybody","persistent":true}`)
	assert.Equal(t, []journal.Box{{Kind: journal.Everybody}}, store.all()[1].Boxes)
	r.publish(`{"data":"not kept","persistent":false,"userId":"7"}`)
	assert.Len(t, store.all(), 2)
}

func TestTheAnswerSaysWhatSurvives(t *testing.T) {
	for sentence, c := range map[string]struct {
		change     func(*Options)
		body, want string
	}{
		"on disk: it does": {withStore(&mailStore{durable: true}),
			`{"data":1,"userId":"7","persistent":true}`, `{"success":true,"eventsSent":0,"event":{"type":"message","data":1,"id":"ID"},"persisted":true}`},
		"on disk, not persistent: nothing is said": {withStore(&mailStore{durable: true}),
			`{"data":1,"userId":"7"}`, `{"success":true,"eventsSent":0,"event":{"type":"message","data":1,"id":"ID"}}`},
		"in memory: nothing is said": {withStore(&mailStore{}),
			`{"data":1,"userId":"7","persistent":true}`, `{"success":true,"eventsSent":0,"event":{"type":"message","data":1,"id":"ID"}}`},
		"without a journal: nothing is said": {withoutJournal,
			`{"data":1,"userId":"7","persistent":true}`, `{"success":true,"eventsSent":0,"event":{"type":"message","data":1,"id":"ID"}}`},
		"a batch says it of each": {withStore(&mailStore{durable: true}),
			`[{"data":1},{"data":2,"persistent":true,"id":"own"}]`,
			`{"success":true,"eventsSent":0,"results":[{"success":true,"eventsSent":0,"event":{"type":"message","data":1,"id":"ID"}},{"success":true,"eventsSent":0,"event":{"type":"message","data":2,"id":"own"},"persisted":true}]}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := startRig(t, c.change)
			resp := r.call("POST", "/api/sse", c.body, key(appKey))
			require.Equal(t, 200, resp.StatusCode, resp.body)
			var got struct {
				receipt
				Results []receipt
			}
			require.NoError(t, json.Unmarshal([]byte(resp.body), &got))
			for _, one := range append(got.Results, got.receipt) {
				if _, err := sse.ParseSequence(one.Event.ID); err == nil {
					resp.body = strings.Replace(resp.body, one.Event.ID, "ID", 1)
				}
			}
			assert.Equal(t, c.want, resp.body)
		})
	}
}

func TestABatchOfBothKindsIsSentInItsOrder(t *testing.T) {
	store := &mailStore{durable: true}
	r := startRig(t, withStore(store))
	c := r.open("sessionId=s")
	resp := r.call("POST", "/api/sse", `[{"data":1},{"data":2,"persistent":true},{"data":3,"clientIds":["`+c.id+`"]},{"data":4,"persistent":true,"sessionId":"s"},{"data":5}]`, key(appKey))
	got := decode[struct{ Results []receipt }](t, resp)
	require.Len(t, got.Results, 5)
	for i, result := range got.Results {
		assert.Equal(t, 1, result.EventsSent)
		e := c.next()
		assert.Equal(t, fmt.Sprint(i+1), e.data)
		assert.Equal(t, result.Event.ID, e.id)
	}
	assert.Equal(t, []string{"2", "4"}, store.kept())
}

func TestARepeatedRequestIsToldTheSameOfWhatSurvives(t *testing.T) {
	store := &mailStore{durable: true}
	r := startRig(t, withStore(store))
	post := func() response {
		return r.call("POST", "/api/sse", `[{"data":1,"persistent":true},{"data":2}]`, key(appKey), "Idempotency-Key: k")
	}
	first := post()
	assert.Equal(t, 1, strings.Count(first.body, `"persisted":true`))
	again := post()
	assert.Equal(t, first.body, again.body)
	assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, []string{"1"}, store.kept(), "it is kept once")

	store.fail(errDisk) // what was answered stays answered
	assert.Equal(t, first.body, post().body)
}

func TestAJournalThatCantBeWritten(t *testing.T) {
	for sentence, c := range map[string]struct {
		fault   error
		code    string
		retry   string
		refused string // the metric
	}{
		"because there is no room":       {fmt.Errorf("disk: %w", journal.ErrFull), "JOURNAL_FULL", "5", `sseactor_journal_refused_total{reason="full"}`},
		"because of some other mischief": {errDisk, "JOURNAL_FAILED", "2", `sseactor_journal_refused_total{reason="failed"}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			store := &mailStore{durable: true}
			r := startRig(t, withStore(store))
			client := r.open("sessionId=s")
			store.fail(c.fault)
			const mixed = `[{"data":"live"},{"data":"kept","persistent":true}]`
			refused := 0
			for _, body := range []string{`{"data":1,"persistent":true}`, `{"data":1,"persistent":true,"userId":"7"}`, mixed} {
				resp := r.call("POST", "/api/sse", body, key(appKey))
				resp.problem(t, 503, c.code, "")
				assert.Equal(t, c.retry, resp.Header.Get("Retry-After"))
				assert.NotContains(t, resp.body, "secret-path", "the error is for the log")
				refused++
			}
			assert.Equal(t, 1, r.publish(`{"data":"live events go on"}`).EventsSent)
			assert.Equal(t, "live events go on", client.next().data, "nothing of what was refused was sent, not even what could have been")

			resp := r.call("GET", "/readyz", "")
			assert.Equal(t, "the journal can't be written ("+c.code+")", resp.problem(t, 503, "NOT_READY", ""))
			assert.Equal(t, 200, r.call("GET", "/healthz", "").StatusCode)
			e := r.scrape()
			assert.Equal(t, 1.0, e.value["sseactor_journal_failing"])
			assert.Equal(t, 4.0, e.value[c.refused], "events, not requests")
			assert.Equal(t, 4.0, e.value["sseactor_events_unsent_total"])
			sum := decode[struct{ Journal journalSummary }](t, r.call("GET", "/api/sse/metrics", "", key(lookKey))).Journal
			assert.Equal(t, c.code, sum.Failing)
			assert.EqualValues(t, 4, sum.Refused)

			store.fail(nil)
			eventually(t, func() bool { return r.call("GET", "/readyz", "").StatusCode == 200 }, "it is well again by itself")
			got := decode[map[string]any](t, r.call("POST", "/api/sse", `{"data":"again","persistent":true}`, key(appKey)))
			assert.Equal(t, true, got["persisted"])
			assert.Equal(t, "again", client.next().data)
			assert.Equal(t, []string{"again"}, store.kept())
			r.halt()
			assert.Equal(t, 1, strings.Count(r.log.String(), "the journal can't be written; persistent events are refused until it can"))
			assert.NotContains(t, r.log.String(), "event not sent", "it is one fault, not one for each event")
		})
	}
}

// Its mailboxes are full: that is no reason to send streams elsewhere.
func TestAJournalInMemoryThatIsFullLeavesTheServerReady(t *testing.T) {
	store := &mailStore{}
	r := startRig(t, withStore(store))
	store.fail(journal.ErrFull)
	r.call("POST", "/api/sse", `{"data":1,"persistent":true}`, key(appKey)).problem(t, 503, "JOURNAL_FULL", "")
	assert.Equal(t, 200, r.call("GET", "/readyz", "").StatusCode)
}

// A large batch goes in several parts. What is said of a part that was kept holds.
func TestABatchWhoseSecondPartCantBeKept(t *testing.T) {
	store := &turningStore{mailStore: mailStore{durable: true}}
	r := startRig(t, func(o *Options) {
		o.Events.Events = 2000
		o.MaxBodyBytes, o.MaxBodiesBytes = 1<<20, 1<<20
		o.Journal = store
	})
	body := "[" + strings.Repeat(`{"data":1,"persistent":true},`, 1500) + `{"data":2}]`
	header := []string{key(appKey), "Idempotency-Key: k"}
	for range 2 {
		resp := r.call("POST", "/api/sse", body, header...)
		assert.Contains(t, resp.problem(t, 503, "PARTLY_SENT", ""), "the first 1024 of 1501 events were sent")
		assert.Empty(t, resp.Header.Get("Retry-After"))
		var got struct {
			Results []struct {
				Success, Persisted bool
				Code               string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(resp.body), &got))
		require.Len(t, got.Results, 1501)
		for i, result := range got.Results {
			require.Equal(t, i < 1024, result.Success)
			require.Equal(t, i < 1024, result.Persisted)
		}
		assert.Equal(t, "JOURNAL_FULL", got.Results[1024].Code)
	}
	assert.Len(t, store.all(), 1024)
}

// turningStore has room for one Append.
type turningStore struct{ mailStore }

func (s *turningStore) Append(ctx context.Context, records []journal.Record) error {
	if len(records) == 0 { // a try
		return nil
	}
	err := s.mailStore.Append(ctx, records)
	s.fail(journal.ErrFull)
	return err
}

// Who waits for the disk at the end of the server is told what became of its event.
func TestAPersistentEventAtTheEndOfTheServer(t *testing.T) {
	store := &slowStore{mailStore: mailStore{durable: true}, begun: make(chan struct{}), goOn: make(chan struct{})}
	r := startRig(t, func(o *Options) { o.Journal = store })
	told := make(chan response, 1)
	go func() { told <- r.call("POST", "/api/sse", `{"data":1,"persistent":true}`, key(appKey)) }()
	<-store.begun
	down := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		down <- r.Shutdown(ctx)
	}()
	eventually(t, func() bool {
		stats, err := r.hub.Metrics(t.Context())
		return err == nil && stats.Draining
	}, "the hub drains")
	close(store.goOn)
	resp := <-told
	assert.Equal(t, 200, resp.StatusCode, resp.body)
	assert.Contains(t, resp.body, `"persisted":true`)
	require.NoError(t, <-down)
	assert.Equal(t, []string{"1"}, store.kept())
}

// slowStore takes until it is told to go on.
type slowStore struct {
	mailStore
	begun, goOn chan struct{}
}

func (s *slowStore) Append(ctx context.Context, records []journal.Record) error {
	if len(records) > 0 {
		close(s.begun)
		<-s.goOn
	}
	return s.mailStore.Append(ctx, records)
}

func TestWhatMetricsCountOfTheJournal(t *testing.T) {
	r := startRig(t, withStore(&mailStore{}))
	r.call("POST", "/api/sse", `[{"data":"abc","persistent":true,"topics":["a","b"]},{"data":"de","persistent":true},{"data":"f"}]`, key(appKey))
	e := r.scrape()
	for series, want := range map[string]float64{
		"sseactor_journal_events_total":                    2,
		"sseactor_journal_event_bytes_total":               8,
		"sseactor_journal_commits_total":                   1,
		"sseactor_journal_commit_seconds_count":            1,
		"sseactor_journal_records":                         2,
		"sseactor_journal_bytes":                           7,
		"sseactor_mailboxes":                               1,
		"sseactor_journal_queue":                           0,
		"sseactor_journal_failing":                         0,
		`sseactor_journal_refused_total{reason="full"}`:    0,
		`sseactor_journal_removed_total{reason="expired"}`: 0,
		"sseactor_events_total":                            3,
	} {
		got, ok := e.value[series]
		assert.True(t, ok, series)
		assert.Equal(t, want, got, series)
	}
	sum := decode[struct{ Journal map[string]any }](t, r.call("GET", "/api/sse/metrics", "", key(lookKey))).Journal
	assert.Equal(t, map[string]any{"durable": false, "mailboxes": 1.0, "records": 2.0, "bytes": 7.0, "written": 2.0, "refused": 0.0, "pushedOut": 0.0}, sum)
}

func TestWithoutAJournalMetricsSayNothingOfOne(t *testing.T) {
	r := startRig(t, withoutJournal)
	fields := decode[map[string]any](t, r.call("GET", "/api/sse/metrics", "", key(lookKey)))
	assert.NotContains(t, fields, "journal")
	assert.Contains(t, fields, "history")
}

// Whatever is written meanwhile, a client's ids increase, or it would resume at the wrong
// place; and it gets all of what was answered, once.
func TestLiveAndPersistentEventsTogether(t *testing.T) {
	stores := map[string]func(t *testing.T) journal.Store{
		"in memory": func(t *testing.T) journal.Store {
			store, err := memory.New(journal.DefaultBounds(), time.Now)
			require.NoError(t, err)
			return store
		},
		"on disk": func(t *testing.T) journal.Store {
			store, err := disk.Open(disk.Options{Dir: t.TempDir()})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			return store
		},
	}
	for sentence, open := range stores {
		t.Run(sentence, func(t *testing.T) {
			store := open(t)
			r := startRig(t, func(o *Options) { o.Journal, o.MailboxAge, o.LogRate = store, time.Hour, 1 })
			c := r.open("sessionId=s")
			const publishers, requests = 8, 40
			var mu sync.Mutex
			var sent, persistent []string
			var all sync.WaitGroup
			for i := range publishers {
				all.Go(func() {
					for range requests {
						body := [...]string{`[{"data":1}]`, `[{"data":1,"persistent":true}]`, `[{"data":1},{"data":2,"persistent":true},{"data":3}]`}[i%3]
						resp := r.call("POST", "/api/sse", body, key(appKey))
						if !assert.Equal(t, 200, resp.StatusCode, resp.body) {
							return
						}
						var got struct {
							Results []struct {
								EventsSent int
								Persisted  bool
								Event      struct{ ID string }
							}
						}
						assert.NoError(t, json.Unmarshal([]byte(resp.body), &got))
						mu.Lock()
						for j, result := range got.Results {
							assert.Equal(t, 1, result.EventsSent)
							sent = append(sent, result.Event.ID)
							if i%3 == 1 || i%3 == 2 && j == 1 {
								persistent = append(persistent, result.Event.ID)
							}
						}
						mu.Unlock()
					}
				})
			}
			all.Wait()
			var last sse.Sequence
			var received []string
			for range sent {
				e := c.next()
				id, err := sse.ParseSequence(e.id)
				require.NoError(t, err)
				require.True(t, last.Less(id), "%s is not above %s", id, last)
				last = id
				received = append(received, e.id)
			}
			assert.ElementsMatch(t, sent, received)

			page, err := store.ReadAfter(t.Context(), journal.Box{Kind: journal.Everybody}, sse.Sequence{}, last, journal.Limit{Records: 1000, Bytes: 1 << 20})
			require.NoError(t, err)
			var kept []string
			for _, record := range page.Records {
				kept = append(kept, record.ID.String())
			}
			assert.ElementsMatch(t, persistent, kept)
		})
	}
}
