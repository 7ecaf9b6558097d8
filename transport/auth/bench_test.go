package auth

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkAuthenticate is the check of an API key, among few and many, and of one
// that nobody has.
func BenchmarkAuthenticate(b *testing.B) {
	many := make([]Key, 1000)
	for i := range many {
		many[i] = Key{Name: fmt.Sprint("key", i), Hash: HashKey(benchKey(i)), Scopes: []Scope{Publish}}
	}
	for _, c := range []struct {
		name   string
		keys   []Key
		secret string
		known  bool
	}{
		{"1", many[:1], benchKey(0), true},
		{"1000", many, benchKey(999), true},
		{"1000-none-fits", many, "sse_of-somebody-else-altogether-", false},
	} {
		b.Run("keys="+c.name, func(b *testing.B) {
			chain := Chain{NewKeys(c.keys)}
			shown := Credentials{Authorization: "Bearer " + c.secret}
			b.ReportAllocs()
			for b.Loop() {
				if _, known, _ := chain.Authenticate(context.Background(), shown); known != c.known {
					b.Fatal(known)
				}
			}
		})
	}
}

func benchKey(i int) string { return fmt.Sprintf("sse_%032d", i) }
