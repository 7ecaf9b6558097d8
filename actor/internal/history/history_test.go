package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/history"
	"github.com/sseactor/sseactor/actor/sse"
)

func id(n int) sse.Sequence { return sse.Sequence{Milliseconds: uint64(n / 3), N: uint64(n % 3)} }

func frame(t testing.TB, n int, own string) *sse.Frame {
	e := sse.Event{Data: fmt.Sprint("event ", n)}
	if own != "" {
		var err error
		e.ID, err = sse.ParseID(own)
		require.NoError(t, err)
	}
	f := sse.NewFrame(e)
	f.Seal(id(n).String())
	return f
}

// kept is an event in the simplest history there is: a list.
type kept struct {
	n    int
	own  string
	to   history.Target
	tick uint32
}

func (k kept) isFor(r *history.Reader) bool {
	return k.to.Everybody || k.to.User != "" && k.to.User == r.User || k.to.Session != "" && k.to.Session == r.Session ||
		slices.ContainsFunc(k.to.Topics, func(topic string) bool { return slices.Contains(r.Topics, topic) })
}

// lines are the names of the lines that the event stands in.
func (k kept) lines() map[string]bool {
	lines := map[string]bool{}
	if k.to.Everybody {
		lines["all"] = true
	}
	if k.to.User != "" {
		lines["u:"+k.to.User] = true
	}
	if k.to.Session != "" {
		lines["s:"+k.to.Session] = true
	}
	for _, topic := range k.to.Topics {
		lines["t:"+topic] = true
	}
	if k.own != "" {
		lines["o:"+k.own] = true
	}
	return lines
}

func someTarget(random *rand.Rand) history.Target {
	var to history.Target
	if random.IntN(3) == 0 {
		to.User = fmt.Sprint("u", random.IntN(30))
	}
	if random.IntN(4) == 0 {
		to.Session = fmt.Sprint("s", random.IntN(5))
	}
	for random.IntN(3) == 0 {
		to.Topics = append(to.Topics, fmt.Sprint("t", random.IntN(4))) // one may be named twice
	}
	to.Everybody = to.User == "" && to.Session == "" && len(to.Topics) == 0 && random.IntN(2) == 0
	return to
}

// walk gives what a reader gets from a number on.
func walk(h *history.History, r *history.Reader, number uint64) (texts []string) {
	var w history.Walk
	h.Walk(r, number, &w)
	for {
		e, n := w.Next()
		if e == nil {
			return texts
		}
		texts = append(texts, dataOf(e))
		w.Step(n)
	}
}

// dataOf is an event's data, empty for none.
func dataOf(e *history.Event) string {
	if e == nil {
		return ""
	}
	line, _, _ := strings.Cut(string(e.Frame.Bytes()), "\n")
	return strings.TrimPrefix(line, "data: ")
}

// A history is what a list with the same bounds is.
func TestHistoryIsAListWithBounds(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		limits := history.Limits{Events: 1 + random.IntN(2500), Bytes: 1 << 20, Ticks: uint32(100 + random.IntN(1000))}
		if seed%3 == 0 {
			limits.Bytes = 50_000
		}
		h := history.New(limits, id(0))
		var list []kept
		bytes := 0
		lines := map[string]int{} // how many events stand in each
		account := func(k kept, sign int) {
			bytes += sign * (frame(t, k.n, k.own).Len() + 160)
			for name := range k.lines() {
				bytes += sign * 24
				if sign < 0 {
					lines[name]--
				}
				if lines[name] == 0 && name != "all" {
					bytes += sign * (200 + len(name) - len("x:"))
				}
				if sign > 0 {
					lines[name]++
				}
			}
		}
		floor := id(0)
		drop := func() {
			account(list[0], -1)
			floor = id(list[0].n)
			list = list[1:]
		}
		tick := uint32(0)
		for n := 1; n < 6000; n++ {
			k := kept{n: n, to: someTarget(random), tick: tick}
			if random.IntN(10) == 0 {
				k.own = fmt.Sprint("own", random.IntN(200))
			}
			h.Append(id(n), frame(t, n, k.own), k.to, tick, 0)
			list = append(list, k)
			for account(k, 1); len(list) > 1 && (len(list) > limits.Events || bytes > limits.Bytes); {
				drop()
			}
			switch random.IntN(100) {
			case 0:
				tick += uint32(random.IntN(200))
				for h.Expire(tick, 1+random.IntN(100)) {
				}
				for len(list) > 0 && tick-list[0].tick >= limits.Ticks {
					drop()
				}
			case 1:
				if random.IntN(10) == 0 {
					h.Clear(id(n), id(0))
					list, bytes, floor = nil, 0, id(n)
					clear(lines)
				}
			}
			require.Equal(t, len(list), h.Len())
			require.Equal(t, bytes, h.Bytes())
			require.Equal(t, floor, h.Floor())
			if n%97 != 0 {
				continue
			}
			r := &history.Reader{User: fmt.Sprint("u", random.IntN(30)), Session: fmt.Sprint("s", random.IntN(6))}
			for i := range random.IntN(4) {
				r.Topics = append(r.Topics, fmt.Sprint("t", i))
			}
			from := random.IntN(n + 2)
			var want []string
			var wantOwn sse.Sequence
			again := 0
			own := fmt.Sprint("own", random.IntN(200))
			for _, k := range list {
				if k.n > from && k.isFor(r) {
					want = append(want, fmt.Sprint("event ", k.n))
				}
				if k.own == own && k.isFor(r) {
					if again++; again == 1 {
						wantOwn = id(k.n)
					}
				}
			}
			require.Equal(t, want, walk(h, r, h.After(id(from))), "seed %d, event %d", seed, n)
			newest := ""
			for _, k := range list {
				if k.isFor(r) {
					newest = fmt.Sprint("event ", k.n)
				}
			}
			require.Equal(t, newest, dataOf(h.Newest(r)), "seed %d, event %d", seed, n)
			at, several := h.Find(own, r)
			require.Equal(t, wantOwn, at)
			require.Equal(t, again > 1, several)
		}
	}
}

