package sseutils

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Subscription says which stream to follow, and from where.
type Subscription struct {
	UserID    string // a key needs the scope admin for it
	SessionID string
	Topics    []string
	Device    string // of the user's; each has its own place in the user's mailbox
	// LastEventID is where to begin; empty: with what is sent from now on, and with what a
	// mailbox holds.
	LastEventID string
	// Waiting is told why the stream has ended, and after how long it is opened again. It
	// may be nil.
	Waiting func(why error, wait time.Duration)
}

func (s Subscription) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"userId": s.UserID, "sessionId": s.SessionID, "device": s.Device, "topics": strings.Join(s.Topics, ",")} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// Follow opens a stream and calls each for its events, and opens it again from the last
// event when it breaks or has been silent for too long. Delivery is at least once: a
// message's ID tells a repetition.
//
// It returns each's error if there is one, ctx's when that ends, an *Error where waiting
// heals nothing, and nil if the server says not to come back.
func (c *Client) Follow(ctx context.Context, s Subscription, each func(Message) error) error {
	f := follower{caller: c.server, http: c.server.http, query: s.query(), last: s.LastEventID, retry: defaultRetry, each: each}
	f.http.Timeout = 0 // a stream has none
	failures := 0
	for {
		err := f.once(ctx)
		var stop stopped
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &stop):
			return stop.why
		}
		// A stream that was well for a while begins the waiting anew.
		if failures++; f.wasHealthy() {
			failures = 0
		}
		wait := backoff(f.retry, failures)
		var refused *Error
		if errors.As(err, &refused) && refused.retryAfter > wait {
			wait = refused.retryAfter
		}
		if s.Waiting != nil {
			s.Waiting(err, wait)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

const (
	defaultRetry = 3 * time.Second
	longestWait  = time.Minute
	healthy      = 5 * time.Second
	// openTimeout bounds the wait for the answer's head, which comes at once.
	openTimeout = 30 * time.Second
	// defaultSilence is how long a stream may be silent if its server does not say how
	// often it sends a heartbeat; else it is so many intervals.
	defaultSilence   = 75 * time.Second
	silenceIntervals = 2.5
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

// ErrNotAStream is the answer of something else than an SSE server.
var ErrNotAStream = errors.New("the answer is no text/event-stream")

// ErrSilent is told to Subscription.Waiting: nothing has come for two and a half heartbeats,
// so the connection is taken for dead.
var ErrSilent = errors.New("the stream was silent for too long")

// follower is one Follow.
type follower struct {
	caller *caller
	http   http.Client
	query  url.Values
	last   string        // Last-Event-ID
	retry  time.Duration // as the server said last
	opened time.Time     // of the newest stream; zero: it was not
	each   func(Message) error
}

func (f *follower) wasHealthy() bool { return !f.opened.IsZero() && time.Since(f.opened) > healthy }

// once reads one connection's events until it breaks.
func (f *follower) once(ctx context.Context) error {
	f.opened = time.Time{}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(openTimeout, func() { cancel(ErrSilent) })
	defer watchdog.Stop()
	err := f.read(ctx, watchdog)
	if stop := (stopped{}); !errors.As(err, &stop) && errors.Is(context.Cause(ctx), ErrSilent) {
		return ErrSilent
	}
	return err
}

func (f *follower) read(ctx context.Context, watchdog *time.Timer) error {
	q, err := f.caller.newRequest(ctx, request{method: http.MethodGet, path: "/api/sse", query: f.query})
	if err != nil {
		return stopped{err}
	}
	q.Header.Set("Accept", "text/event-stream")
	if f.last != "" {
		q.Header.Set("Last-Event-ID", f.last)
	}
	response, err := f.http.Do(q)
	if err != nil {
		return withoutURL(err)
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusNoContent:
		return stopped{nil}
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500:
		return problem(response, maxProblem)
	case status != http.StatusOK:
		return stopped{problem(response, maxProblem)}
	case !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream"):
		return stopped{ErrNotAStream}
	}
	f.opened = time.Now()
	watchdog.Stop()
	alive := &watched{Reader: response.Body, watchdog: watchdog, silence: defaultSilence}
	p := newParser(alive)
	p.LastEventID = f.last
	for {
		m, err := p.Next()
		f.last = p.LastEventID
		if p.Retry > 0 {
			f.retry = p.Retry
		}
		if err != nil {
			return err
		}
		switch m.Type {
		case TypeConnection:
			alive.heartbeatOf(m)
			fallthrough
		case TypeHeartbeat, TypeError:
			m.ID = "" // it is the last event's; these have none
		}
		if err := f.each(m); err != nil {
			return stopped{err}
		}
	}
}

// maxProblem bounds what is read of an answer that is no stream.
const maxProblem = 64 << 10

// watched is a stream whose bytes, comments too, show that it is alive. Its watchdog sleeps
// while nobody reads: who is busy with an event has not lost the connection.
type watched struct {
	io.Reader
	watchdog *time.Timer
	silence  time.Duration
}

func (w *watched) Read(b []byte) (int, error) {
	w.watchdog.Reset(w.silence)
	defer w.watchdog.Stop()
	return w.Reader.Read(b)
}

// heartbeatOf reads how long the server is silent at most.
func (w *watched) heartbeatOf(greeting Message) {
	var says struct{ HeartbeatInterval float64 } // milliseconds
	if greeting.Decode(&says) == nil && says.HeartbeatInterval >= 1 {
		w.silence = time.Duration(min(says.HeartbeatInterval*silenceIntervals, float64((24*time.Hour).Milliseconds()))) * time.Millisecond
	}
}
