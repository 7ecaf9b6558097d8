package sseutils

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attempts is how a call went.
type attempts struct {
	times   []time.Duration // since the call
	keys    []string        // Idempotency-Keys
	bodies  []string
	results []Result
	err     error
	took    time.Duration
}

// try makes a call that is answered by a script, in a bubble of time.
func try(t *testing.T, answers func(n int, r *http.Request) (*http.Response, error), change func(*Options), call func(context.Context, *Client) ([]Result, error)) (a attempts) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		o := Options{URL: "http://sse.test", APIKey: "SECRET", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			a.times = append(a.times, time.Since(began))
			a.keys = append(a.keys, r.Header.Get("Idempotency-Key"))
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			a.bodies = append(a.bodies, string(body))
			assert.Equal(t, "Bearer SECRET", r.Header.Get("Authorization"))
			return answers(len(a.times)-1, r)
		})}}
		if change != nil {
			change(&o)
		}
		c, err := New(o)
		require.NoError(t, err)
		a.results, a.err = call(t.Context(), c)
		a.took = time.Since(began)
	})
	return a
}

func sendOne(ctx context.Context, c *Client) ([]Result, error) { return c.Send(ctx, NewEvent("x", 1)) }

const (
	sent      = `{"success":true,"eventsSent":3,"event":{"type":"x","data":1,"id":"9-1"},"persisted":true}`
	problemOf = "application/problem+json"
)

func sentAnswer() *http.Response { return answer(200, "application/json", sent) }

// What may pass is tried again under the same key: the server sends nothing twice.
func TestWhatMayPassIsTriedAgain(t *testing.T) {
	for sentence, first := range map[string]func() (*http.Response, error){
		"no connection": func() (*http.Response, error) { return nil, errRefused },
		"an answer that is cut off": func() (*http.Response, error) {
			a := sentAnswer()
			a.Body = io.NopCloser(io.MultiReader(strings.NewReader(sent[:20]), iotest.ErrReader(io.ErrUnexpectedEOF)))
			return a, nil
		},
		"408":            func() (*http.Response, error) { return answer(408, problemOf, `{"code":"REQUEST_TIMEOUT"}`), nil },
		"425":            func() (*http.Response, error) { return answer(425, "text/plain", ""), nil },
		"429":            func() (*http.Response, error) { return answer(429, problemOf, `{"code":"RATE_LIMITED"}`), nil },
		"500":            func() (*http.Response, error) { return answer(500, problemOf, `{"code":"INTERNAL"}`), nil },
		"502 of a proxy": func() (*http.Response, error) { return answer(502, "text/html", "<html>"), nil },
		"503":            func() (*http.Response, error) { return answer(503, problemOf, `{"code":"OVERLOADED"}`), nil },
		"the attempt before is under way": func() (*http.Response, error) {
			return answer(409, problemOf, `{"code":"IDEMPOTENCY_KEY_IN_USE"}`), nil
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := try(t, func(n int, _ *http.Request) (*http.Response, error) {
				if n < 2 {
					return first()
				}
				return sentAnswer(), nil
			}, nil, sendOne)
			require.NoError(t, a.err)
			assert.Equal(t, []Result{{EventsSent: 3, ID: "9-1", Persisted: true}}, a.results)
			require.Len(t, a.times, 3)
			assert.NotEmpty(t, a.keys[0])
			for n := range a.keys {
				assert.Equal(t, a.keys[0], a.keys[n])
				assert.Equal(t, `{"event":"x","data":1}`, a.bodies[n])
			}
			assert.LessOrEqual(t, a.times[1], firstPause)
			assert.LessOrEqual(t, a.times[2]-a.times[1], 2*firstPause)
		})
	}
}

