package sseutils

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script answers one request after the other, with no network between.
type script struct {
	answers  []*http.Response // nil: the connection is refused
	requests []*http.Request
	over     func() // called at the request behind the last answer
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, r)
	n := len(s.requests) - 1
	if n >= len(s.answers) {
		s.over()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if s.answers[n] == nil {
		return nil, errRefused
	}
	return s.answers[n], nil
}

var errRefused = errors.New("connection refused")

func answer(status int, contentType, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func stream(body string) *http.Response { return answer(200, "text/event-stream; charset=utf-8", body) }

// followed is what came of following a script.
type followed struct {
	events []string
	waits  []time.Duration
	why    []error
	err    error
}

// follow follows a script in a bubble of time, to its end.
func follow(t *testing.T, s *script, last string, each func(Message) error) (f followed) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.over = cancel
		client, err := New(Options{URL: "http://sse.test/", APIKey: "k", HTTPClient: &http.Client{Transport: s, Timeout: time.Second}})
		require.NoError(t, err)
		f.err = client.Follow(ctx, Subscription{SessionID: "s", LastEventID: last, Waiting: func(why error, wait time.Duration) {
			f.waits, f.why = append(f.waits, wait), append(f.why, why)
		}}, func(m Message) error {
			f.events = append(f.events, m.Data)
			if each != nil {
				return each(m)
			}
			return nil
		})
	})
	return f
}

func TestFollowResumesFromTheLastEvent(t *testing.T) {
	s := &script{answers: []*http.Response{
		stream("data: a\nid: 1\n\ndata: cut\nid: 2\n"), stream("retry: 100\ndata: b\nid: 3\n\n"), nil, stream("data: c\n\n"),
	}}
	f := follow(t, s, "", nil)
	require.ErrorIs(t, f.err, context.Canceled)
	assert.Equal(t, []string{"a", "b", "c"}, f.events)
	var lasts []string
	for _, r := range s.requests {
		lasts = append(lasts, r.Header.Get("Last-Event-ID"))
		assert.Equal(t, "text/event-stream", r.Header.Get("Accept"))
		assert.Equal(t, "Bearer k", r.Header.Get("Authorization"))
		assert.Equal(t, "http://sse.test/api/sse?sessionId=s", r.URL.String())
	}
	assert.Equal(t, []string{"", "1", "3", "3", "3"}, lasts)
	assert.Equal(t, defaultRetry, f.waits[0])
	assert.ErrorIs(t, f.why[0], io.EOF)
	assert.ErrorIs(t, f.why[2], errRefused)
}

func TestFollowBeginsWithTheGivenId(t *testing.T) {
	s := &script{answers: []*http.Response{nil, stream("data: a\n\n")}}
	follow(t, s, "9", nil)
	assert.Equal(t, "9", s.requests[0].Header.Get("Last-Event-ID"))
	assert.Equal(t, "9", s.requests[1].Header.Get("Last-Event-ID"))
}

func TestFollowEndsWhenThereIsNoUse(t *testing.T) {
	enough := errors.New("enough")
	for sentence, c := range map[string]struct {
		answer *http.Response
		each   func(Message) error
		want   string // empty: no error
	}{
		"204: the server wishes it":  {answer(204, "", ""), nil, ""},
		"401":                        {answer(401, "application/problem+json", `{"code":"UNAUTHORIZED","detail":"sign in"}`), nil, "the server answered 401 UNAUTHORIZED: sign in"},
		"403 without a problem":      {answer(403, "text/html", "<html>"), nil, "the server answered 403 Forbidden"},
		"404 with broken JSON":       {answer(404, "application/json", "{"), nil, "the server answered 404 Not Found"},
		"a page instead of a stream": {answer(200, "text/html", "<html>"), nil, ErrNotAStream.Error()},
		"the caller has enough":      {stream("data: a\n\ndata: b\n\n"), func(Message) error { return enough }, "enough"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := &script{answers: []*http.Response{c.answer}}
			f := follow(t, s, "", c.each)
			assert.Len(t, s.requests, 1, "it does not come back")
			assert.Empty(t, f.waits)
			if c.want == "" {
				assert.NoError(t, f.err)
			} else {
				assert.EqualError(t, f.err, c.want)
			}
		})
	}
}

