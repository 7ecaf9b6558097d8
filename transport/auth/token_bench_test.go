package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// BenchmarkToken is what a token costs whoever opens a stream or publishes with it.
func BenchmarkToken(b *testing.B) {
	tokens := atNoon(b, auth.TokenOptions{})
	grants := good.with(fields{"sse": fields{"subscribe": fields{"topics": []string{"orders.*"}}, "publish": fields{"topics": []string{"orders.*"}, "events": []string{"order.*"}}}})
	check := func(b *testing.B, token string, want error) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := ask(tokens, token); err != want {
				b.Fatal(err)
			}
		}
	}
	for _, k := range signers() {
		b.Run(k.algorithm, func(b *testing.B) { check(b, k.token(good), nil) })
	}
	b.Run("HS256-with-grants", func(b *testing.B) { check(b, hs.token(grants), nil) })
	b.Run("HS256-forged", func(b *testing.B) { check(b, hmacKey(tokenSecret+"x").token(good), auth.ErrRejected) })
	b.Run("ES256-forged", func(b *testing.B) { check(b, ecdsaKey('z').token(good), auth.ErrRejected) })
	b.Run("no-token", func(b *testing.B) { check(b, "sse_0123456789abcdef0123456789abcdef", nil) })
}

// BenchmarkTokenOfAJWKS is a token whose key is among those that an issuer publishes.
func BenchmarkTokenOfAJWKS(b *testing.B) {
	p := publishes(oldJWK, newJWK)
	tokens := p.tokens(b)
	_, ok, err := ask(tokens, oldToken)
	require.NoError(b, err)
	require.True(b, ok)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, ok, _ := ask(tokens, oldToken); !ok {
				b.Error("not accepted")
			}
		}
	})
}
