package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// "a departure moves a client that was listed, so one may be listed twice but
// none is missed", whatever the filter.
func TestListMissesNobodyWhileClientsComeAndGo(t *testing.T) {
	filters := []Filter{
		{},
		{UserID: "user1"},
		{SessionID: "session1"},
		{Topic: "some"},
		{UserID: "user1", Topic: "some"},
		{UserID: "user1", SessionID: "session1", Topic: "few"},
	}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 6))
		w := newWorld(t, testOptions())
		joined := 0
		join := func() {
			joined++
			info := Info{ID: fmt.Sprint("c", joined), UserID: fmt.Sprint("user", random.IntN(2)), SessionID: fmt.Sprint("session", random.IntN(2))}
			for _, topic := range []string{"some", "few"} {
				if random.IntN(2) == 0 { // groups of about the same size
					info.Topics = append(info.Topics, topic)
				}
			}
			w.join(info)
		}
		for range 30 + random.IntN(50) {
			join()
		}
		filter := filters[random.IntN(len(filters))]
		there := make(map[string]bool) // from the first page to the last
		for _, p := range w.order {
			if ch := choose(filter); w.chosen(&ch, p.Client) {
				there[p.ID()] = true
			}
		}
		listed := make(map[string]bool)
		for cursor, pages := 0, 0; pages == 0 || cursor > 0; pages++ {
			page := w.list(filter, cursor, 1+random.IntN(5))
			for _, c := range page.Clients {
				listed[c.ID] = true
			}
			require.True(t, page.Next < cursor || pages == 0, "seed %d: the cursor goes down", seed)
			cursor = page.Next
			for range random.IntN(4) {
				if p := w.order[random.IntN(len(w.order))]; !p.closed {
					w.leave(p)
					delete(there, p.ID())
				}
			}
			for range random.IntN(3) {
				join()
			}
		}
		for id := range there {
			require.True(t, listed[id], "seed %d: %s was there all the time and is in no page of %+v", seed, id, filter)
		}
	}
}

// A search costs more for each client, and looks at fewer.
func TestASearchLooksAtFewerClientsForAPage(t *testing.T) {
	w := newWorld(t, testOptions())
	w.join(Info{ID: "needle"})
	for i := range maxSearch {
		w.join(Info{ID: fmt.Sprint("c", i)})
	}
	page := w.list(Filter{Search: "NEEDLE"}, 0, 10)
	require.Empty(t, page.Clients)
	require.Equal(t, 1, page.Next)
	require.Equal(t, -1, page.Total)
	page = w.list(Filter{Search: "NEEDLE"}, page.Next, 10)
	require.Len(t, page.Clients, 1)
	require.Zero(t, page.Next)
}

// "what one List costs the hub" is bounded even if few match.
func TestListLooksAtSoManyClientsOnly(t *testing.T) {
	w := newWorld(t, testOptions())
	w.join(Info{ID: "first", UserID: "u", Topics: []string{"t"}})
	for i := range maxLooks + 10 {
		w.join(Info{ID: fmt.Sprint("c", i), UserID: "u"})
	}
	filter := Filter{UserID: "u", Topic: "t"}
	page := w.list(filter, 0, 10)
	require.Empty(t, page.Clients)
	require.Equal(t, 11, page.Next)
	page = w.list(filter, page.Next, 10)
	require.Len(t, page.Clients, 1)
	require.Zero(t, page.Next)
}