func TestWhatWaitingDoesNotHealIsNotTriedAgain(t *testing.T) {
	for sentence, c := range map[string]struct {
		answer *http.Response
		want   error
		text   string
	}{
		"400":                             {answer(400, problemOf, `{"code":"INVALID_EVENT","field":"userId","detail":"userId: too long"}`), ErrInvalidEvent, "the server answered 400 INVALID_EVENT: userId: too long"},
		"401":                             {answer(401, problemOf, `{"code":"UNAUTHORIZED","detail":"no"}`), ErrUnauthorized, "the server answered 401 UNAUTHORIZED: no"},
		"403":                             {answer(403, problemOf, `{"code":"PUBLISH_NOT_ALLOWED","detail":"no"}`), ErrNotAllowed, "the server answered 403 PUBLISH_NOT_ALLOWED: no"},
		"404 of another server":           {answer(404, "text/html", "<html>"), nil, "the server answered 404 Not Found"},
		"409 of another kind":             {answer(409, problemOf, `{"code":"OTHER"}`), nil, "the server answered 409 OTHER: "},
		"422":                             {answer(422, problemOf, `{"code":"IDEMPOTENCY_KEY_REUSED","detail":"no"}`), nil, "the server answered 422 IDEMPOTENCY_KEY_REUSED: no"},
		"a redirect":                      {answer(301, "text/html", "", "Location", "https://sse.test/api/sse"), nil, "the server answered 301 Moved Permanently: it is somewhere else; set the URL to what it redirects to"},
		"a page":                          {answer(200, "text/html", "<html>"), errNotJSON, "the answer is none of an sseactor"},
		"JSON of another server":          {answer(200, "application/json", `{"ok":true}`), errNotJSON, "the answer is none of an sseactor"},
		"an answer without an end":        {answer(200, "application/json", strings.Repeat(" ", 2<<20)), errNotJSON, "the answer is none of an sseactor"},
		"a batch of which some were sent": {answer(503, problemOf, `{"code":"PARTLY_SENT","detail":"some"}`, "Retry-After", "1"), ErrPartlySent, "the server answered 503 PARTLY_SENT: some"},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := try(t, func(int, *http.Request) (*http.Response, error) { return c.answer, nil }, nil, sendOne)
			assert.Len(t, a.times, 1)
			assert.EqualError(t, a.err, c.text)
			if c.want != nil {
				assert.ErrorIs(t, a.err, c.want)
			}
			assert.Empty(t, a.results)
			assert.Zero(t, a.took)
		})
	}
}

// The error says which field, and what was sent all the same.
func TestAnErrorSaysWhatItKnows(t *testing.T) {
	a := try(t, func(int, *http.Request) (*http.Response, error) {
		return answer(503, problemOf, `{"status":503,"code":"PARTLY_SENT","detail":"d","field":"f","results":[`+sent+`,{"success":false,"eventsSent":0,"code":"OVERLOADED"}]}`), nil
	}, nil, func(ctx context.Context, c *Client) ([]Result, error) {
		return c.Send(ctx, NewEvent("x", 1), NewEvent("y", 2))
	})
	assert.Equal(t, []Result{{EventsSent: 3, ID: "9-1", Persisted: true}}, a.results, "those that were sent")
	var refused *Error
	require.ErrorAs(t, a.err, &refused)
	assert.Equal(t, 503, refused.Status)
	assert.Equal(t, "f", refused.Field)
	assert.Equal(t, "d", refused.Detail)
	assert.ErrorIs(t, a.err, ErrPartlySent)
	assert.NotErrorIs(t, a.err, ErrOverloaded)
	assert.NotErrorIs(t, a.err, &Error{}, "an Error without a code is like no other")
}

func TestRetriesEnd(t *testing.T) {
	never := func(int, *http.Request) (*http.Response, error) {
		return answer(503, problemOf, `{"code":"OVERLOADED","detail":"d"}`), nil
	}
	for retries, want := range map[int]int{0: 4, 1: 2, 9: 10, -1: 1} {
		a := try(t, never, func(o *Options) { o.Retries = retries; o.Timeout = time.Minute }, sendOne)
		assert.Len(t, a.times, want)
		assert.ErrorIs(t, a.err, ErrOverloaded)
		if want > 1 {
			assert.Regexp(t, `^after \d+ attempts: the server answered 503 OVERLOADED: d$`, a.err.Error())
		}
		for n := 1; n < want; n++ {
			pause := a.times[n] - a.times[n-1]
			assert.LessOrEqual(t, pause, min(firstPause<<(n-1), longPause))
			assert.Positive(t, pause)
		}
	}
}

