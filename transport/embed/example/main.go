// Command example is a net/http server with an embedded hub: its own endpoint that
// notifies people, and the streams on which they hear of it.
//
//	go run ./transport/embed/example
//
// It prints the commands to try it with.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/transport/embed"
	"github.com/sseactor/sseactor/transport/sseutils"
)

func main() {
	addr := flag.String("addr", "localhost:8090", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ln, err := net.Listen("tcp", *addr)
	if err == nil {
		err = run(ctx, ln)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

// run serves on ln until ctx ends, and then ends the streams before the requests: each
// client is told when to come back.
func run(ctx context.Context, ln net.Listener) error {
	live, err := embed.New(embed.Options{Log: slog.Default()})
	if err != nil {
		return err
	}
	defer live.Close()
	server := &http.Server{Handler: routes(live), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	fmt.Printf(`Listen as ann, and in another terminal tell her something:

  curl -N 'http://%[1]s/api/sse?topics=news' --user ann:
  curl http://%[1]s/orders -d '{"user":"ann","order":7}'

Come back with the id of the last event that you have, and get what you have missed:

  curl -N 'http://%[1]s/api/sse?topics=news' --user ann: -H 'Last-Event-ID: …'
`, ln.Addr())

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(live.Shutdown(ending), server.Shutdown(ending))
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// routes is the app.
func routes(live *embed.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /api/sse", live.Handler(authorize))
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		var order struct {
			User  string
			Order int
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&order); err != nil {
			http.Error(w, "not an order", http.StatusBadRequest)
			return
		}
		// An order without a user is an error here, and not news for everybody.
		result, err := live.SendNotification(r.Context(), fmt.Sprintf("Order %d was paid", order.Order), sseutils.Success, sseutils.User(order.User))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		fmt.Fprintf(w, "told %d streams, with the id %s\n", result.EventsSent, result.ID)
	})
	return mux
}

// authorize says whose stream it is. A real app looks into its session; this one takes
// anybody's word for a name, so that curl is all that is needed.
func authorize(r *http.Request) (embed.Subscriber, error) {
	user, _, ok := r.BasicAuth()
	if !ok {
		return embed.Subscriber{}, errors.New("no user is given")
	}
	for _, topic := range embed.RequestedTopics(r) {
		if topic != "news" {
			return embed.Subscriber{}, &embed.Refusal{Status: http.StatusForbidden, Code: "TOPIC_NOT_ALLOWED", Detail: "there is only news"}
		}
	}
	return embed.Subscriber{UserID: user, Topics: embed.RequestedTopics(r)}, nil
}
