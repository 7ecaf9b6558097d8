package sseutils_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sseactor/sseactor/transport/sseutils"
)

// A server for the examples; a program has the URL of its own.
func exampleClient() (live *sseutils.Client, stop func()) {
	base, end := startServer()
	connections := &http.Transport{}
	live, err := sseutils.New(sseutils.Options{URL: base, APIKey: opsKey, HTTPClient: &http.Client{Transport: connections}})
	if err != nil {
		panic(err)
	}
	return live, func() {
		connections.CloseIdleConnections()
		end()
	}
}

// A webhook tells a user what has happened.
func Example() {
	live, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	result, err := live.SendNotification(ctx, "Your order was paid", sseutils.Success, sseutils.User("7"))
	fmt.Println(result.EventsSent, err)

	// An order that has no user is not everybody's business.
	var order struct{ UserID string }
	_, err = live.SendNotification(ctx, "Your order was paid", sseutils.Success, sseutils.User(order.UserID))
	fmt.Println(errors.Is(err, sseutils.ErrInvalidEvent), err)
	// Output:
	// 0 <nil>
	// true userId: empty; leave it out to send to everybody
}

// A job hears what it and others send, and goes on from there when the connection breaks.
func ExampleClient_Follow() {
	live, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	enough := errors.New("enough")
	err := live.Follow(ctx, sseutils.Subscription{UserID: "7"}, func(m sseutils.Message) error {
		switch m.Type {
		case sseutils.TypeConnection: // the stream is open
			_, err := live.SendUpdate(ctx, "orders", sseutils.Updated, map[string]int{"order": 7}, sseutils.User("7"))
			return err
		case "update":
			var update struct {
				Resource string
				Action   sseutils.Action
				Data     struct{ Order int }
			}
			if err := m.Decode(&update); err != nil {
				return err
			}
			fmt.Println(update.Resource, update.Action, update.Data.Order)
			return enough
		}
		return nil
	})
	fmt.Println(errors.Is(err, enough))
	// Output:
	// orders updated 7
	// true
}

// Several events go in one request, in their order.
func ExampleUtils_Send() {
	live, stop := exampleClient()
	defer stop()
	results, err := live.Send(context.Background(),
		sseutils.NewUpdate("orders", sseutils.Created, 7, sseutils.Topics("orders")),
		sseutils.NewAlert("Stock", "The last one is sold", sseutils.User("7")),
	)
	if errors.Is(err, sseutils.ErrPartlySent) {
		fmt.Println("send again from", len(results))
	}
	fmt.Println(len(results), err)
	// Output: 2 <nil>
}

// A job that may run twice sends once: its key and its time are those of the job.
func ExampleIdempotencyKey() {
	live, stop := exampleClient()
	defer stop()
	finished := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var ids []string
	for range 2 {
		result, err := live.SendNotification(context.Background(), "Your report is ready", sseutils.Success,
			sseutils.User("7"), sseutils.IdempotencyKey("report-42"), sseutils.At(finished))
		if err != nil {
			panic(err)
		}
		ids = append(ids, result.ID)
	}
	fmt.Println(ids[0] == ids[1])
	// Output: true
}

// Calls of which nobody looks at the error leave a trace all the same.
func ExampleOptions() {
	live, err := sseutils.New(sseutils.Options{
		URL:     "http://localhost:8080",
		APIKey:  os.Getenv("SSE_KEY"),
		Timeout: 2 * time.Second,
		OnError: func(err error) { fmt.Println("not sent:", err) },
	})
	if err != nil {
		panic(err)
	}
	_, _ = live.SendNotification(context.Background(), "Hello", sseutils.Info, sseutils.Topics())
	// Output: not sent: topics: empty; leave it out to send to everybody
}

// printer is a Publisher of one's own, such as for a test of what a program sends.
type printer struct{}

func (printer) Publish(_ context.Context, r sseutils.Request) ([]sseutils.Result, error) {
	var event struct {
		Event  string
		Data   struct{ Message string }
		UserID string
	}
	if err := json.Unmarshal(r.Body, &event); err != nil {
		return nil, err
	}
	fmt.Println(event.UserID, strings.ToUpper(event.Event), event.Data.Message)
	return make([]sseutils.Result, r.Events), nil
}

func ExampleNewUtils() {
	live := sseutils.NewUtils(printer{}, nil)
	_, err := live.SendNotification(context.Background(), "Hello", sseutils.Info, sseutils.User("7"))
	fmt.Println(err)
	// Output:
	// 7 NOTIFICATION Hello
	// <nil>
}
