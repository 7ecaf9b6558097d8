package actor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A user with one stream is found as one with two is, whatever came before.
func TestAUserOfOneOrOfMany(t *testing.T) {
	w := newWorld(t, Options{})
	ann := func(id string) *peer { return w.join(Info{ID: id, UserID: "ann", SessionID: "s"}) }
	seen := func(streams int) {
		t.Helper()
		assert.Equal(t, streams, w.say("x", Target{UserID: "ann"}).Queued)
		assert.Equal(t, streams, w.say("x", Target{SessionID: "s"}).Queued)
		assert.Equal(t, streams, w.say("x", Target{UserID: "ann", SessionID: "s"}).Queued)
		w.write()
		assert.Len(t, w.list(Filter{UserID: "ann"}, 0, 10).Clients, streams)
		assert.Len(t, w.list(Filter{UserID: "ann", SessionID: "s"}, 0, 10).Clients, streams)
		assert.Equal(t, min(streams, 1), w.snapshot(0).Users)
		assert.Equal(t, min(streams, 1), w.snapshot(0).Sessions)
	}
	w.join(Info{ID: "else"})
	seen(0)
	first := ann("1")
	seen(1)
	second := ann("2")
	seen(2)
	w.leave(first)
	seen(1)
	third := ann("3")
	seen(2)
	w.leave(second)
	w.leave(third)
	seen(0)
	fourth := ann("4")
	seen(1)
	assert.Equal(t, 1, w.disconnect(Filter{UserID: "ann"}))
	seen(0)
	w.write()
	assert.True(t, fourth.closed)
}
