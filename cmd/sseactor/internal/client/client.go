// Package client talks to a server for the subcommands: it publishes events and
// follows a stream.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Server is a server to talk to.
type Server struct {
	URL  string // as http://localhost:8080
	Key  string // API key; empty: none
	HTTP *http.Client
}

// Problem is an answer that is not a success.
type Problem struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`

	retryAfter time.Duration
}

func (p *Problem) Error() string {
	if p.Code == "" {
		return fmt.Sprintf("the server answered %d %s", p.Status, http.StatusText(p.Status))
	}
	return fmt.Sprintf("the server answered %d %s: %s", p.Status, p.Code, p.Detail)
}

func (s Server) request(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Request, error) {
	target, err := url.JoinPath(s.URL, path)
	if err != nil {
		return nil, fmt.Errorf("the server's URL: %w", err)
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if s.Key != "" {
		r.Header.Set("Authorization", "Bearer "+s.Key)
	}
	return r, nil
}

// problem reads an answer that is not a success.
func problem(response *http.Response) *Problem {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && strings.HasSuffix(response.Header.Get("Content-Type"), "json") {
		_ = json.Unmarshal(body, p) // without it the status must do
	}
	p.Status = response.StatusCode
	return p
}

// Publish sends the JSON of an event or a batch, and returns the server's answer.
// A repeated call with the same idempotency key sends nothing again.
func (s Server) Publish(ctx context.Context, event []byte, idempotencyKey string) ([]byte, error) {
	r, err := s.request(ctx, http.MethodPost, "/api/sse", nil, event)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if idempotencyKey != "" {
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	response, err := s.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, problem(response)
	}
	return io.ReadAll(response.Body)
}

// Ready asks whether the server is ready.
func (s Server) Ready(ctx context.Context) error {
	r, err := s.request(ctx, http.MethodGet, "/readyz", nil, nil)
	if err != nil {
		return err
	}
	response, err := s.HTTP.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return problem(response)
	}
	return nil
}

// ErrNotAStream is the answer of something else than an SSE server.
var ErrNotAStream = errors.New("the answer is no text/event-stream")
