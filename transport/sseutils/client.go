package sseutils

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Options say which server a Client talks to, and how patiently.
type Options struct {
	// URL is the server's, as "http://localhost:8080".
	URL string
	// APIKey is one with the scopes that are needed: publish to send, metrics for the
	// metrics, admin to disconnect and to follow a user's stream. It never reaches a log or
	// an error.
	APIKey string
	// Timeout bounds one attempt (default 5 s). A call takes at most as long as all its
	// attempts may, and no longer than its context.
	Timeout time.Duration
	// Retries is how often a call is tried again after a failure that may pass (default 3;
	// negative: never).
	Retries int
	// HTTPClient makes the requests (default http.DefaultClient).
	HTTPClient *http.Client
	// OnError is told each error of a call that sends, which is returned as well.
	OnError func(error)
}

const (
	defaultTimeout = 5 * time.Second
	defaultRetries = 3
)

// String leaves the key out.
func (o Options) String() string {
	key := "none"
	if o.APIKey != "" {
		key = "hidden"
	}
	return fmt.Sprintf("{URL:%s APIKey:%s Timeout:%v Retries:%d}", o.safeURL(), key, o.Timeout, o.Retries)
}

// GoString leaves the key out.
func (o Options) GoString() string { return "sseutils.Options" + o.String() }

// LogValue leaves the key out.
func (o Options) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", o.safeURL()), slog.Bool("apiKey", o.APIKey != ""),
		slog.Duration("timeout", o.Timeout), slog.Int("retries", o.Retries))
}

// MarshalJSON leaves the key out.
func (o Options) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }

// safeURL is the URL without a password in it.
func (o Options) safeURL() string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "(faulty)"
	}
	return u.Redacted()
}

// Client talks to a server: it sends with Utils, and asks for what only a server has. Safe
// for concurrent use.
type Client struct {
	*Utils
	server *caller
}

// New makes a client. It does not connect: the first call does.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the server's URL: %w", withoutURL(err))
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, errors.New(`the server's URL: not of the form "https://events.example.com"`)
	}
	c := &caller{base: base, key: o.APIKey, timeout: o.Timeout, retries: o.Retries, http: http.Client{}}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.retries == 0 {
		c.retries = defaultRetries
	}
	c.retries = max(c.retries, 0)
	if o.HTTPClient != nil {
		c.http = *o.HTTPClient
	}
	// Go would follow a redirect of a POST with a GET, which opens a stream.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{NewUtils(c, o.OnError), c}, nil
}

// String leaves the key out.
func (c *Client) String() string { return "sseutils.Client(" + c.server.base.Redacted() + ")" }

// LogValue leaves the key out.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Metrics is the server's account of itself; it has more fields than these.
type Metrics struct {
	ActiveConnections int    `json:"activeConnections"`
	TotalConnections  uint64 `json:"totalConnections"`
	EventsDispatched  uint64 `json:"eventsDispatched"`
	Errors            uint64 `json:"errors"`

	MaxClients  int       `json:"maxClients"`
	Users       int       `json:"users"`
	Sessions    int       `json:"sessions"`
	Topics      int       `json:"topics"`
	Deliveries  uint64    `json:"deliveries"`
	Dropped     uint64    `json:"dropped"`
	LastEventID string    `json:"lastEventId"`
	Draining    bool      `json:"draining"`
	Timestamp   time.Time `json:"timestamp"`
}

// GetMetrics asks the server for its account of itself. The key needs the scope metrics.
func (c *Client) GetMetrics(ctx context.Context) (*Metrics, error) {
	m := &Metrics{}
	if err := c.server.ask(ctx, request{method: http.MethodGet, path: "/api/sse/metrics"}, m); err != nil {
		return nil, err
	}
	if m.Timestamp.IsZero() { // or anybody's JSON would be a server without streams
		return nil, errNotJSON
	}
	return m, nil
}

// GetActiveClientCount is how many streams are open.
func (c *Client) GetActiveClientCount(ctx context.Context) (int, error) {
	m, err := c.GetMetrics(ctx)
	if err != nil {
		return 0, err
	}
	return m.ActiveConnections, nil
}

// Ticket opens one stream, for a page that can't send a header with its request.
type Ticket struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expiresAt"`
	URL       string    `json:"url"` // path and query, which holds the ticket
}

// CreateTicket makes a ticket for the stream of a user, a session or of topics.
func (c *Client) CreateTicket(ctx context.Context, whose ...Target) (*Ticket, error) {
	to, err := Resolve(whose...)
	switch {
	case err != nil:
		return nil, err
	case len(to.ClientIDs) > 0:
		return nil, invalid("clientIds", "a ticket is for a user, a session or topics")
	}
	body, err := json.Marshal(to)
	if err != nil {
		return nil, err
	}
	t := &Ticket{}
	if err := c.server.ask(ctx, request{method: http.MethodPost, path: "/api/sse/ticket", body: body}, t); err != nil {
		return nil, err
	}
	if t.Ticket == "" {
		return nil, errNotJSON
	}
	return t, nil
}

// Disconnect ends the streams of a user, a session, a topic or those that are all of that,
// or a single one, and says how many they were. Their clients reconnect. The key needs the
// scope admin.
func (c *Client) Disconnect(ctx context.Context, whose ...Target) (int, error) {
	return c.disconnect(ctx, 0, whose)
}

// DisconnectFor is Disconnect of a user or a session that must not come back for so long,
// which makes their EventSource give up.
func (c *Client) DisconnectFor(ctx context.Context, block time.Duration, whose Target) (int, error) {
	if block <= 0 {
		return 0, invalid("block", "not positive")
	}
	return c.disconnect(ctx, block, []Target{whose})
}

func (c *Client) disconnect(ctx context.Context, block time.Duration, whose []Target) (int, error) {
	to, err := Resolve(whose...)
	if err != nil {
		return 0, err
	}
	r := request{method: http.MethodDelete, path: "/api/sse/admin/clients", query: url.Values{}}
	for name, value := range map[string]string{"userId": to.UserID, "sessionId": to.SessionID} {
		if value != "" {
			r.query.Set(name, value)
		}
	}
	switch {
	case len(to.Topics) == 1:
		r.query.Set("topic", to.Topics[0])
	case len(to.Topics) > 1:
		return 0, invalid("topics", "one at a time")
	}
	switch {
	case len(to.ClientIDs) > 1 || len(to.ClientIDs) == 1 && len(r.query) > 0:
		return 0, invalid("clientIds", "one at a time, and nothing beside it")
	case len(to.ClientIDs) == 1 && block > 0:
		return 0, invalid("block", "only a user or a session can be kept out")
	case len(to.ClientIDs) == 1:
		r.path += "/" + url.PathEscape(to.ClientIDs[0])
	case len(r.query) == 0:
		return 0, invalid("", "say whose streams are to end: a user's, a session's, a topic's, or which one")
	}
	if block > 0 {
		r.query.Set("block", block.String())
	}
	var answer struct{ Disconnected *int }
	if err := c.server.ask(ctx, r, &answer); err != nil {
		return 0, err
	}
	if answer.Disconnected == nil {
		return 0, errNotJSON
	}
	return *answer.Disconnected, nil
}

// Ready asks once whether the server is ready; nil: it is.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.server.attempt(ctx, request{method: http.MethodGet, path: "/readyz"}, time.Now().Add(c.server.timeout))
	return err
}
