package embed_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/embed"
	"github.com/sseactor/sseactor/transport/sseutils"
)

// problem reads an answer that is no stream.
func (s *stream) problem(status int) (p struct{ Code, Detail, Field string }) {
	s.t.Helper()
	require.Equal(s.t, status, s.response.StatusCode)
	assert.Equal(s.t, "application/problem+json", s.response.Header.Get("Content-Type"))
	body, err := io.ReadAll(s.response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(body, &p), string(body))
	return p
}

func TestWhoIsNotLetIn(t *testing.T) {
	var log bytes.Buffer
	live, err := embed.New(embed.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	defer live.Close()
	ask := func(method string, authorize func(*http.Request) (embed.Subscriber, error), header ...string) (*http.Response, string) {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/api/sse", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		live.Handler(authorize).ServeHTTP(w, r)
		body, err := io.ReadAll(w.Result().Body)
		require.NoError(t, err)
		return w.Result(), string(body)
	}
	refuse := func(err error) func(*http.Request) (embed.Subscriber, error) {
		return func(*http.Request) (embed.Subscriber, error) { return embed.Subscriber{}, err }
	}
	letIn := func(s embed.Subscriber) func(*http.Request) (embed.Subscriber, error) {
		return func(*http.Request) (embed.Subscriber, error) { return s, nil }
	}
	long := string(bytes.Repeat([]byte("x"), 200))
	many := make([]string, 65)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	for sentence, c := range map[string]struct {
		method    string
		authorize func(*http.Request) (embed.Subscriber, error)
		header    []string
		status    int
		want      string // in the body
	}{
		"not a GET":                       {"POST", refuse(errors.New("not asked")), nil, 405, `"METHOD_NOT_ALLOWED"`},
		"HEAD":                            {"HEAD", refuse(errors.New("not asked")), nil, 405, ``},
		"somebody who wants a page":       {"GET", refuse(errors.New("not asked")), []string{"Accept", "text/html"}, 406, `"NOT_ACCEPTABLE"`},
		"an error":                        {"GET", refuse(errors.New("SECRET")), nil, 401, `{"status":401,"title":"Unauthorized","code":"UNAUTHORIZED","detail":"sign in"}`},
		"a refusal":                       {"GET", refuse(&embed.Refusal{Status: 403, Code: "FORBIDDEN", Detail: "not you"}), nil, 403, `"code":"FORBIDDEN","detail":"not you"`},
		"a refusal within an error":       {"GET", refuse(fmt.Errorf("SECRET: %w", &embed.Refusal{Status: 403})), nil, 403, `{"status":403,"title":"Forbidden"}`},
		"a refusal without a status":      {"GET", refuse(&embed.Refusal{Code: "X"}), nil, 401, `"X"`},
		"who must not come back":          {"GET", refuse(&embed.Refusal{Status: 204}), nil, 204, ``},
		"who is to come back":             {"GET", refuse(&embed.Refusal{Status: 503, Code: "NO_DATABASE"}), nil, 503, `"NO_DATABASE"`},
		"a browser that is to come back":  {"GET", refuse(&embed.Refusal{Status: 503, Code: "NO_DATABASE"}), []string{"Accept", "text/event-stream"}, 200, `"NO_DATABASE"`},
		"a user's id that is none":        {"GET", letIn(embed.Subscriber{UserID: "a\nb"}), nil, 400, `"field":"userId"`},
		"a session's id that is none":     {"GET", letIn(embed.Subscriber{SessionID: long}), nil, 400, `"field":"sessionId"`},
		"a topic that is none":            {"GET", letIn(embed.Subscriber{Topics: []string{"a", "b c"}}), nil, 400, `"field":"topics[1]"`},
		"more topics than there may be":   {"GET", letIn(embed.Subscriber{Topics: many}), nil, 400, `"field":"topics"`},
		"a writer that is not a stream's": {"GET", letIn(embed.Subscriber{}), nil, 500, `"NO_STREAMS_HERE"`},
	} {
		t.Run(sentence, func(t *testing.T) {
			response, body := ask(c.method, c.authorize, c.header...)
			assert.Equal(t, c.status, response.StatusCode, body)
			if c.method != "HEAD" {
				assert.Contains(t, body, c.want)
			}
			assert.NotContains(t, body, "SECRET")
			if c.status == 503 {
				seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
				assert.NoError(t, err)
				assert.Positive(t, seconds)
			}
		})
	}
	assert.Contains(t, log.String(), "Unwrap method", "the log says what is wrong with the writer")
	assert.Contains(t, log.String(), "SECRET", "the program's own log has the program's own error")
	assert.Panics(t, func() { live.Handler(nil) })
}

func TestAFullServerSaysSoInTheStream(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p, func(s *setup) { s.MaxClients, s.MaxStreamsPerUser = 2, 1 })
		first, _ := r.open("userId=ann")
		check := func(code string, status int) {
			t.Helper()
			s := r.ask("userId=ann")
			require.Equal(t, 200, s.response.StatusCode)
			e := s.next()
			assert.Equal(t, "error", e.name)
			assert.Equal(t, code, e.json(t)["code"])
			ms, err := strconv.Atoi(e.retry)
			require.NoError(t, err)
			assert.True(t, 3000 <= ms && ms <= 13000, e.retry)
			s.end()
			plain := r.ask("userId=ann", "Accept", "*/*")
			assert.Equal(t, code, plain.problem(status).Code)
			assert.NotEmpty(t, plain.response.Header.Get("Retry-After"))
		}
		check(actor.CodeTooManyStreams, 429)
		r.open("userId=bob")
		check(actor.CodeMaxClients, 503)
		first.cut()
		r.streams(1)
		r.open("userId=ann")
		r.Close()
		check(actor.CodeServerShutdown, 503)
	})
}

