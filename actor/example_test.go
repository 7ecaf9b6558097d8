package actor_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// printer is a connection that takes everything.
type printer struct{}

func (printer) Write(p []byte) (int, error) { fmt.Printf("%s", p); return len(p), nil }
func (printer) Blocks() bool                { return false }
func (printer) Interrupt()                  {}
func (printer) Close()                      { fmt.Println("(closed)") }

// A hub, one stream writer, one stream, and one event.
func Example() {
	hub, err := actor.New(actor.Options{Start: time.UnixMilli(1_700_000_000_000)})
	if err != nil {
		panic(err)
	}
	hub.Start()

	var writer sync.WaitGroup
	writer.Go(func() {
		var written actor.Written
		scratch := make([]byte, 0, 64<<10)
		for batch := range hub.Batches() {
			for _, e := range batch.Entries {
				// This sink never blocks, so a flush is never left unfinished.
				if e.Client.Flush(e.Frame, scratch, hub.Now(), 1000, &written) == actor.Closed {
					hub.Unregister(e.Client)
				}
			}
			hub.Finish(batch)
		}
	})

	client := actor.NewClient(actor.Info{ID: "c1", UserID: "ann"}, printer{}, hub.Now())
	if welcome, err := hub.Register(client); err != nil || welcome.Admission != actor.Admitted {
		panic("not let in")
	}
	head := sse.NewControl(sse.NameConnection, 0, []byte(`{"status":"connected"}`))
	client.Flush(head, nil, hub.Now(), 1000, new(actor.Written))

	frame := sse.NewFrame(sse.Event{Data: "hello"})
	if _, err := hub.Send(context.Background(), frame, actor.Target{UserID: "ann"}); err != nil {
		panic(err)
	}
	if err := hub.Drain(context.Background(), 0); err != nil {
		panic(err)
	}
	hub.Stop()
	writer.Wait()

	// Output:
	// event: connection
	// data: {"status":"connected"}
	//
	// data: hello
	// id: 1700000000000-1
	//
	// event: error
	// retry: 3000
	// data: {"message":"the server is shutting down; reconnect after the given time","code":"SERVER_SHUTDOWN","timestamp":"2023-11-14T22:13:20.000Z"}
	//
	// (closed)
}
