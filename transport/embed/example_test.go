package embed_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sseactor/sseactor/transport/embed"
	"github.com/sseactor/sseactor/transport/sseutils"
)

// A net/http server with streams of its own, somebody who listens, and one event.
func ExampleServer() {
	live, err := embed.New(embed.Options{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /api/sse", live.Handler(func(r *http.Request) (embed.Subscriber, error) {
		user, _, ok := r.BasicAuth() // the app's own sign-in would stand here
		if !ok {
			return embed.Subscriber{}, &embed.Refusal{Status: 401, Code: "UNAUTHORIZED", Detail: "sign in"}
		}
		return embed.Subscriber{UserID: user}, nil
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	request, _ := http.NewRequest("GET", server.URL+"/api/sse", nil)
	request.SetBasicAuth("ann", "")
	stream, err := server.Client().Do(request)
	if err != nil {
		panic(err)
	}
	defer stream.Body.Close()
	fmt.Println(stream.Status, stream.Header.Get("Content-Type"))

	at := sseutils.At(time.UnixMilli(1_700_000_000_000))
	result, err := live.SendNotification(context.Background(), "Your order was paid", sseutils.Success, sseutils.User("ann"), at)
	fmt.Println(result.EventsSent, err)

	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	fmt.Println(live.Shutdown(ctx))
	for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "event: ") && !strings.Contains(lines.Text(), "was paid") {
			continue // ids and times differ each time
		}
		fmt.Println(lines.Text())
	}
	// Output:
	// 200 OK text/event-stream; charset=utf-8
	// 1 <nil>
	// <nil>
	// event: connection
	// event: notification
	// data: {"message":"Your order was paid","type":"success","priority":"normal","persistent":false,"timestamp":"2023-11-14T22:13:20.000Z"}
	// event: error
}
