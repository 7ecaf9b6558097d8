package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sseactor/sseactor/transport/sseutils"
)

// The commands that talk to a running server. The variables are not SSEACTOR_…,
// which are the server's settings.
const (
	envURL = "SSE_URL"
	envKey = "SSE_KEY"
)

// talker is a command that talks to a server.
type talker struct {
	*flag.FlagSet
	std     stdio
	options sseutils.Options
	keyFile string
}

// talkFlags declares the flags that these commands have in common.
func talkFlags(name, arguments string, std stdio) *talker {
	t := &talker{FlagSet: newFlags(name, arguments, std), std: std}
	address := std.getenv(envURL)
	if address == "" {
		address = "http://localhost:8080"
	}
	t.StringVar(&t.options.URL, "url", address, "the server, also from the environment as "+envURL)
	t.StringVar(&t.keyFile, "key-file", "", "a file that holds the API key; else it is taken from the environment as "+envKey)
	return t
}

// parse reads the flags, and the key: from a file or the environment, not from the
// command line, where other users of the machine could read it.
func (t *talker) parse(args []string) error {
	if err := parseFlags(t.FlagSet, args); err != nil {
		return err
	}
	t.options.APIKey = t.std.getenv(envKey)
	if t.keyFile != "" {
		b, err := os.ReadFile(t.keyFile)
		if err != nil {
			return fmt.Errorf("read the API key: %w", err)
		}
		t.options.APIKey = strings.TrimSpace(string(b))
	}
	return nil
}

// send publishes one event.
func send(ctx context.Context, args []string, std stdio) error {
	t := talkFlags("send", "DATA   (JSON, or text; - reads standard input)", std)
	var options []sseutils.Option
	option := func(name, help string, of func(string) sseutils.Option) {
		t.Func(name, help, func(s string) error { options = append(options, of(s)); return nil })
	}
	list := func(of func(...string) sseutils.Target) func(string) sseutils.Option {
		return func(s string) sseutils.Option { return of(strings.Split(s, ",")...) }
	}
	name := t.String("event", "message", "the event's name")
	option("user", "send to a user's streams", func(s string) sseutils.Option { return sseutils.User(s) })
	option("session", "send to a session's streams", func(s string) sseutils.Option { return sseutils.Session(s) })
	option("topics", "send to the subscribers of topics, separated by commas", list(sseutils.Topics))
	option("clients", "send to single streams, by their client ids, separated by commas", list(sseutils.Clients))
	option("id", "the event's id (default: the server assigns one)", sseutils.ID)
	option("priority", "low, normal or high", func(s string) sseutils.Option { return sseutils.Priority(s) })
	option("idempotency-key", "the same key again sends nothing again (default: a random one)", sseutils.IdempotencyKey)
	timeout := t.Duration("timeout", 10*time.Second, "how long to wait for the server")
	if err := t.parse(args); err != nil {
		return err
	}
	if t.NArg() != 1 {
		t.Usage()
		return fmt.Errorf("%w: send takes one argument, the data", errUsage)
	}
	data, err := t.data(t.Arg(0))
	if err != nil {
		return err
	}
	client, err := sseutils.New(t.options)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	result, err := client.SendCustomEvent(ctx, *name, data, options...)
	if err != nil {
		return err
	}
	return printResult(std.out, *name, data, result)
}

// data is what an argument gives to send: JSON, or text.
func (t *talker) data(argument string) (any, error) {
	text := []byte(argument)
	if argument == "-" {
		var err error
		if text, err = io.ReadAll(t.std.in); err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
	}
	if json.Valid(text) {
		return json.RawMessage(text), nil
	}
	return string(text), nil
}

// printResult prints what became of an event as the server says it.
func printResult(w io.Writer, name string, data any, r sseutils.Result) error {
	type event struct {
		Type string `json:"type"`
		Data any    `json:"data"`
		ID   string `json:"id"`
	}
	return json.NewEncoder(w).Encode(struct {
		Success    bool  `json:"success"`
		EventsSent int   `json:"eventsSent"`
		Event      event `json:"event"`
		Persisted  bool  `json:"persisted,omitempty"`
	}{true, r.EventsSent, event{name, data, r.ID}, r.Persisted})
}

// tail prints a stream as it comes.
func tail(ctx context.Context, args []string, std stdio) error {
	t := talkFlags("tail", "", std)
	stream := sseutils.Subscription{Waiting: func(why error, wait time.Duration) {
		fmt.Fprintf(std.err, "the stream ended (%v); back in %v\n", why, wait.Round(time.Millisecond))
	}}
	t.StringVar(&stream.SessionID, "session", "", "the session to listen as (default: a new one)")
	t.StringVar(&stream.UserID, "user", "", "the user to listen as; needs an API key with the scope admin")
	t.StringVar(&stream.LastEventID, "last-event-id", "", "resume after this event")
	topics := t.String("topics", "", "topics to subscribe to, separated by commas")
	asJSON := t.Bool("json", false, "print each event as a line of JSON")
	all := t.Bool("all", false, "print heartbeats too")
	if err := t.parse(args); err != nil {
		return err
	}
	if *topics != "" {
		stream.Topics = strings.Split(*topics, ",")
	}
	if stream.SessionID == "" && stream.UserID == "" {
		stream.SessionID = "tail-" + rand.Text()
	}
	client, err := sseutils.New(t.options)
	if err != nil {
		return err
	}
	err = client.Follow(ctx, stream, func(m sseutils.Message) error {
		if m.Type == sseutils.TypeHeartbeat && !*all {
			return nil
		}
		return printEvent(std.out, m, *asJSON)
	})
	if ctx.Err() != nil {
		return nil // the signal is its proper end
	}
	return err
}

func printEvent(w io.Writer, e sseutils.Message, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			Time  time.Time `json:"time"`
			Event string    `json:"event"`
			ID    string    `json:"id,omitempty"`
			Data  string    `json:"data"`
		}{time.Now().UTC(), e.Type, e.ID, e.Data})
	}
	_, err := fmt.Fprintf(w, "%s  %s  %s\n    %s\n", time.Now().Format("15:04:05.000"), e.Type, e.ID, strings.ReplaceAll(e.Data, "\n", "\n    "))
	return err
}

// healthcheck exits 0 if the server is ready.
func healthcheck(ctx context.Context, args []string, std stdio) error {
	t := talkFlags("healthcheck", "", std)
	t.DurationVar(&t.options.Timeout, "timeout", 3*time.Second, "how long to wait for the server")
	if err := t.parse(args); err != nil {
		return err
	}
	client, err := sseutils.New(t.options)
	if err != nil {
		return err
	}
	return client.Ready(ctx)
}
