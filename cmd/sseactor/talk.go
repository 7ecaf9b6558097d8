package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/cmd/sseactor/internal/client"
)

// The commands that talk to a running server. The variables are not SSEACTOR_…,
// which are the server's settings.
const (
	envURL = "SSE_URL"
	envKey = "SSE_KEY"
)

// talkFlags declares the flags that these commands have in common.
func talkFlags(name, arguments string, std stdio) (*flag.FlagSet, *client.Server, *string) {
	f := newFlags(name, arguments, std)
	server := &client.Server{HTTP: http.DefaultClient}
	address := std.getenv(envURL)
	if address == "" {
		address = "http://localhost:8080"
	}
	f.StringVar(&server.URL, "url", address, "the server, also from the environment as "+envURL)
	keyFile := f.String("key-file", "", "a file that holds the API key; else it is taken from the environment as "+envKey)
	return f, server, keyFile
}

// parse reads the flags, and the key: from a file or the environment, not from the
// command line, where other users of the machine could read it.
func parse(f *flag.FlagSet, args []string, server *client.Server, keyFile *string, std stdio) error {
	if err := parseFlags(f, args); err != nil {
		return err
	}
	server.Key = std.getenv(envKey)
	if *keyFile != "" {
		b, err := os.ReadFile(*keyFile)
		if err != nil {
			return fmt.Errorf("read the API key: %w", err)
		}
		server.Key = strings.TrimSpace(string(b))
	}
	return nil
}

// send publishes one event.
func send(ctx context.Context, args []string, std stdio) error {
	f, server, keyFile := talkFlags("send", "DATA   (JSON, or text; - reads standard input)", std)
	event := map[string]any{}
	text := func(flagName, field, help string) {
		f.Func(flagName, help, func(s string) error { event[field] = s; return nil })
	}
	list := func(flagName, field, help string) {
		f.Func(flagName, help, func(s string) error { event[field] = strings.Split(s, ","); return nil })
	}
	text("event", "event", "the event's name (default: message)")
	text("user", "userId", "send to a user's streams")
	text("session", "sessionId", "send to a session's streams")
	list("topics", "topics", "send to the subscribers of topics, separated by commas")
	list("clients", "clientIds", "send to single streams, by their client ids, separated by commas")
	text("id", "id", "the event's id (default: the server assigns one)")
	text("priority", "priority", "low, normal or high")
	key := f.String("idempotency-key", "", "the same key again sends nothing again (default: a random one)")
	timeout := f.Duration("timeout", 10*time.Second, "how long to wait for the server")
	if err := parse(f, args, server, keyFile, std); err != nil {
		return err
	}
	if f.NArg() != 1 {
		f.Usage()
		return fmt.Errorf("%w: send takes one argument, the data", errUsage)
	}
	data := []byte(f.Arg(0))
	if f.Arg(0) == "-" {
		var err error
		if data, err = io.ReadAll(std.in); err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
	}
	if json.Valid(data) {
		event["data"] = json.RawMessage(data)
	} else {
		event["data"] = string(data)
	}
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode the event: %w", err)
	}
	if *key == "" {
		*key = rand.Text()
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	answer, err := server.Publish(ctx, body, *key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s\n", answer)
	return err
}

// tail prints a stream as it comes.
func tail(ctx context.Context, args []string, std stdio) error {
	f, server, keyFile := talkFlags("tail", "", std)
	session := f.String("session", "", "the session to listen as (default: a new one)")
	user := f.String("user", "", "the user to listen as; needs an API key with the scope admin")
	topics := f.String("topics", "", "topics to subscribe to, separated by commas")
	last := f.String("last-event-id", "", "resume after this event")
	asJSON := f.Bool("json", false, "print each event as a line of JSON")
	all := f.Bool("all", false, "print heartbeats too")
	if err := parse(f, args, server, keyFile, std); err != nil {
		return err
	}
	query := url.Values{}
	for name, value := range map[string]string{"sessionId": *session, "userId": *user, "topics": *topics} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if *session == "" && *user == "" {
		query.Set("sessionId", "tail-"+rand.Text())
	}
	return server.Follow(ctx, query, *last, func(e client.Event) error {
		switch e.Type {
		case sse.NameHeartbeat:
			if !*all {
				return nil
			}
			fallthrough
		case sse.NameConnection, sse.NameError:
			e.ID = "" // it is the last event's; these have none
		}
		return printEvent(std.out, e, *asJSON)
	}, func(why error, wait time.Duration) {
		fmt.Fprintf(std.err, "the stream ended (%v); back in %v\n", why, wait.Round(time.Millisecond))
	})
}

func printEvent(w io.Writer, e client.Event, asJSON bool) error {
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
	f, server, keyFile := talkFlags("healthcheck", "", std)
	timeout := f.Duration("timeout", 3*time.Second, "how long to wait for the server")
	if err := parse(f, args, server, keyFile, std); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	return server.Ready(ctx)
}
