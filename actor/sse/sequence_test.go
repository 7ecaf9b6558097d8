package sse_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

func TestNext(t *testing.T) {
	tests := []struct {
		name string
		s    sse.Sequence
		now  uint64
		want string
	}{
		{"a new millisecond starts at zero", sse.Sequence{Milliseconds: 5, N: 9}, 6, "6-0"},
		{"a clock that stands still counts up", sse.Sequence{Milliseconds: 5, N: 9}, 5, "5-10"},
		{"a clock set back counts up", sse.Sequence{Milliseconds: 5, N: 9}, 3, "5-10"},
		{"the first of all", sse.Sequence{}, 0, "0-1"},
		{"a full millisecond goes on in the next", sse.Sequence{Milliseconds: 5, N: math.MaxUint64}, 5, "6-0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.s.Next(tt.now)
			assert.Equal(t, tt.want, got.String())
			assert.True(t, tt.s.Less(got))
		})
	}
}

// Whatever the clock does, an id never repeats and never decreases.
func TestNextNeverRepeatsNorDecreases(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := sse.Sequence{Milliseconds: random.Uint64N(1000), N: math.MaxUint64 - random.Uint64N(20)}
		for range 1000 {
			next := s.Next(random.Uint64N(1000))
			require.True(t, s.Less(next), "seed %d: %v after %v", seed, next, s)
			require.False(t, next.Less(s), "seed %d", seed)
			s = next
		}
	}
}

func TestLessIsAnOrder(t *testing.T) {
	ascending := []string{"0-0", "0-1", "0-18446744073709551615", "1-0", "9-9", "10-0", "10-10", "18446744073709551615-0"}
	for i, a := range ascending {
		for j, b := range ascending {
			assert.Equal(t, i < j, sequence(t, a).Less(sequence(t, b)), "%s < %s", a, b)
		}
	}
}

func TestParseSequence(t *testing.T) {
	tests := []struct {
		name string
		in   string
		ok   bool
	}{
		{"as String writes it", "1700000000000-3", true},
		{"zero", "0-0", true},
		{"the largest", "18446744073709551615-18446744073709551615", true},

		{"nothing", "", false},
		{"no number", "5", false},
		{"an empty number", "5-", false},
		{"empty milliseconds", "-5", false},
		{"three parts", "1-2-3", false},
		{"leading zeros", "05-1", false},
		{"leading zeros in the number", "5-01", false},
		{"a plus sign", "+5-1", false},
		{"a negative number", "5--1", false},
		{"a space", "5-1 ", false},
		{"a line end", "5-1\n", false},
		{"an underscore", "1_0-1", false},
		{"hexadecimal digits", "0x5-1", false},
		{"too large", "18446744073709551616-0", false},
		{"Redis' own wildcard", "5-*", false},
		{"digits of another script", "٥-١", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := sse.ParseSequence(tt.in)
			if !tt.ok {
				assert.ErrorContains(t, err, "not an id")
				assert.True(t, s.IsZero())
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, tt.in, s.String())
		})
	}
}

func TestParseSequencePrintsNoMoreThanNeeded(t *testing.T) {
	_, err := sse.ParseSequence(string(make([]byte, 10_000)))
	assert.Less(t, len(err.Error()), 300, "an id comes from a client's header")
}

func TestSequenceIsZero(t *testing.T) {
	assert.True(t, sse.Sequence{}.IsZero())
	assert.False(t, sse.Sequence{N: 1}.IsZero())
	assert.False(t, sse.Sequence{Milliseconds: 1}.IsZero())
}

func sequence(t testing.TB, text string) sse.Sequence {
	t.Helper()
	s, err := sse.ParseSequence(text)
	require.NoError(t, err)
	return s
}