func TestASingleEventIsKeptHoweverLarge(t *testing.T) {
	h := history.New(history.Limits{Events: 10, Bytes: 100}, id(0))
	h.Append(id(1), frame(t, 1, ""), history.Target{Everybody: true}, 0, 0)
	h.Append(id(2), frame(t, 2, ""), history.Target{Everybody: true}, 0, 0)
	assert.Equal(t, []string{"event 2"}, walk(h, &history.Reader{}, h.First()))
	assert.Equal(t, id(1), h.Floor())
}

func TestNumbersOfItsOwnAreReadBetweenTheOthers(t *testing.T) {
	h := history.New(history.Limits{Events: 10, Bytes: 1 << 20}, id(0))
	var r history.Reader
	h.Append(id(1), frame(t, 1, ""), history.Target{Everybody: true}, 0, 0)
	h.Append(id(2), frame(t, 2, ""), history.Target{}, 0, 0)
	r.Own.Add(h)
	h.Append(id(3), frame(t, 3, ""), history.Target{}, 0, 0)
	h.Append(id(4), frame(t, 4, ""), history.Target{Everybody: true}, 0, 0)
	r.Own.Add(h) // the last, which is for everybody as well
	r.Own.Add(h)
	assert.Equal(t, []string{"event 1", "event 2", "event 4"}, walk(h, &r, h.First()))
}

func TestNothingIsLeftOfAHistoryThatExpired(t *testing.T) {
	h := history.New(history.Limits{Events: 100, Bytes: 1 << 20, Ticks: 5}, id(0))
	for n := 1; n < 50; n++ {
		h.Append(id(n), frame(t, n, "own"), history.Target{User: fmt.Sprint(n), Topics: []string{"a", "b"}}, 0, 0)
	}
	assert.False(t, h.Expire(4, 100))
	assert.Equal(t, 49, h.Len())
	assert.True(t, h.Expire(5, 10), "there are more of them")
	assert.False(t, h.Expire(5, 100))
	assert.Zero(t, h.Len())
	assert.Zero(t, h.Bytes())
	assert.Zero(t, h.Lines(), "lines of receivers that nothing is kept for")
}

// BenchmarkResume is what 5 missed events cost, by how many are kept.
func BenchmarkResume(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint("kept=", n), func(b *testing.B) {
			h := history.New(history.Limits{Events: n, Bytes: 1 << 40}, sse.Sequence{})
			f := frame(b, 1, "")
			for i := range n {
				to := history.Target{User: fmt.Sprint("u", i%1000)}
				h.Append(sse.Sequence{Milliseconds: uint64(i + 1)}, f, to, 0, 0)
			}
			r := &history.Reader{User: "u7", Session: "s", Topics: []string{"t"}}
			after := sse.Sequence{Milliseconds: uint64(n - 5*1000)}
			if n == 1000 { // one event for each user
				r.Topics = []string{"few"}
				for i := range 5 {
					h.Append(sse.Sequence{Milliseconds: uint64(n + i + 1)}, f, history.Target{Topics: r.Topics}, 0, 0)
				}
				after = sse.Sequence{Milliseconds: uint64(n)}
			}
			var w history.Walk
			b.ReportAllocs()
			for b.Loop() {
				got := 0
				h.Walk(r, h.After(after), &w)
				for e, n := w.Next(); e != nil; e, n = w.Next() {
					got++
					w.Step(n)
				}
				if got != 5 {
					b.Fatal(got)
				}
			}
		})
	}
}

// BenchmarkAppend is what keeping an event costs, in a full history.
func BenchmarkAppend(b *testing.B) {
	for _, users := range []int{1, 1000, 1_000_000} {
		b.Run(fmt.Sprint("users=", users), func(b *testing.B) {
			h := history.New(history.Limits{Events: 100_000, Bytes: 64 << 20}, sse.Sequence{})
			f := frame(b, 1, "")
			names := make([]string, users)
			for i := range names {
				names[i] = fmt.Sprint("user-", i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				h.Append(sse.Sequence{Milliseconds: uint64(i)}, f, history.Target{User: names[i%users]}, 0, 0)
				i++
			}
		})
	}
}
