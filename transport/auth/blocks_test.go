package auth

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBlocks(t *testing.T) {
	b := NewBlocks(10)
	require.NoError(t, b.Block(Blocked{UserID: "ann"}, noon.Add(time.Minute), noon))
	require.NoError(t, b.Block(Blocked{SessionID: "s"}, noon.Add(time.Hour), noon))
	for sentence, c := range map[string]struct {
		user, session string
		after         time.Duration
		want          bool
	}{
		"the user":                          {"ann", "", 0, true},
		"the user with another session":     {"ann", "x", 0, true},
		"the session":                       {"", "s", 0, true},
		"the session of another user":       {"bob", "s", 0, true},
		"another user":                      {"bob", "", 0, false},
		"another user's session":            {"bob", "x", 0, false},
		"nobody":                            {"", "", 0, false},
		"a user of the session's name":      {"s", "", 0, false},
		"a session of the user's name":      {"", "ann", 0, false},
		"the user in capitals":              {"ANN", "", 0, false},
		"the user until the last moment":    {"ann", "", time.Minute - 1, true},
		"the user after that":               {"ann", "", time.Minute, false},
		"the user after that, barred still": {"ann", "s", time.Minute, true},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, b.Bars(c.user, c.session, noon.Add(c.after))) })
	}
}

func TestABlockTakesThePlaceOfTheOneBefore(t *testing.T) {
	b := NewBlocks(1)
	ann := Blocked{UserID: "ann"}
	require.NoError(t, b.Block(ann, noon.Add(time.Hour), noon))
	require.NoError(t, b.Block(ann, noon.Add(time.Minute), noon), "also where no other has room")
	assert.False(t, b.Bars("ann", "", noon.Add(time.Minute)))
}

func TestABlockIsLifted(t *testing.T) {
	b := NewBlocks(10)
	ann := Blocked{UserID: "ann"}
	require.NoError(t, b.Block(ann, noon.Add(time.Minute), noon))
	assert.True(t, b.Lift(ann, noon))
	assert.False(t, b.Bars("ann", "", noon))
	assert.False(t, b.Lift(ann, noon), "who is not blocked")
	require.NoError(t, b.Block(ann, noon.Add(time.Minute), noon))
	assert.False(t, b.Lift(ann, noon.Add(time.Minute)), "who is so no more")
}

func TestBlocksAreBounded(t *testing.T) {
	b := NewBlocks(3)
	for i := range 3 {
		require.NoError(t, b.Block(Blocked{UserID: fmt.Sprint(i)}, noon.Add(time.Duration(i+1)*time.Minute), noon))
	}
	four := Blocked{SessionID: "4"}
	assert.Equal(t, ErrTooManyBlocks, b.Block(four, noon.Add(time.Hour), noon))
	assert.False(t, b.Bars("", "4", noon), "what can't be kept changes nothing")
	assert.Len(t, b.All(noon), 3)
	assert.NoError(t, b.Block(four, noon.Add(time.Hour), noon.Add(time.Minute)), "one that is over makes room")
	assert.True(t, b.Bars("", "4", noon.Add(time.Minute)))
}

func TestAllListsWhoIsBlocked(t *testing.T) {
	b := NewBlocks(10)
	assert.Empty(t, b.All(noon))
	require.NoError(t, b.Block(Blocked{UserID: "ann"}, noon.Add(time.Minute), noon))
	require.NoError(t, b.Block(Blocked{SessionID: "s"}, noon.Add(time.Hour), noon))
	all := b.All(noon.Add(time.Minute))
	assert.Equal(t, map[Blocked]time.Time{{SessionID: "s"}: noon.Add(time.Hour)}, all)
	delete(all, Blocked{SessionID: "s"})
	assert.True(t, b.Bars("", "s", noon), "the list is the caller's own")
}

func TestBlocksAreUsedByManyAtOnce(t *testing.T) {
	b := NewBlocks(100)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			who := Blocked{UserID: fmt.Sprint(i)}
			assert.NoError(t, b.Block(who, noon.Add(time.Minute), noon))
			assert.True(t, b.Bars(who.UserID, "", noon))
			assert.NotEmpty(t, b.All(noon))
			assert.True(t, b.Lift(who, noon))
		})
	}
	all.Wait()
	assert.Empty(t, b.All(noon))
}
