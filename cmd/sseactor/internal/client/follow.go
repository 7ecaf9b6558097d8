package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Follow opens a stream and calls each for its events, and opens it again from the
// last event when it breaks, until ctx ends, each says stop with an error, or the
// server says that there is no use in coming back (204, or a 4xx that waiting does
// not heal). told hears why it waits, and how long.
func (s Server) Follow(ctx context.Context, query url.Values, last string, each func(Event) error, told func(why error, wait time.Duration)) error {
	retry, failures := defaultRetry, 0
	for {
		began := time.Now()
		p, err := s.stream(ctx, query, last, each)
		if p != nil {
			last = p.LastEventID
			if p.Retry > 0 {
				retry = p.Retry
			}
		}
		var stop stopped
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &stop):
			return stop.why
		}
		// A stream that was well for a while begins the waiting anew.
		if failures++; time.Since(began) > healthy {
			failures = 0
		}
		wait := backoff(retry, failures)
		var full *Problem
		if errors.As(err, &full) && full.retryAfter > wait {
			wait = full.retryAfter
		}
		told(err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

const (
	defaultRetry = 3 * time.Second
	longestWait  = time.Minute
	healthy      = 5 * time.Second
)

// backoff waits what the server said at first; then twice as long at each failure,
// up to a minute, and a random part of it, so that clients do not come in step.
func backoff(retry time.Duration, failures int) time.Duration {
	if failures <= 1 {
		return retry
	}
	limit := min(retry<<min(failures-1, 10), max(longestWait, retry))
	return retry/2 + time.Duration(rand.Int64N(int64(limit)))
}

// stopped wraps what ends following for good; nil: the server wished it.
type stopped struct{ why error }

func (s stopped) Error() string { return fmt.Sprintf("stopped: %v", s.why) }

// stream reads one connection's events until it breaks.
func (s Server) stream(ctx context.Context, query url.Values, last string, each func(Event) error) (*Parser, error) {
	r, err := s.request(ctx, http.MethodGet, "/api/sse", query, nil)
	if err != nil {
		return nil, stopped{err}
	}
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	response, err := s.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusNoContent:
		return nil, stopped{nil}
	case status == http.StatusTooManyRequests || status >= 500:
		p := problem(response)
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // none: 0
		p.retryAfter = time.Duration(seconds) * time.Second
		return nil, p
	case status != http.StatusOK:
		return nil, stopped{problem(response)}
	case !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream"):
		return nil, stopped{ErrNotAStream}
	}
	p := NewParser(response.Body)
	p.LastEventID = last
	for {
		e, err := p.Next()
		if err != nil {
			return p, err
		}
		if err := each(e); err != nil {
			return p, stopped{err}
		}
	}
}
