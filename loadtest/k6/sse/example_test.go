package sse_test

import (
	"fmt"
	"strings"

	"github.com/sseactor/sseactor/loadtest/k6/sse"
)

func ExampleReader() {
	stream := strings.NewReader("event: greeting\ndata: Hello\ndata: World\nid: 1\n\n: a comment\n\n")
	events := sse.NewReader(stream)
	for event, err := events.Next(); err == nil; event, err = events.Next() {
		fmt.Printf("%s %q %s\n", event.Name, event.Data, event.ID)
	}
	// Output: greeting "Hello\nWorld" 1
}
