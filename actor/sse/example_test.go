package sse_test

import (
	"fmt"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// An event is checked at the edge, encoded once, and sealed with an id when its
// place in the order is known.
func Example() {
	name, err := sse.ParseName("update")
	if err != nil {
		panic(err)
	}
	frame := sse.NewFrame(sse.Event{Name: name, Data: "first line\nsecond line", Retry: 3 * time.Second})
	frame.Seal(sse.Sequence{Milliseconds: 1700000000000}.Next(1700000000001).String())
	fmt.Printf("%s", frame.Bytes())

	_, err = sse.ParseName("update\ndata: forged")
	fmt.Println("refused:", err)

	// Output:
	// event: update
	// retry: 3000
	// data: first line
	// data: second line
	// id: 1700000000001-0
	//
	// refused: '\n' at byte 6; CR, LF and NUL are not allowed
}
