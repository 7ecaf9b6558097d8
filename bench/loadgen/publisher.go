package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"
)

// Event is what a publisher posts. Fields that are left out are not sent.
type Event struct {
	Event     string   `json:"event,omitempty"`
	Data      any      `json:"data"`
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	ClientIDs []string `json:"clientIds,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	Priority  string   `json:"priority,omitempty"`
	ID        string   `json:"id,omitempty"`
	// Persistent events are kept for receivers that are away, for TTL seconds if that is
	// not zero.
	Persistent bool `json:"persistent,omitempty"`
	TTL        int  `json:"ttl,omitempty"`
}

// Answer is the server's to one event.
type Answer struct {
	Success    bool `json:"success"`
	EventsSent int  `json:"eventsSent"`
	Persisted  bool `json:"persisted"` // it will survive the end of the server
	Event      struct {
		ID string `json:"id"`
	} `json:"event"`
}

// StatusError is an answer other than 200.
type StatusError struct {
	Status     int
	RetryAfter string
	Body       string
}

// Code is the stable code of the problem; empty: the body has none.
func (e *StatusError) Code() string { return string(jsonText([]byte(e.Body), "code")) }

func (e *StatusError) Error() string {
	return fmt.Sprintf("status %d: %.200s", e.Status, e.Body)
}

// Publisher posts events, and reads the server's own figures, over connections
// that it keeps. Safe for concurrent use; a lane's order only holds if each
// post waits for the answer to the one before.
type Publisher struct {
	base   string
	key    string
	client *http.Client
}

// NewPublisher is for a server and an API key with the scopes publish, metrics
// and admin.
func NewPublisher(target netip.AddrPort, key string) *Publisher {
	return &Publisher{
		base: "http://" + target.String(),
		key:  key,
		client: &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: Lanes, DisableCompression: true},
		},
	}
}

// Publish posts one event.
func (p *Publisher) Publish(ctx context.Context, e Event) (Answer, error) {
	var a Answer
	body, err := p.post(ctx, e)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("answer to an event: %w: %.200s", err, body)
	}
	return a, nil
}

// PublishBatch posts events in one request.
func (p *Publisher) PublishBatch(ctx context.Context, events []Event) ([]Answer, error) {
	body, err := p.post(ctx, events)
	if err != nil {
		return nil, err
	}
	answers, err := decodeBatch(body)
	if err == nil && len(answers) != len(events) {
		err = fmt.Errorf("%d results for a batch of %d", len(answers), len(events))
	}
	return answers, err
}

// decodeBatch takes the results as a bare array or in a field of an object.
func decodeBatch(body []byte) (answers []Answer, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte{'['}) {
		err = json.Unmarshal(body, &answers)
		return answers, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fmt.Errorf("answer to a batch: %w: %.200s", err, body)
	}
	for _, name := range []string{"results", "events"} {
		if raw, ok := fields[name]; ok {
			err = json.Unmarshal(raw, &answers)
			return answers, err
		}
	}
	return nil, fmt.Errorf("answer to a batch has no results: %.200s", body)
}

func (p *Publisher) post(ctx context.Context, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, http.MethodPost, "/api/sse", body)
}

// Ack is up to where a device has what is kept for a user or a session.
type Ack struct {
	ID        string `json:"id"`
	Device    string `json:"device,omitempty"`
	UserID    string `json:"userId,omitempty"`
	SessionID string `json:"sessionId,omitempty"`
}

// Ack acknowledges.
func (p *Publisher) Ack(ctx context.Context, a Ack) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = p.ask(ctx, http.MethodPost, "/api/sse/ack", body)
	return err
}

// Disconnect has an operator end a stream; it reports whether it was still there.
func (p *Publisher) Disconnect(ctx context.Context, clientID string) (bool, error) {
	_, err := p.ask(ctx, http.MethodDelete, "/api/sse/admin/clients/"+clientID, nil)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// Reset has a server in development forget everything.
func (p *Publisher) Reset(ctx context.Context) error {
	_, err := p.ask(ctx, http.MethodPost, "/api/sse/reset", nil)
	return err
}

// Get reads a path of the server.
func (p *Publisher) Get(ctx context.Context, path string) ([]byte, error) {
	return p.ask(ctx, http.MethodGet, path, nil)
}

func (p *Publisher) ask(ctx context.Context, method, path string, sent []byte) (body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	res, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err = io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, &StatusError{Status: res.StatusCode, RetryAfter: res.Header.Get("Retry-After"), Body: string(body)}
	}
	return body, nil
}

// Close ends the connections that are kept.
func (p *Publisher) Close() { p.client.CloseIdleConnections() }
