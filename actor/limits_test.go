package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever comes, goes, is ended or does not read: nobody has more open streams than
// allowed, nor more than twice as many with those that are ending, and nobody is refused
// who has not.
func TestNobodyHasMoreStreamsThanAllowed(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { limitsRun(t, seed) })
	}
}

func limitsRun(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 13))
	opts := Options{MaxPerUser: random.IntN(4), MaxPerSession: random.IntN(4), MaxPerNetwork: random.IntN(4)}
	w := newWorld(t, opts)
	limited := []struct {
		of   string
		most int
		name func(Info) string
	}{
		{"user", opts.MaxPerUser, func(i Info) string { return i.UserID }},
		{"session", opts.MaxPerSession, func(i Info) string { return i.SessionID }},
		{"address", opts.MaxPerNetwork, func(i Info) string { return i.Network }},
	}
	some := func(kind string) string {
		if n := random.IntN(6); n > 0 {
			return fmt.Sprint(kind, n)
		}
		return ""
	}
	refused := make(map[string]int)
	ever := 0
	for range 1500 {
		switch n := random.IntN(100); {
		case n < 45:
			info := Info{ID: fmt.Sprint("c", ever), UserID: some("u"), SessionID: some("s"), Network: some("n")}
			if random.IntN(5) == 0 {
				info.Expires = w.clock.Add(TickInterval * 20)
			}
			ever++
			want := ""
			for _, l := range limited {
				open, all := 0, 0
				for _, p := range w.order {
					if l.name(info) != "" && l.name(p.Info()) == l.name(info) {
						if p.phase == phaseOpen {
							open++
						}
						if !p.closed {
							all++
						}
					}
				}
				if want == "" && l.most > 0 && (open >= l.most || all >= 2*l.most) {
					want = l.of
				}
			}
			_, welcome := w.register(info)
			require.Equal(t, want, welcome.Limit)
			if want != "" {
				require.Equal(t, TooMany, welcome.Admission)
				refused[want]++
				break
			}
			require.Equal(t, Admitted, welcome.Admission)
			w.flush(w.peers[info.ID].Client, nil)
		case len(w.order) == 0:
		case n < 60:
			if p := w.order[random.IntN(len(w.order))]; !p.closed {
				w.leave(p)
			}
		case n < 75:
			w.disconnect(Filter{ClientID: w.order[random.IntN(len(w.order))].ID()})
			w.settle()
		case n < 80: // it will not read its farewell
			if p := w.order[random.IntN(len(w.order))]; !p.closed {
				p.room = 0
				w.say("under way", Target{ClientIDs: []string{p.ID()}})
			}
		case n < 95:
			w.finishWork()
		default:
			for range random.IntN(30) {
				w.advanceTick()
			}
		}
	}
	stats := w.snapshot(0)
	assert.EqualValues(t, refused["user"], stats.RefusedUser)
	assert.EqualValues(t, refused["session"], stats.RefusedSession)
	assert.EqualValues(t, refused["address"], stats.RefusedNetwork)
	assert.EqualValues(t, refused["user"]+refused["session"]+refused["address"], stats.RefusedTooMany)

	for _, p := range w.order { // all go: nothing is left
		if !p.closed {
			w.leave(p)
		}
	}
	w.finishWork()
	assert.Nil(t, w.networks.counts)
	for _, q := range w.quotas {
		assert.Nil(t, q.ending.counts, q.of)
	}
	assert.Empty(t, w.deadlines.heap)
}

// "Network counts cost memory only if the limit is on."
func TestAddressesAreCountedOnlyIfTheyAreLimited(t *testing.T) {
	w := newWorld(t, Options{MaxPerUser: 5})
	p := w.join(Info{ID: "a", Network: "n"})
	assert.Nil(t, w.networks.counts)
	w.leave(p)
	assert.Nil(t, w.networks.counts)
	assert.Len(t, w.quotas, 1)
	assert.Empty(t, newWorld(t, Options{}).quotas)
}

// A refused client is as it was: it may ask again.
func TestWhoIsRefusedMayAskAgain(t *testing.T) {
	w := newWorld(t, Options{MaxPerUser: 1})
	first := w.join(Info{ID: "a", UserID: "ann"})
	info := Info{ID: "b", UserID: "ann", Topics: []string{"t"}}
	second, welcome := w.register(info)
	require.Equal(t, TooMany, welcome.Admission)
	assert.Equal(t, info, second.Info())
	assert.Zero(t, w.snapshot(0).Topics)
	w.unregister(second.Client) // it is not known
	w.leave(first)
	assert.Equal(t, Admitted, w.state.register(second.Client, nil).Admission)
	assert.Equal(t, 1, w.say("x", Target{Topics: []string{"t"}}).Queued)
}

// Through the hub: the answer says whose streams they are.
func TestTooManyStreams(t *testing.T) {
	inBubble(t, Options{MaxPerUser: 2, MaxPerNetwork: 3}, 1, func(t *testing.T, r *rig) {
		a := r.connect(Info{ID: "a", UserID: "u", Network: "n"})
		r.connect(Info{ID: "b", UserID: "u", Network: "n"})
		ask := func(id, user string) Welcome {
			_, w, err := r.ask(Info{ID: id, UserID: user, Network: "n"})
			require.NoError(t, err)
			return w
		}
		w := ask("c", "u")
		assert.Equal(t, TooMany, w.Admission)
		assert.Equal(t, "user", w.Limit)
		assert.Equal(t, Admitted, ask("d", "v").Admission)
		assert.Equal(t, "address", ask("e", "w").Limit)
		a.leave()
		assert.Equal(t, Welcome{Admission: Admitted, LastID: w.LastID}, ask("f", "u"))
	})
}
