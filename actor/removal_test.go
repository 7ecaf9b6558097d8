package actor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Many streams are ended in slices, between which others come, go and are sent to.
// Whoever was there when it began and is chosen is ended, once, and nobody else.
func TestDisconnectingMany(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 9))
			w := newWorld(t, Options{})
			var chosen, others []*peer
			for i := range 4 * sliceSize {
				info := Info{ID: fmt.Sprint("c", i), Topics: []string{"t"}}
				if random.IntN(3) > 0 {
					info.UserID = "u"
					chosen = append(chosen, w.join(info))
				} else {
					others = append(others, w.join(info))
				}
			}
			before := w.send(event("before", 0), Target{})
			reply := make(chan int, 1)
			w.state.disconnect(Filter{UserID: "u", Topic: "t"}, reply)
			w.settle()
			require.Empty(t, reply, "not in one message")
			left := 0
			for i := 0; w.working() || len(w.removes) > 0; i++ {
				if w.working() {
					w.work()
					w.settle()
				}
				w.write()
				w.join(Info{ID: fmt.Sprint("late", i), Topics: []string{"t"}})
				if p := chosen[random.IntN(len(chosen))]; !p.closed {
					w.leave(p)
					left++
				}
				if p := others[random.IntN(len(others))]; !p.closed {
					w.leave(p)
				}
			}
			w.finishWork()
			n := <-reply
			ended := 0
			for _, p := range chosen {
				require.True(t, p.closed)
				if strings.Contains(p.got.String(), CodeDisconnected) {
					require.Equal(t, 1, strings.Count(p.got.String(), CodeDisconnected))
					require.Contains(t, p.got.String(), "data: before\n", "what was sent before is still its own")
					ended++
				}
			}
			assert.Equal(t, ended, n)
			assert.GreaterOrEqual(t, ended, len(chosen)-left)
			for _, p := range others {
				require.NotContains(t, p.got.String(), CodeDisconnected)
			}
			receipt, answered := before.answered()
			assert.True(t, answered)
			assert.LessOrEqual(t, receipt.Queued, 4*sliceSize)
		})
	}
}

// Only so many wait; beyond it the askers do.
func TestDisconnectsThatWait(t *testing.T) {
	w := newWorld(t, Options{})
	w.joinMany("c", 3*sliceSize, Info{UserID: "u"})
	replies := make(chan int, maxRemovals)
	for range maxRemovals {
		w.state.disconnect(Filter{UserID: "u"}, replies)
	}
	require.Len(t, w.removes, maxRemovals)
	w.finishWork()
	total := 0
	for range maxRemovals {
		total += <-replies
	}
	assert.Equal(t, 3*sliceSize, total)
}

// A client whose sink blocks may be waiting for its peer: a writer is asked to wake
// it. One that is idle is handed over to be closed, as others are.
func TestKillingAClientWhoseOwnerMayWait(t *testing.T) {
	w := newWorld(t, Options{})
	sink := &blocking{}
	c := NewClient(Info{ID: "a"}, sink, 0) // its owner has not come to the first Flush
	require.Equal(t, Admitted, w.state.register(c, nil).Admission)
	w.kill(c, ReasonTimeout)
	w.settle()
	w.take()
	require.Len(t, w.batches, 1)
	entries := w.batches[0].Entries
	require.Equal(t, []Entry{{Client: c, Interrupt: true}}, entries)
	entries[0].Client.Interrupt()
	assert.Equal(t, 1, sink.interrupted)

	idle := NewClient(Info{ID: "b"}, &blocking{}, 0)
	require.Equal(t, Admitted, w.state.register(idle, nil).Admission)
	require.Equal(t, Idle, idle.Flush(nil, nil, 0, 1, new(Written)))
	w.kill(idle, ReasonTimeout)
	w.settle()
	w.take()
	require.Equal(t, []Entry{{Client: c, Interrupt: true}}, w.batches[0].Entries)
	require.Equal(t, []Entry{{Client: idle}}, w.batches[1].Entries)
}

// blocking is a sink that blocks.
type blocking struct{ interrupted int }

func (b *blocking) Write(p []byte) (int, error) { return len(p), nil }
func (b *blocking) Blocks() bool                { return true }
func (b *blocking) Interrupt()                  { b.interrupted++ }
func (b *blocking) Close()                      {}
