package journal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// fakeHub gives ids and receipts as the hub does, and notes what is sent.
type fakeHub struct {
	mu       sync.Mutex
	last     sse.Sequence
	open     []sse.Sequence // ids that are reserved
	sent     []string       // "id data", in their order
	refusal  error          // what Reserve says
	mute     bool           // receipts don't come
	behind   chan struct{}  // Reserve waits for it; nil: for nothing
	done     chan struct{}
	reserved int // how often
}

func newFakeHub() *fakeHub { return &fakeHub{done: make(chan struct{})} }

func (h *fakeHub) Reserve(n int, now time.Time) (sse.Sequence, error) {
	if h.behind != nil {
		<-h.behind
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reserved++
	switch {
	case h.stopped():
		return sse.Sequence{}, actor.ErrStopped
	case h.refusal != nil:
		return sse.Sequence{}, h.refusal
	case h.open != nil:
		return sse.Sequence{}, actor.ErrReserved
	case n < 1 || n > 65_536:
		panic("so many can't be reserved")
	}
	first := h.last.Next(uint64(now.UnixMilli()))
	for i := range n {
		h.open = append(h.open, following(first, i))
	}
	return first, nil
}

func (h *fakeHub) Commit(events []actor.Committed) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped() {
		return actor.ErrStopped
	}
	if len(events) > len(h.open) {
		panic("so many were not reserved")
	}
	for i, e := range events {
		h.last = h.open[i]
		e.Frame.Seal(h.last.String())
		h.sent = append(h.sent, string(e.Frame.Bytes()))
		if !h.mute {
			e.Reply <- actor.Receipt{ID: e.Frame.ID(), Queued: 1}
		}
	}
	h.open = nil
	return nil
}

func (h *fakeHub) Metrics(context.Context) (actor.Stats, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped() {
		return actor.Stats{}, actor.ErrStopped
	}
	return actor.Stats{LastID: h.last}, nil
}

func (h *fakeHub) Done() <-chan struct{} { return h.done }

func (h *fakeHub) stopped() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// data is what was sent, without all around it.
func (h *fakeHub) data() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, frame := range h.sent {
		_, rest, _ := bytes.Cut([]byte(frame), []byte("data: "))
		text, _, _ := bytes.Cut(rest, []byte("\n"))
		all = append(all, string(text))
	}
	return all
}

// fakeStore keeps records in a list. A gate holds Append up; an error refuses it.
type fakeStore struct {
	Store   // what is not faked is not called
	mu      sync.Mutex
	records []Record
	batches []int // the sizes of the Appends that were kept
	newest  sse.Sequence
	fault   error
	room    int           // bytes of data that an Append may bring; 0: any
	gate    chan struct{} // nil: open
	tries   []time.Time
	begun   chan struct{} // closed when the first try is over, which is made at the start
	reached []sse.Sequence
	toTrim  []Trimmed
	trims   int
	odd     error // what Reach and Trim say
	syncs   int
	slow    error // what Sync says
}

func (s *fakeStore) Append(_ context.Context, records []Record) error {
	s.mu.Lock()
	gate := s.gate
	s.tries = append(s.tries, time.Now())
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tries) == 1 {
		defer close(s.begun)
	}
	if s.fault != nil {
		return s.fault
	}
	if more := len(strings.Join(texts(records), "")); s.room > 0 && more > s.room {
		return ErrTooLarge
	}
	for _, r := range records {
		if !s.newest.Less(r.ID) {
			return ErrNotAbove
		}
		s.newest = r.ID
	}
	if len(records) > 0 {
		s.records = append(s.records, records...)
		s.batches = append(s.batches, len(records))
	}
	return nil
}

func (s *fakeStore) Trim(context.Context, time.Time) (Trimmed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trims++
	if len(s.toTrim) == 0 {
		return Trimmed{}, s.odd
	}
	t := s.toTrim[0]
	s.toTrim = s.toTrim[1:]
	return t, s.odd
}

func (s *fakeStore) Newest() sse.Sequence {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}

func (s *fakeStore) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncs++
	return s.slow
}

func (s *fakeStore) Reach(id sse.Sequence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = append(s.reached, id)
	return s.odd
}

func (s *fakeStore) Usage() Usage { return Usage{Records: uint64(len(s.kept()))} }

// kept is the records, as they are now.
func (s *fakeStore) kept() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records)
}

// trimmed is how often the store was trimmed, tried when Append was called after the first
// try, and places what Reach was given.
func (s *fakeStore) trimmed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trims
}

func (s *fakeStore) tried() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tries[1:])
}

func (s *fakeStore) places() []sse.Sequence {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reached)
}

func (s *fakeStore) set(change func(*fakeStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// log is what the committer says.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(p))
	return len(p), nil
}

func (l *log) said() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// desk is a committer with a hub and a store that a test can look into.
type desk struct {
	*Committer
	t     *testing.T
	hub   *fakeHub
	store *fakeStore
	log   *log
}

// newDesk makes a committer that is not started. The test runs in a bubble of synctest,
// or does not look at the time.
func newDesk(t *testing.T) *desk {
	d := &desk{t: t, hub: newFakeHub(), store: &fakeStore{begun: make(chan struct{})}, log: &log{}}
	d.Committer = NewCommitter(CommitterOptions{
		Store: d.store, Hub: d.hub, MaxAge: 7 * 24 * time.Hour,
		Log: slog.New(slog.NewTextHandler(d.log, nil)),
	})
	return d
}

func startDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.Start()
	<-d.store.begun
	t.Cleanup(d.Stop)
	return d
}

// answer is what a publisher was told.
type answer struct {
	receipts []actor.Receipt
	err      error
}

// post publishes in a goroutine of its own.
func (d *desk) post(ctx context.Context, events ...Publication) <-chan answer {
	told := make(chan answer, 1)
	go func() {
		receipts, err := d.Publish(ctx, events)
		told <- answer{receipts, err}
	}()
	return told
}

// mustPost publishes, which must succeed.
func (d *desk) mustPost(events ...Publication) []actor.Receipt {
	d.t.Helper()
	receipts, err := d.Publish(d.t.Context(), events)
	require.NoError(d.t, err)
	require.Len(d.t, receipts, len(events))
	return receipts
}

// mail is a persistent event for a user.
func mail(data string) Publication {
	return Publication{Event: sse.Event{Data: data, Persistent: true}, Target: actor.Target{UserID: "7"}}
}

// live is an event that is only sent.
func live(data string) Publication {
	return Publication{Event: sse.Event{Data: data}, Target: actor.Target{ClientIDs: []string{"c"}}}
}

func texts(records []Record) (all []string) {
	for _, r := range records {
		all = append(all, r.Event.Data)
	}
	return all
}

var errDisk = errors.New("input/output error")

func assertRefused(t *testing.T, a answer, want error) {
	t.Helper()
	assert.ErrorIs(t, a.err, want)
	assert.Empty(t, a.receipts)
}