// Callers that failed together do not come back together.
func TestPausesDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		wait, again := pause(errRefused, 3)
		assert.True(t, again)
		seen[wait] = true
	}
	assert.Greater(t, len(seen), 10)
}

func TestTheServerSaysHowLongToWait(t *testing.T) {
	for header, want := range map[string]time.Duration{"2": 2 * time.Second, "Sat, 01 Jan 2000 00:00:03 GMT": 3 * time.Second, "soon": 0, "-1": 0} {
		a := try(t, func(n int, _ *http.Request) (*http.Response, error) {
			if n == 0 {
				return answer(429, problemOf, `{"code":"RATE_LIMITED"}`, "Retry-After", header), nil
			}
			return sentAnswer(), nil
		}, nil, sendOne)
		require.NoError(t, a.err)
		assert.GreaterOrEqual(t, a.times[1], want, header)
		assert.LessOrEqual(t, a.times[1], want+firstPause, header)
	}
	// Longer than the call may take: the answer is the answer.
	a := try(t, func(int, *http.Request) (*http.Response, error) {
		return answer(503, problemOf, `{"code":"JOURNAL_FULL"}`, "Retry-After", "3600"), nil
	}, nil, sendOne)
	assert.ErrorIs(t, a.err, &Error{Code: "JOURNAL_FULL"})
	assert.Len(t, a.times, 1)
	assert.Zero(t, a.took)
}

// An attempt that hangs is given up; all of them together take no longer than they may.
func TestTimeouts(t *testing.T) {
	hang := func(_ int, r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	a := try(t, hang, nil, sendOne)
	assert.ErrorIs(t, a.err, context.DeadlineExceeded)
	assert.GreaterOrEqual(t, a.took, 3*defaultTimeout)
	assert.LessOrEqual(t, a.took, 4*defaultTimeout)

	a = try(t, hang, nil, func(ctx context.Context, c *Client) ([]Result, error) {
		ctx, cancel := context.WithTimeout(ctx, 7*time.Second)
		defer cancel()
		return sendOne(ctx, c)
	})
	assert.ErrorIs(t, a.err, context.DeadlineExceeded)
	assert.Equal(t, 7*time.Second, a.took, "the caller's own time is over first")
	assert.Len(t, a.times, 2)

	why := errors.New("the job was cancelled")
	a = try(t, func(int, *http.Request) (*http.Response, error) {
		return answer(503, problemOf, `{"code":"OVERLOADED"}`, "Retry-After", "5"), nil
	}, nil, func(ctx context.Context, c *Client) ([]Result, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(time.Second, func() { cancel(why) })
		return sendOne(ctx, c)
	})
	assert.ErrorIs(t, a.err, why, "it does not wait longer than the caller")
	assert.ErrorIs(t, a.err, ErrOverloaded, "and says what it was waiting for")
	assert.Equal(t, time.Second, a.took)
}

func TestTheCallersOwnKey(t *testing.T) {
	a := try(t, func(n int, _ *http.Request) (*http.Response, error) { return sentAnswer(), nil }, nil, func(ctx context.Context, c *Client) ([]Result, error) {
		_, err := c.SendNotification(ctx, "Hello", Info, IdempotencyKey("job-42"))
		require.NoError(t, err)
		for range 2 {
			_, err = c.SendNotification(ctx, "Hello", Info)
		}
		return nil, err
	})
	require.NoError(t, a.err)
	assert.Equal(t, "job-42", a.keys[0])
	assert.NotEqual(t, a.keys[1], a.keys[2], "each call has its own")
}
