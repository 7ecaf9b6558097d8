package interop

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gosse "github.com/tmaxmax/go-sse"

	"github.com/sseactor/sseactor/actor/sse"
)

// What goes into a frame comes out of a parser that others wrote, and of the
// one in this package: whatever the name, the id and the data, a frame is one
// event, and the events around it are untouched.
func FuzzFrameAgainstGoSSE(f *testing.F) {
	for _, e := range events() {
		var data string
		if json.Unmarshal([]byte(e.data), &data) != nil {
			data = e.data
		}
		if len(data) > kilobyte {
			continue // seeds are mutated and minimized: small ones find more
		}
		f.Add(e.event, e.id, data, uint32(e.retryMs))
	}
	f.Fuzz(func(t *testing.T, name, id, data string, retryMs uint32) {
		e := sse.Event{Data: data, Retry: time.Duration(retryMs) * time.Millisecond}
		var err error
		if name != "" {
			if e.Name, err = sse.ParseName(name); err != nil {
				return // refused, as it should be
			}
		}
		if id != "" {
			if e.ID, err = sse.ParseID(id); err != nil {
				return // refused, as it should be
			}
		}
		if !utf8.ValidString(data) || e.Retry > sse.MaxRetry {
			return // the encoder's caller has to see to that
		}
		const before, after = `{"status":"connected"}`, "after"
		frame := sse.NewFrame(e)
		frame.Seal("1-0") // stays without effect where there is an id
		end := sse.NewFrame(sse.Event{Data: after})
		end.Seal("1-1")
		var stream bytes.Buffer
		for _, part := range []*sse.Frame{
			sse.NewControl(sse.NameConnection, time.Second, []byte(before)), frame, sse.NewComment("still\rhere"), end,
		} {
			stream.Write(part.Bytes())
		}

		want := []seen{
			{Type: sse.NameConnection, Data: before},
			{Type: "message", Data: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data), ID: "1-0"},
			{Type: "message", Data: after, ID: "1-1"},
		}
		if name != "" {
			want[1].Type = name
		}
		if id != "" {
			want[1].ID = id
		}

		var got []seen
		for e, err := range gosse.Read(bytes.NewReader(stream.Bytes()), &gosse.ReadConfig{MaxEventSize: stream.Len() + 1}) {
			require.NoError(t, err)
			if e.Type == "" {
				e.Type = "message"
			}
			got = append(got, seen{Type: e.Type, Data: e.Data, ID: e.LastEventID})
		}
		assert.Equal(t, want, got, "read by go-sse")

		var ours []seen
		var retry string
		parseStream(&stream, func(b block) {
			if b.Dispatched {
				ours = append(ours, b.seen)
				if len(ours) == 2 {
					retry = b.Retry
				}
			}
		})
		assert.Equal(t, want, ours, "read as the standard says")
		if retryMs > 0 {
			assert.Equal(t, strconv.Itoa(int(retryMs)), retry)
		} else {
			assert.Empty(t, retry)
		}
	})
}