// Every client is told, and nothing is left for http.Server.Shutdown to wait for.
func TestShutdown(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p)
		var all []*stream
		for range 5 {
			s, _ := r.open("userId=ann")
			all = append(all, s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var ending sync.WaitGroup
		ending.Go(func() {
			assert.NoError(t, r.Shutdown(ctx))
			ctx, cancel := context.WithTimeout(context.Background(), soon)
			defer cancel()
			assert.NoError(t, r.http.Config.Shutdown(ctx))
		})
		for _, s := range all {
			e := s.next()
			assert.Equal(t, actor.CodeServerShutdown, e.json(t)["code"])
			assert.NotEmpty(t, e.retry)
			s.end()
		}
		ending.Wait()
		_, err := r.Broadcast(t.Context(), "x", nil)
		assert.ErrorIs(t, err, sseutils.ErrShutdown)
		r.Close() // again
	})
}

// The deadlines of an http.Server are for requests.
func TestAStreamOutlivesTheServersDeadlines(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		const deadline = 300 * time.Millisecond
		r := startRig(t, p, func(s *setup) {
			s.HeartbeatInterval = 200 * time.Millisecond
			s.server.ReadTimeout, s.server.WriteTimeout, s.server.IdleTimeout = deadline, deadline, deadline
		})
		s, _ := r.open("userId=ann")
		for began := time.Now(); time.Since(began) < 4*deadline; {
			require.Equal(t, "heartbeat", s.next().name)
		}
	})
}

// A middleware's header fields are sent, but for what would not be true of a stream.
func TestAMiddlewaresHeader(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p, func(s *setup) {
			s.wrap = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Access-Control-Allow-Origin", "https://app.example")
					w.Header().Set("Content-Length", "3")
					w.Header().Set("Content-Type", "text/html")
					w.Header().Set("X-Split", "a\r\nX-Forged: b")
					next.ServeHTTP(&wrapped{w}, r)
				})
			}
		})
		s, _ := r.open("userId=ann")
		assert.Equal(t, "https://app.example", s.response.Header.Get("Access-Control-Allow-Origin"))
		assert.Empty(t, s.response.Header.Get("Content-Length"))
		assert.Empty(t, s.response.Header.Get("X-Forged"))
		assert.Equal(t, []string{"text/event-stream; charset=utf-8"}, s.response.Header.Values("Content-Type"))
	})
}

// wrapped is what a middleware puts in the place of a ResponseWriter.
type wrapped struct{ http.ResponseWriter }

func (w *wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A handler that panics takes its own stream with it, and no more. Over HTTP/1.1 the
// writer is out of the way by then.
func TestAWriterThatPanics(t *testing.T) {
	r := startRig(t, protocols[2], func(s *setup) {
		s.MaxClients = 1
		s.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("userId") == "mallory" {
					w = &panicking{wrapped{w}}
				}
				next.ServeHTTP(w, r)
			})
		}
	})
	panics := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		q, err := http.NewRequestWithContext(ctx, "GET", r.http.URL+"/?userId=mallory", nil)
		require.NoError(t, err)
		response, err := r.client.Do(q)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
		}
		assert.Error(t, err)
		assert.NoError(t, ctx.Err(), "the request hangs")
	}
	panics() // as it is let in
	r.streams(0)
	r.open("userId=ann")
	panics() // as it is refused
	r.streams(1)
}

type panicking struct{ wrapped }

func (p *panicking) WriteHeader(int) { panic("not today") }

// Many a middleware's writer has a Hijack whether or not the one that it wraps does, and
// over HTTP/2 that fails in its own words, or panics. Nobody may ask it there.
func TestAMiddlewareThatSeemsToBeAHijacker(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p, func(s *setup) {
			s.wrap = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(&seemingHijacker{wrapped{w}}, r)
				})
			}
		})
		s, _ := r.open("userId=ann")
		result, err := r.Broadcast(t.Context(), "x", nil)
		require.NoError(t, err)
		assert.Equal(t, result.ID, s.next().id)
	})
}

type seemingHijacker struct{ wrapped }

func (h *seemingHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hijacker, ok := h.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("the ResponseWriter doesn't support the Hijacker interface") // as negroni says it
	}
	return hijacker.Hijack()
}
