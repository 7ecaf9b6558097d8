package actor

import (
	"reflect"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

func TestTheFirstReasonHolds(t *testing.T) {
	c := NewClient(Info{}, &peer{}, 0)
	assert.Equal(t, ReasonMaxAge, c.EndedBy(ReasonMaxAge))
	assert.Equal(t, ReasonMaxAge, c.EndedBy(ReasonClientClosed))
}

func TestEveryReasonHasAName(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Reasons() {
		name := r.String()
		assert.NotEmpty(t, name)
		assert.NotEqual(t, "unknown", name)
		assert.False(t, seen[name], "%q stands for two", name)
		seen[name] = true
	}
	assert.Len(t, seen, 11)
	assert.Equal(t, "unknown", Reason(99).String())
}

// There are a million of them. A field more may cost each 16 bytes.
func TestAClientIsSmall(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) == 8 {
		assert.LessOrEqual(t, unsafe.Sizeof(Client{}), uintptr(224), "the next larger piece of memory has 240 bytes")
		assert.LessOrEqual(t, unsafe.Sizeof(extra{}), uintptr(48), "the next larger piece of memory has 64 bytes")
	}
}

func TestInfoIsWhatNewClientWasGiven(t *testing.T) {
	for _, info := range []Info{
		{},
		{ID: "id"},
		{SessionID: "session", Address: "address"},
		{ID: "id", UserID: "user", SessionID: "session", Topics: []string{"b", "a"}, Address: "[::1]:80", Agent: "agent",
			Since: time.Unix(1_800_000_000, 123).UTC()},
		{ID: "id", Network: "192.0.2.1"},
		{ID: "id", Topics: []string{"a"}, Expires: time.UnixMilli(1_800_000_000_123).UTC()},
		{ID: "id", Topics: []string{"a"}, Network: "n", Expires: time.UnixMilli(253_402_300_800_000).UTC()}, // the year 10000
	} {
		w := newWorld(t, Options{})
		c := NewClient(info, &peer{}, 0)
		assert.Equal(t, info, c.Info())
		assert.Equal(t, info.ID, c.ID())
		w.state.register(c, nil)
		assert.Equal(t, info, c.Info(), "registered")
		w.state.unregister(c)
		assert.Equal(t, info, c.Info(), "gone")
	}
}

// Whoever closes a connection says whose it was, while the hub goes on.
func TestInfoIsGivenToAnyGoroutine(t *testing.T) {
	w := newWorld(t, Options{})
	info := Info{ID: "last", UserID: "ann", SessionID: "s", Topics: []string{"a", "b"}}
	var others []*peer
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		others = append(others, w.join(Info{ID: id, UserID: "ann", SessionID: "s", Topics: []string{"a", "b"}}))
	}
	last := w.join(info)
	var asker sync.WaitGroup
	asker.Go(func() {
		for range 1000 {
			if !reflect.DeepEqual(info, last.Info()) {
				panic("another client's")
			}
		}
	})
	for _, p := range others { // the last takes each one's place
		w.leave(p)
	}
	w.leave(last)
	asker.Wait()
}

// What a writer or poller does with a client is the outbox's; see its tests.
func TestAClientIsItsOutbox(t *testing.T) {
	w := newWorld(t, Options{OutboxFrames: 8})
	p := w.join(Info{ID: "a"})
	assert.False(t, p.Client.Blocks())
	p.room = 0
	w.say("x", Target{})
	w.take()
	p.Aside() // as its peer holds up the goroutine that flushes it
	for range 7 {
		w.say("y", Target{})
	}
	assert.True(t, w.accepting(), "an owner aside holds up nobody")
	w.write()
	assert.True(t, p.Hangup())
	assert.False(t, p.Writable())
	w.flush(p.Client, nil)
	assert.True(t, p.closed)
}

// Its connection is closed once, whoever says so again.
func TestUnregisterTwiceIsOnce(t *testing.T) {
	w := newWorld(t, Options{})
	p := w.join(Info{ID: "a"})
	w.leave(p)
	w.unregister(p.Client)
	refused := NewClient(Info{ID: "never let in"}, &peer{}, 0)
	w.unregister(refused)
	stats := w.snapshot(0)
	assert.EqualValues(t, 1, stats.Ended[ReasonClientClosed])
	assert.Zero(t, stats.Clients+stats.Ending)
}
