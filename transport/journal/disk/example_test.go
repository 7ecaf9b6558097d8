package disk_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
)

// An event is kept for a user who is away, and read when she is back.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := disk.Open(disk.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	ctx := context.Background()
	ann := journal.Box{Kind: journal.User, Name: "ann"}
	err = store.Append(ctx, []journal.Record{{
		ID:      sse.Sequence{Milliseconds: 1_795_600_000_000},
		Event:   sse.Event{Data: "hello"},
		Boxes:   []journal.Box{ann},
		Expires: time.Now().Add(time.Hour),
	}})
	if err != nil {
		fmt.Println(err) // nothing of it is kept
		return
	}
	page, err := store.ReadAfter(ctx, ann, sse.Sequence{}, store.Newest(), journal.Limit{Records: 100, Bytes: 1 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range page.Records {
		fmt.Println(r.ID, r.Event.Data)
	}
	// Output: 1795600000000-0 hello
}
