package auth

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testTickets gives tickets of 30 s and the clock that they live by.
func testTickets(most int) (*Tickets, *time.Time) {
	now := noon
	tickets := NewTickets(30*time.Second, most)
	tickets.now = func() time.Time { return now }
	return tickets, &now
}

func TestATicketIsGoodOnce(t *testing.T) {
	tickets, _ := testTickets(10)
	holder := Identity{UserID: "7", Reads: Reach{Topics: parsed("news")}, Expires: noon.Add(time.Hour)}
	text, expires, err := tickets.Issue(holder)
	require.NoError(t, err)
	assert.Equal(t, noon.Add(30*time.Second), expires)
	id, err := tickets.Redeem(text)
	assert.NoError(t, err)
	assert.Equal(t, holder, id, "of whoever it was made for, and until then")
	id, err = tickets.Redeem(text)
	assert.Equal(t, ErrRejected, err)
	assert.Equal(t, Identity{}, id)
}

func TestTicketsAreTheirOwners(t *testing.T) {
	tickets, _ := testTickets(10)
	a, _, _ := tickets.Issue(Identity{UserID: "a"})
	b, _, _ := tickets.Issue(Identity{UserID: "b"})
	assert.NotEqual(t, a, b)
	id, _ := tickets.Redeem(b)
	assert.Equal(t, "b", id.UserID)
	id, _ = tickets.Redeem(a)
	assert.Equal(t, "a", id.UserID)
}

func TestATicketLivesItsTimeAndNoLonger(t *testing.T) {
	// When it is made counts too: what has expired is forgotten in rounds.
	for _, made := range []time.Duration{0, time.Nanosecond, 15 * time.Second, 30*time.Second - 1, 30 * time.Second, 45 * time.Second} {
		for age, good := range map[time.Duration]bool{0: true, 15 * time.Second: true, 30*time.Second - 1: true, 30 * time.Second: false, 31 * time.Second: false, time.Hour: false} {
			tickets, now := testTickets(10)
			_, _, err := tickets.Issue(Identity{UserID: "another"})
			require.NoError(t, err)
			*now = noon.Add(made)
			text, _, err := tickets.Issue(Identity{UserID: "7"})
			require.NoError(t, err)
			*now = noon.Add(made + age)
			id, err := tickets.Redeem(text)
			assert.Equal(t, good, err == nil, "made after %v, shown %v later", made, age)
			assert.Equal(t, good, id.UserID == "7")
		}
	}
}

func TestTicketsThatAreNone(t *testing.T) {
	tickets, _ := testTickets(10)
	good, _, err := tickets.Issue(Identity{UserID: "7"})
	require.NoError(t, err)
	assert.Len(t, good, 43, "256 bits")
	for _, text := range []string{"", "x", good[:42], good + "A", good + "=", " " + good, strings.ToLower(good) + "x", strings.Repeat("x", 1<<20), "\x00" + good} {
		_, err := tickets.Redeem(text)
		assert.Equal(t, ErrRejected, err, "%.50q", text)
	}
	for i := range len(good) {
		_, err := tickets.Redeem(good[:i] + string([]byte{good[i] ^ 1}) + good[i+1:])
		assert.Equal(t, ErrRejected, err, "byte %d changed", i)
	}
	_, err = tickets.Redeem(good)
	assert.NoError(t, err, "and nothing of that has used it up")
}

func TestTicketsAreBounded(t *testing.T) {
	tickets, now := testTickets(3)
	var first string
	for range 3 {
		text, _, err := tickets.Issue(Identity{UserID: "7"})
		require.NoError(t, err)
		first = text
	}
	_, _, err := tickets.Issue(Identity{UserID: "7"})
	assert.Equal(t, ErrTooManyTickets, err)
	_, err = tickets.Redeem(first)
	require.NoError(t, err)
	_, _, err = tickets.Issue(Identity{UserID: "7"})
	assert.NoError(t, err, "one that is used makes room")
	for range 10 {
		*now = now.Add(30 * time.Second)
		for range 3 {
			_, _, err := tickets.Issue(Identity{UserID: "7"})
			assert.NoError(t, err, "what has expired makes room")
		}
		assert.LessOrEqual(t, len(tickets.newest)+len(tickets.older), 6)
	}
}

func TestATicketThatManyShowAtOnceLetsOneIn(t *testing.T) {
	tickets, _ := testTickets(100)
	for range 20 {
		text, _, err := tickets.Issue(Identity{UserID: "7"})
		require.NoError(t, err)
		var in atomic.Int64
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 50 {
			all.Go(func() {
				<-start
				if _, err := tickets.Redeem(text); err == nil {
					in.Add(1)
				}
			})
		}
		close(start)
		all.Wait()
		assert.EqualValues(t, 1, in.Load())
	}
}

// Whatever is shown, nobody is let in but by the text of a ticket that is open.
func FuzzTicket(f *testing.F) {
	tickets := NewTickets(time.Hour, 1_000_000)
	genuine, _, err := tickets.Issue(Identity{UserID: "7"})
	require.NoError(f, err)
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add(genuine[1:])
	f.Add(genuine + "=")
	f.Add(strings.ToUpper(genuine))
	f.Add(genuine + "\x00")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := tickets.Redeem(text)
		if text == genuine {
			return
		}
		require.ErrorIs(t, err, ErrRejected)
		require.Equal(t, Identity{}, id)
	})
}
