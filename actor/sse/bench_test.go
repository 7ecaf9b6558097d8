package sse_test

import (
	"strings"
	"testing"

	"github.com/sseactor/sseactor/actor/sse"
)

// BenchmarkEncode is an event's way to its wire bytes, once for all receivers.
func BenchmarkEncode(b *testing.B) {
	name, err := sse.ParseName("notification")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, data string }{
		{"10B", strings.Repeat("x", 10)},
		{"200B", strings.Repeat("x", 200)},
		{"60KB", strings.Repeat("x", 60_000)},
		{"60KB-in-1000-lines", strings.Repeat(strings.Repeat("x", 59)+"\n", 1000)},
	} {
		b.Run("data="+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				f := sse.NewFrame(sse.Event{Name: name, Data: c.data})
				f.Seal("1795493112845-0")
			}
		})
	}
}
