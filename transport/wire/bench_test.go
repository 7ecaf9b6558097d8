package wire

import (
	"strings"
	"testing"
)

// BenchmarkDecode is a publisher's body, read and checked.
func BenchmarkDecode(b *testing.B) {
	limits := Limits{EventBytes: 64 << 10, Events: 1000, Topics: 100, ClientIDs: 1000}
	event := func(data string) string {
		return `{"event":"update","data":` + data + `,"userId":"user-1","topics":["orders"],"priority":"high"}`
	}
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	small := event(`{"order":7,"status":"paid"}`)
	for _, c := range []struct{ name, body string }{
		{"object", small},
		{"200B", event(text(200))},
		{"60KB", event(text(60_000))},
		{"batch-of-100", "[" + strings.Repeat(small+",", 99) + small + "]"},
	} {
		b.Run("body="+c.name, func(b *testing.B) {
			body := []byte(c.body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Decode(body, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
