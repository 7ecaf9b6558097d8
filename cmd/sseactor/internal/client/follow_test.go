package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, r)
	n := len(s.requests) - 1
	if n >= len(s.answers) {
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

// follow follows a script in a bubble of time, and gives up after an hour.
func follow(t *testing.T, s *script, last string, each func(Event) error) (f followed) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		server := Server{URL: "http://sse.test/", Key: "k", HTTP: &http.Client{Transport: s}}
		f.err = server.Follow(ctx, url.Values{"sessionId": {"s"}}, last, func(e Event) error {
			f.events = append(f.events, e.Data)
			if each != nil {
				return each(e)
			}
			return nil
		}, func(why error, wait time.Duration) {
			f.waits, f.why = append(f.waits, wait), append(f.why, why)
		})
	})
	return f
}

func TestFollowResumesFromTheLastEvent(t *testing.T) {
	s := &script{answers: []*http.Response{
		stream("data: a\nid: 1\n\ndata: cut\nid: 2\n"), stream("retry: 100\ndata: b\nid: 3\n\n"), nil, stream("data: c\n\n"),
	}}
	f := follow(t, s, "", nil)
	require.NoError(t, f.err)
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
		each   func(Event) error
		want   string // empty: no error
	}{
		"204: the server wishes it":  {answer(204, "", ""), nil, ""},
		"401":                        {answer(401, "application/problem+json", `{"code":"UNAUTHORIZED","detail":"sign in"}`), nil, "the server answered 401 UNAUTHORIZED: sign in"},
		"403 without a problem":      {answer(403, "text/html", "<html>"), nil, "the server answered 403 Forbidden"},
		"404 with broken JSON":       {answer(404, "application/json", "{"), nil, "the server answered 404 Not Found"},
		"a page instead of a stream": {answer(200, "text/html", "<html>"), nil, ErrNotAStream.Error()},
		"the caller has enough":      {stream("data: a\n\ndata: b\n\n"), func(Event) error { return enough }, "enough"},
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
