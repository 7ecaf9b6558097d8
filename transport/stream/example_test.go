package stream_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/stream"
)

func Example() {
	hub, err := actor.New(actor.Options{Start: time.Now()})
	if err != nil {
		panic(err)
	}
	hub.Start()
	engine, err := stream.Start(hub, stream.Options{})
	if err != nil {
		panic(err)
	}

	client, server := net.Pipe()
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(client)
		read <- string(all)
	}()
	_, err = engine.Open(server, actor.Info{ID: "c1", SessionID: "demo"}, nil, func(actor.Welcome) *sse.Frame {
		return sse.NewControl("connection", 3*time.Second, []byte(`{"status":"connected"}`))
	})
	if err != nil {
		panic(err)
	}
	id, _ := sse.ParseID("1")
	receipt, err := hub.Send(context.Background(), sse.NewFrame(sse.Event{ID: id, Data: "hello"}), actor.Target{SessionID: "demo"})
	fmt.Println(receipt.Queued, err)

	_ = hub.Drain(context.Background(), time.Second)
	hub.Stop()
	engine.Stop()
	all := <-read
	fmt.Print(all[:len("event: connection\nretry: 3000\ndata: {\"status\":\"connected\"}\n\ndata: hello\nid: 1\n\n")])
	// Output:
	// 1 <nil>
	// event: connection
	// retry: 3000
	// data: {"status":"connected"}
	//
	// data: hello
	// id: 1
}
