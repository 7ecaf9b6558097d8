package sseutils

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// caller makes a client's requests, each as often as it takes. It is the Publisher of a
// Client.
type caller struct {
	base    *url.URL
	key     string
	timeout time.Duration // of one attempt
	retries int
	http    http.Client
}

// request is one request, which may be sent several times.
type request struct {
	method, path string
	query        url.Values
	body         []byte
	once         string // the Idempotency-Key; empty: none
}

// answered is what the server says of one event.
type answered struct {
	Success    bool
	EventsSent int
	Event      struct{ ID string }
	Persisted  bool
}

func (a answered) result() Result { return Result{a.EventsSent, a.Event.ID, a.Persisted} }

// Publish implements Publisher.
func (c *caller) Publish(ctx context.Context, r Request) ([]Result, error) {
	if r.IdempotencyKey == "" {
		r.IdempotencyKey = rand.Text()
	}
	var answer struct {
		answered
		Results []answered
	}
	err := c.ask(ctx, request{method: http.MethodPost, path: "/api/sse", body: r.Body, once: r.IdempotencyKey}, &answer)
	if err != nil {
		var refused *Error
		if errors.As(err, &refused) {
			return refused.results, err
		}
		return nil, err
	}
	if r.Events == 1 {
		answer.Results = []answered{answer.answered}
	}
	if len(answer.Results) != r.Events || !answer.Success {
		return nil, errNotJSON
	}
	results := make([]Result, r.Events)
	for i, a := range answer.Results {
		results[i] = a.result()
	}
	return results, nil
}

// errNotJSON is the answer of something else, such as a proxy's page to sign in.
var errNotJSON = errors.New("the answer is none of an sseactor")

// ask sends a request until it is answered, and reads the answer's JSON.
func (c *caller) ask(ctx context.Context, r request, answer any) error {
	deadline := time.Now().Add(time.Duration(c.retries+1) * c.timeout)
	for tried := 1; ; tried++ {
		body, err := c.attempt(ctx, r, deadline)
		if err == nil {
			if json.Unmarshal(body, answer) != nil {
				return errNotJSON
			}
			return nil
		}
		if tried > 1 {
			err = fmt.Errorf("after %d attempts: %w", tried, err)
		}
		wait, again := pause(err, tried)
		if !again || tried > c.retries || ctx.Err() != nil || time.Now().Add(wait).After(deadline) {
			return err
		}
		if end, ok := ctx.Deadline(); ok && time.Now().Add(wait).After(end) {
			return err // the answer says more than that the time is over
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w; before that: %w", context.Cause(ctx), err)
		}
	}
}

// The pauses between attempts.
const (
	firstPause = 200 * time.Millisecond
	longPause  = 5 * time.Second
)

// pause is how long to wait before the attempt after so many, and whether one may help.
// The wait is a random part of one that doubles, so that callers that failed together do
// not come back together, behind what the server has asked for.
func pause(err error, tried int) (wait time.Duration, again bool) {
	limit := min(firstPause<<min(tried-1, 10), longPause)
	wait = time.Duration(mathrand.Int64N(int64(limit))) + 1
	var refused *Error
	if !errors.As(err, &refused) {
		return wait, !errors.Is(err, errNotJSON) // of the network
	}
	switch {
	case refused.Code == ErrPartlySent.Code:
		return 0, false // what was sent would be sent again
	case refused.Code == "IDEMPOTENCY_KEY_IN_USE": // by the attempt before, whose answer got lost
	case refused.Status == http.StatusRequestTimeout, refused.Status == http.StatusTooEarly, refused.Status == http.StatusTooManyRequests:
	case refused.Status >= 500:
	default:
		return 0, false // waiting does not heal it
	}
	return refused.retryAfter + wait, true
}

// newRequest makes the request of an attempt.
func (c *caller) newRequest(ctx context.Context, r request) (*http.Request, error) {
	target := c.base.JoinPath(r.path)
	target.RawQuery = r.query.Encode()
	q, err := http.NewRequestWithContext(ctx, r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if c.key != "" {
		q.Header.Set("Authorization", "Bearer "+c.key)
	}
	if len(r.body) > 0 {
		q.Header.Set("Content-Type", "application/json")
	}
	if r.once != "" {
		q.Header.Set("Idempotency-Key", r.once)
	}
	q.Header.Set("User-Agent", "sseutils-go")
	return q, nil
}

// attempt sends a request once, before the deadline, and gives the answer's body. The error
// is an *Error if it was answered.
func (c *caller) attempt(ctx context.Context, r request, deadline time.Time) ([]byte, error) {
	if own := time.Now().Add(c.timeout); own.Before(deadline) {
		deadline = own
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	q, err := c.newRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(q)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer response.Body.Close()
	// The server repeats the events' data, and adds some words to each.
	most := 1<<20 + 16*int64(len(r.body))
	if response.StatusCode != http.StatusOK {
		return nil, problem(response, most)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case int64(len(body)) > most:
		return nil, errNotJSON
	}
	return body, nil
}

// withoutURL leaves the URL out of an error, which may hold a sessionId.
func withoutURL(err error) error {
	if fault := (*url.Error)(nil); errors.As(err, &fault) {
		return fault.Err
	}
	return err
}
