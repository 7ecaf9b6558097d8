package stream

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// pages are what a journal has kept for a stream.
type pages struct {
	left [][]actor.Kept
	err  error // at the end of them; nil: there is an end
}

func (p *pages) Begin() (actor.Resume, error) {
	if len(p.left) == 0 {
		return actor.Resume{}, p.err
	}
	first := p.left[0]
	p.left = p.left[1:]
	return actor.Resume{Kept: first, Through: sse.Sequence{Milliseconds: 100}, More: true}, nil
}

func (p *pages) Next() (page []actor.Kept, more bool, err error) {
	if len(p.left) == 0 {
		return nil, false, p.err
	}
	page = p.left[0]
	p.left = p.left[1:]
	return page, len(p.left) > 0 || p.err != nil, nil
}

// newPages are three pages of five events, and their bytes.
func newPages(err error) (p *pages, wire []byte) {
	p = &pages{err: err}
	for n := range 15 {
		id := sse.Sequence{Milliseconds: 10, N: uint64(n)}
		frame := sse.NewFrame(sse.Event{Data: fmt.Sprint("kept ", n), Persistent: true})
		frame.Seal(id.String())
		wire = append(wire, frame.Bytes()...)
		if n%5 == 0 {
			p.left = append(p.left, nil)
		}
		p.left[n/5] = append(p.left[n/5], actor.Kept{ID: id, Frame: frame})
	}
	return p, wire
}

func TestWhatAJournalHasKeptComesBehindTheHead(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		source, kept := newPages(nil)
		welcome, err := r.engine.Open(server, actor.Info{ID: "a", SessionID: "a"}, source, head("a"))
		require.NoError(t, err)
		assert.Equal(t, actor.Resumed, welcome.Replay.Verdict)
		assert.False(t, welcome.Replay.Whole)
		want := append(headBytes("a"), kept...)
		same(t, want, got.until(t, len(want))[:len(want)])
	})
}

var errDisk = errors.New("the disk is on fire")

func TestAStreamWhoseFirstPageCanNotBeReadIsNotLetIn(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		var told []actor.Welcome
		_, err := r.engine.Open(server, actor.Info{ID: "a", SessionID: "a"}, &pages{err: errDisk}, func(w actor.Welcome) *sse.Frame {
			told = append(told, w)
			return sse.NewRaw([]byte("refused"))
		})
		require.ErrorIs(t, err, errDisk)
		assert.Equal(t, []actor.Welcome{{}}, told)
		assert.Equal(t, "refused", string(got.end(t)))
		r.nobodyIsLeft()
	})
}

func TestAStreamWhosePagesCanNotBeReadIsEnded(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		source, kept := newPages(errDisk)
		_, err := r.engine.Open(server, actor.Info{ID: "a", SessionID: "a"}, source, head("a"))
		require.NoError(t, err)
		assert.Equal(t, actor.ReasonJournal, r.endedWithin(soon).why)
		want := append(headBytes("a"), kept...)
		all := got.end(t)
		same(t, want, all[:len(want)])
		assert.Regexp(t, `^event: error\ndata: \{[^\n]*"code":"JOURNAL_FAILED"`, string(all[len(want):]))
		r.nobodyIsLeft()
	})
}