func TestFollowWaitsAsLongAsItIsTold(t *testing.T) {
	for _, status := range []int{429, 503} {
		s := &script{answers: []*http.Response{answer(status, "application/problem+json", `{"code":"MAX_CLIENTS"}`, "Retry-After", "120"),
			answer(status, "text/plain", "", "Retry-After", "soon"), stream("data: a\n\n")}}
		f := follow(t, s, "", nil)
		assert.Equal(t, []string{"a"}, f.events)
		assert.Equal(t, 120*time.Second, f.waits[0])
		assert.Less(t, f.waits[1], longestWait)
		assert.ErrorContains(t, f.why[0], fmt.Sprint(status))
	}
}

// Twice as long at each failure, up to about a minute, and with a random part.
func TestBackoff(t *testing.T) {
	for _, retry := range []time.Duration{100 * time.Millisecond, 3 * time.Second, 5 * time.Minute, 24 * 24 * time.Hour} {
		for failures := range 40 {
			for range 20 {
				wait := backoff(retry, failures)
				if failures <= 1 {
					require.Equal(t, retry, wait)
					continue
				}
				require.GreaterOrEqual(t, wait, retry/2)
				require.LessOrEqual(t, wait, retry/2+max(longestWait, retry))
				require.LessOrEqual(t, wait, retry/2+retry<<min(failures-1, 10))
			}
		}
	}
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[backoff(time.Second, 5)] = true
	}
	assert.Greater(t, len(seen), 10, "clients do not come in step")
}

// silent is a body that gives some text, and then nothing until the request is given up.
type silent struct {
	io.Reader
	ctx context.Context
}

func (s *silent) Read(b []byte) (int, error) {
	if n, _ := s.Reader.Read(b); n > 0 {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (s *silent) Close() error { return nil }

// roundTrip is an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A connection that is dead without having said so is given up after two and a half
// heartbeats, as the server has said how long one is; or after the usual ones.
func TestFollowGivesUpASilentStream(t *testing.T) {
	for greeting, want := range map[string]time.Duration{
		"event: connection\ndata: {\"status\":\"connected\",\"heartbeatInterval\":10000}\n\n": 25 * time.Second,
		"event: connection\ndata: {\"status\":\"connected\"}\n\n":                             75 * time.Second,
		": a comment\n": 75 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			began := time.Now()
			client, err := New(Options{URL: "http://sse.test", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				a := stream("")
				a.Body = &silent{strings.NewReader(greeting), r.Context()}
				return a, nil
			})}})
			require.NoError(t, err)
			err = client.Follow(ctx, Subscription{Waiting: func(why error, wait time.Duration) {
				assert.ErrorIs(t, why, ErrSilent)
				assert.Equal(t, want, time.Since(began))
				cancel()
			}}, func(Message) error { return nil })
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
}

// Who works on an event for long has not lost the connection.
func TestFollowWaitsForWhoIsBusy(t *testing.T) {
	s := &script{answers: []*http.Response{stream("data: a\n\ndata: b\n\n")}}
	f := follow(t, s, "", func(Message) error {
		time.Sleep(time.Hour)
		return nil
	})
	assert.Equal(t, []string{"a", "b"}, f.events)
	require.Len(t, f.why, 1)
	assert.ErrorIs(t, f.why[0], io.EOF)
}

// A server that takes a connection and says nothing is as good as none.
func TestFollowDoesNotWaitForAHeadForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		client, err := New(Options{URL: "http://sse.test", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}})
		require.NoError(t, err)
		var waits []time.Duration
		_ = client.Follow(ctx, Subscription{Waiting: func(why error, wait time.Duration) {
			assert.ErrorIs(t, why, ErrSilent)
			if waits = append(waits, wait); len(waits) == 3 {
				cancel()
			}
		}}, func(Message) error { return nil })
		assert.Equal(t, defaultRetry, waits[0])
		assert.NotEqual(t, defaultRetry, waits[2], "these are failures, and it waits longer for each")
	})
}

// What a stream's own events say of ids is the last event's.
func TestTheServersOwnEventsHaveNoID(t *testing.T) {
	s := &script{answers: []*http.Response{stream("data: a\nid: 1\n\nevent: heartbeat\ndata: {}\n\n"), stream("event: connection\ndata: {}\n\ndata: b\n\n")}}
	var ids []string
	follow(t, s, "", func(m Message) error {
		ids = append(ids, m.Type+" "+m.ID)
		return nil
	})
	assert.Equal(t, []string{"message 1", "heartbeat ", "connection ", "message 1"}, ids)
	assert.Equal(t, "1", s.requests[1].Header.Get("Last-Event-ID"))
}
