package actor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPatternIsFoundInAnyCase(t *testing.T) {
	for _, tt := range []struct {
		text, in string
		want     bool
	}{
		{"", "", true},
		{"", "anything", true},
		{"a", "", false},
		{"ann", "Hannah", true},
		{"NAH", "Hannah", true},
		{"nahh", "Hannah", false},
		{"aab", "aaab", true},
		{"zoë", "user ZOË", true},
		{"ZOË", "zoë", true},
		{"ß", "STRASSE", false}, // letter by letter
		{"straße", "Straße 1", true},
		{"k", "\u212a", true}, // the sign for Kelvin, whose small letter is ASCII
		{"\u212a", "kelvin", true},
		{"日本", "in 日本語", true},
		{"本", "日\xe6\x9c", false}, // cut off
		{"x", "\xff\xfex", true},
		{"[::1]", "[::1]:8080", true},
		{"@", "`", false}, // 0x20 apart, and no letters
	} {
		p := newPattern(tt.text)
		assert.Equal(t, tt.want, p.in(tt.in), "%q in %q", tt.text, tt.in)
	}
}

// Against the plain way to say it.
func TestAPatternFindsWhatLowerCaseTextsContain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("aAbBkKéÉſs日\u212a")
	word := func(most int) string {
		var b strings.Builder
		for range random.IntN(most + 1) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	found := 0
	for range 20_000 {
		text, in := word(3), word(12)
		want := strings.Contains(strings.Map(unicode.ToLower, in), strings.Map(unicode.ToLower, text))
		p := newPattern(text)
		require.Equal(t, want, p.in(in), "%q in %q", text, in)
		if want {
			found++
		}
	}
	assert.Greater(t, found, 1000)
}

// "It makes no copy of the text", and neither does the choice of a client.
func TestASearchAllocatesNothingForAClient(t *testing.T) {
	w := newWorld(t, testOptions())
	p := w.join(Info{ID: "c", UserID: "Zoë", SessionID: "s", Topics: []string{"news", "ÉCOLE"}, Address: "192.0.2.1:80", Agent: "Mozilla/5.0"})
	for _, text := range []string{"nobody", "zoë", "école", "mozilla"} {
		ch := choose(Filter{Search: text})
		assert.Zero(t, testing.AllocsPerRun(100, func() { w.chosen(&ch, p.Client) }), text)
	}
}

// BenchmarkSearch is what one message of a search costs the hub, at most.
func BenchmarkSearch(b *testing.B) {
	const clients = 10_000
	opts := testOptions()
	opts.MaxClients = clients
	s := newState(opts.withDefaults())
	for i := range clients {
		s.register(NewClient(Info{ID: fmt.Sprintf("Jt%020d", i), UserID: fmt.Sprint("user-", i), SessionID: fmt.Sprintf("session-%032d", i),
			Topics: []string{"news", "orders.eu"}, Address: "192.0.2.1:50123", Agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"}, &peer{}, 0), nil)
	}
	for name, f := range map[string]Filter{"text": {Search: "user-9999x"}, "slow": {Slow: true}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if page := s.list(f, 0, 100); len(page.Clients) != 0 || page.Next != clients-maxSearch {
					b.Fatal(page)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/maxSearch, "ns/client")
		})
	}
}
