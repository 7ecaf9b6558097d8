package actor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// told is what p was told in the end: the publishers' events, and of the server's own
// the names.
func (p *peer) told() string {
	var all []string
	for _, block := range p.received() {
		if text, isEvent := strings.CutPrefix(block, "data: "); isEvent {
			text, _, _ = strings.Cut(text, "\n")
			all = append(all, text)
			continue
		}
		_, status, _ := strings.Cut(block, `"status":"`)
		status, _, _ = strings.Cut(status, `"`)
		all = append(all, "<"+status+">")
	}
	return strings.Join(all, " ")
}

// keptEvent is an event of a journal, which the hub has never seen.
func keptEvent(text string, id sse.Sequence) Kept {
	f := sse.NewFrame(sse.Event{Data: text, Persistent: true})
	f.Seal(id.String())
	return Kept{id, f}
}

func withHistory(events int) Options {
	opts := testOptions()
	opts.HistoryEvents = events
	return opts
}

// TestVerdicts is what a client is told of a Last-Event-ID, and what it gets.
func TestVerdicts(t *testing.T) {
	ids := func(w *world, n int) []string {
		var all []string
		for i := range n {
			all = append(all, w.say(fmt.Sprint("e", i+1), Target{}).ID)
		}
		return all
	}
	tests := []struct {
		name    string
		events  int // of the history; 4 is the least, with an outbox of 4
		sent    int
		last    func(ids []string) string
		verdict Verdict
		got     string
	}{
		{"nothing was missed", 100, 3, func(ids []string) string { return ids[2] }, Resumed, ""},
		{"one was missed", 100, 3, func(ids []string) string { return ids[1] }, Resumed, "e3"},
		{"before the first event, at the start of the server", 100, 2, func([]string) string { return "1000000-0" }, Resumed, "e1 e2"},
		{"the last one that is no longer kept", 4, 6, func(ids []string) string { return ids[1] }, Resumed, "e3 e4 e5 e6"},
		{"one before it", 4, 6, func(ids []string) string { return ids[0] }, Partial, "e3 e4 e5 e6"},
		{"an id of before the start of the server", 100, 2, func([]string) string { return "999999-7" }, Partial, "e1 e2"},
		{"from the beginning", 100, 2, func([]string) string { return "0-0" }, Partial, "e1 e2"},
		{"an id that is yet to come", 100, 2, func([]string) string { return "1000000-9" }, Unknown, ""},
		{"no id of this server", 100, 2, func([]string) string { return "abc" }, Unknown, ""},
		{"an id in another spelling", 100, 2, func([]string) string { return "01000000-0" }, Unknown, ""},
		{"none", 100, 2, func([]string) string { return "" }, NotAsked, ""},
		{"no history, nothing was missed", 0, 3, func(ids []string) string { return ids[2] }, Resumed, ""},
		{"no history, one was missed", 0, 3, func(ids []string) string { return ids[1] }, Partial, ""},
		{"no history, no id of this server", 0, 3, func([]string) string { return "abc" }, Unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := withHistory(tt.events)
			opts.OutboxFrames = 8
			if tt.events == 4 {
				opts.OutboxFrames = 4
			}
			w := newWorld(t, opts)
			all := ids(w, tt.sent)
			p, replay := w.rejoin(Info{ID: "a"}, Resume{LastEventID: tt.last(all)})
			assert.Equal(t, tt.verdict, replay.Verdict)
			if replay.Whole {
				assert.Equal(t, len(strings.Fields(tt.got)), replay.Queued)
			}
			w.say("later", Target{})
			for range 3 {
				w.finishWork()
				w.advanceTick()
			}
			w.finishWork()
			assert.Equal(t, strings.TrimSpace(tt.got+" later"), strings.TrimSpace(strings.ReplaceAll(p.told(), " <replayed>", "")))
			assert.Equal(t, tt.verdict != NotAsked, w.stats.Resumes[tt.verdict] == 1)
		})
	}
}

// TestOnlyWhatAStreamMaySeeIsReplayed is the targets, one by one.
func TestOnlyWhatAStreamMaySeeIsReplayed(t *testing.T) {
	w := newWorld(t, withHistory(100))
	stranger := w.join(Info{ID: "x"})
	for text, target := range map[string]Target{
		"user": {UserID: "u"}, "session": {SessionID: "s"}, "topic": {Topics: []string{"t"}}, "all": {},
		"twice": {UserID: "u", SessionID: "s", Topics: []string{"t", "t", "other"}}, "stream": {ClientIDs: []string{"x"}},
		"another": {UserID: "s", SessionID: "u", Topics: []string{"s", "u"}},
	} {
		w.say(text, target)
	}
	from := Resume{LastEventID: "0-0"}
	got := func(i Info) []string {
		p, _ := w.rejoin(i, from)
		return strings.Fields(p.told())
	}
	assert.ElementsMatch(t, []string{"user", "twice", "all"}, got(Info{ID: "a", UserID: "u"}))
	assert.ElementsMatch(t, []string{"session", "twice", "all"}, got(Info{ID: "b", SessionID: "s"}))
	assert.ElementsMatch(t, []string{"topic", "twice", "all"}, got(Info{ID: "c", Topics: []string{"t"}}))
	assert.ElementsMatch(t, []string{"all"}, got(Info{ID: "d"}))
	assert.ElementsMatch(t, []string{"user", "session", "topic", "twice", "all"}, got(Info{ID: "e", UserID: "u", SessionID: "s", Topics: []string{"t"}}))
	w.write()
	assert.ElementsMatch(t, []string{"all", "stream"}, strings.Fields(stranger.told()))
}

func TestAPublishersOwnIDIsFoundWhereItMayBeSeen(t *testing.T) {
	w := newWorld(t, withHistory(100))
	own := func(text, id string, to Target) {
		parsed, err := sse.ParseID(id)
		require.NoError(t, err)
		w.send(sse.NewFrame(sse.Event{Data: text, ID: parsed}), to)
	}
	own("first", "order 1", Target{UserID: "u"})
	w.say("between", Target{})
	own("second", "order 1", Target{UserID: "v"})
	w.say("last", Target{})

	p, replay := w.rejoin(Info{ID: "a", UserID: "u"}, Resume{LastEventID: "order 1"})
	assert.Equal(t, Resumed, replay.Verdict)
	assert.Equal(t, "between last", p.told())
	p, _ = w.rejoin(Info{ID: "b", UserID: "v"}, Resume{LastEventID: "order 1"})
	assert.Equal(t, "last", p.told())
	p, replay = w.rejoin(Info{ID: "c", UserID: "w"}, Resume{LastEventID: "order 1"})
	assert.Equal(t, Unknown, replay.Verdict, "another's id says nothing")
	assert.Empty(t, p.told())
	p, replay = w.rejoin(Info{ID: "d", UserID: "w"}, Resume{LastEventID: "order 0", At: sse.Sequence{Milliseconds: 1000000, N: 3}})
	assert.Equal(t, Resumed, replay.Verdict, "a journal knew it")
	assert.Equal(t, "last", p.told())
}

func TestAnEventIsNotReplayedBehindItsTTL(t *testing.T) {
	w := newWorld(t, withHistory(100))
	w.send(sse.NewFrame(sse.Event{Data: "short", TTL: time.Second}), Target{})
	w.send(sse.NewFrame(sse.Event{Data: "long", TTL: time.Hour}), Target{})
	from := Resume{LastEventID: "1000000-0"}
	p, _ := w.rejoin(Info{ID: "a"}, from)
	assert.Equal(t, "short long", p.told())
	for range 10 {
		w.advanceTick()
	}
	p, replay := w.rejoin(Info{ID: "b"}, from)
	assert.Equal(t, Resumed, replay.Verdict, "who missed it was to miss it")
	assert.Equal(t, "long", p.told())
}

func TestAHistoryForgetsWhatIsTooOld(t *testing.T) {
	opts := withHistory(100)
	opts.HistoryAge = time.Second
	w := newWorld(t, opts)
	first := w.say("old", Target{})
	for range 10 {
		w.advanceTick()
	}
	w.say("new", Target{})
	w.finishWork()
	p, replay := w.rejoin(Info{ID: "a"}, Resume{LastEventID: "1000000-0"})
	assert.Equal(t, Partial, replay.Verdict)
	assert.Equal(t, "new", p.told())
	_, replay = w.rejoin(Info{ID: "b"}, Resume{LastEventID: first.ID})
	assert.Equal(t, Resumed, replay.Verdict)
}

// TestWhatAJournalHasKept is replayed with a Last-Event-ID and without, merged with what
// the history has, each event once.
func TestWhatAJournalHasKept(t *testing.T) {
	id := func(n uint64) sse.Sequence { return sse.Sequence{Milliseconds: 1000000, N: n} }
	old := []Kept{keptEvent("k1", sse.Sequence{Milliseconds: 5}), keptEvent("k2", sse.Sequence{Milliseconds: 6})}
	// In the history: live e1, persistent p1 (also in the journal), live e2, persistent p2.
	prepare := func(t *testing.T, events int) (w *world, p1, p2 Kept) {
		w = newWorld(t, withHistory(events))
		w.say("e1", Target{})
		for i, text := range []string{"p1", "p2"} {
			f := sse.NewFrame(sse.Event{Data: text, Persistent: true})
			first := w.reserve(1)
			w.commit(Committed{f, Target{UserID: "u"}, make(chan Receipt, 1)})
			if i == 0 {
				p1 = Kept{first, f}
				w.say("e2", Target{})
			} else {
				p2 = Kept{first, f}
			}
		}
		return w, p1, p2
	}
	tests := []struct {
		name    string
		events  int
		resume  func(p1, p2 Kept) Resume
		verdict Verdict
		got     string
	}{
		{"no id, nothing kept", 100, func(_, p2 Kept) Resume { return Resume{Through: p2.ID} }, NotAsked, ""},
		{"no id, from long ago", 100, func(_, p2 Kept) Resume { return Resume{Kept: old, Through: p2.ID} }, Resumed, "k1 k2"},
		{"no id, one came since the journal was read", 100, func(p1, p2 Kept) Resume { return Resume{Kept: []Kept{p1}, Through: p1.ID} }, Resumed, "p1 p2"},
		{"no id and no history, one came since the journal was read", 0, func(p1, p2 Kept) Resume { return Resume{Kept: []Kept{p1}, Through: p1.ID} }, Resumed, "p1 p2"},
		{"no id, all came since the journal was read", 100, func(p1, p2 Kept) Resume { return Resume{Kept: old, Through: old[1].ID} }, Resumed, "k1 k2 p1 p2"},
		{"no id, and some were thrown away", 100, func(p1, p2 Kept) Resume { return Resume{Lost: true, Through: p2.ID} }, Partial, ""},
		{"an id from before the start", 100, func(p1, p2 Kept) Resume {
			return Resume{LastEventID: "5-0", Kept: []Kept{old[1], p1, p2}, Through: p2.ID}
		}, Partial, "k2 e1 p1 e2 p2"},
		{"an id of the history", 100, func(p1, p2 Kept) Resume {
			return Resume{LastEventID: id(1).String(), Kept: []Kept{p1, p2}, Through: p2.ID}
		}, Resumed, "p1 e2 p2"},
		{"an id of the history, the journal read before", 100, func(p1, p2 Kept) Resume {
			return Resume{LastEventID: id(1).String(), Through: old[1].ID}
		}, Resumed, "p1 e2 p2"},
		{"an id behind what is kept", 100, func(p1, p2 Kept) Resume {
			return Resume{LastEventID: p1.ID.String(), Kept: []Kept{old[1], p1, p2}, Through: p2.ID}
		}, Resumed, "e2 p2"},
		{"an id that is not known here", 100, func(p1, p2 Kept) Resume {
			return Resume{LastEventID: "abc", Kept: []Kept{p1, p2}, Through: p2.ID}
		}, Unknown, "p1 p2"},
		{"an id, and some were thrown away", 100, func(p1, p2 Kept) Resume {
			return Resume{LastEventID: p2.ID.String(), Lost: true, Through: p2.ID}
		}, Partial, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, p1, p2 := prepare(t, tt.events)
			p, replay := w.rejoin(Info{ID: "a", UserID: "u"}, tt.resume(p1, p2))
			assert.Equal(t, tt.verdict, replay.Verdict)
			assert.True(t, replay.Whole)
			assert.Equal(t, tt.got, p.told())
			assert.Equal(t, len(strings.Fields(tt.got)), replay.Queued)
		})
	}
}

// TestALongReplayIsPaged fills half an outbox at a time, asks a journal for the next
// page when one is done, and keeps what is sent meanwhile behind it.
func TestALongReplayIsPaged(t *testing.T) {
	opts := withHistory(0)
	opts.OutboxFrames = 8
	w := newWorld(t, opts)
	var pages [3][]Kept
	var want []string
	n := uint64(0)
	for i := range pages {
		for range 6 {
			n++
			text := fmt.Sprint("k", n)
			pages[i] = append(pages[i], keptEvent(text, sse.Sequence{Milliseconds: n}))
			want = append(want, text)
		}
	}
	p := &peer{room: 0}
	p.Client = NewClient(Info{ID: "a", UserID: "u"}, p, w.tick)
	welcome := w.state.register(p.Client, &Resume{Kept: pages[0], More: true, Through: sse.Sequence{Milliseconds: 100}})
	require.Equal(t, Replay{Verdict: Resumed, Queued: 4}, welcome.Replay)
	w.flush(p.Client, nil)
	receipt := w.say("live", Target{UserID: "u"})
	assert.Equal(t, 1, receipt.Queued, "it counts, though it comes later")
	w.say("for this stream", Target{ClientIDs: []string{"a"}})
	w.say("not for it", Target{ClientIDs: []string{"b"}})
	second := w.feed(p.Client, pages[1], true)
	read := func() {
		w.read(p, -1)
		p.room = 0
		w.advanceTick()
		w.finishWork()
	}
	assert.Empty(t, second, "the page before is not done")
	read()
	read()
	require.Len(t, second, 1)
	assert.True(t, <-second)
	third := w.feed(p.Client, pages[2], false)
	for range 20 {
		read()
	}
	require.Len(t, third, 1)
	assert.True(t, <-third)
	assert.Equal(t, strings.Join(want, " ")+" live for this stream <replayed>", strings.ReplaceAll(p.told(), "this_", "this "))
	assert.Contains(t, p.got.String(), `{"status":"replayed","replayed":20,"to":"1000000-0","timestamp":`)
	assert.Zero(t, w.snapshot(0).Replaying)
	w.say("then", Target{})
	read()
	read()
	assert.True(t, strings.HasSuffix(p.told(), "<replayed> then"), p.told())
	late := w.feed(p.Client, nil, false)
	assert.False(t, <-late, "it replays no more")
}

func TestWhatIsWrittenAndNotYetSentComesOnce(t *testing.T) {
	w := newWorld(t, withHistory(100))
	id := w.reserve(1)
	f := sse.NewFrame(sse.Event{Data: "written", Persistent: true})
	p, replay := w.rejoin(Info{ID: "a"}, Resume{Kept: []Kept{keptEvent("written", id)}, Through: id})
	assert.Zero(t, replay.Queued)
	w.commit(Committed{f, Target{}, make(chan Receipt, 1)})
	w.write()
	assert.Equal(t, "written", p.told())
}

// To go on would move its client's Last-Event-ID past what it has not had.
func TestAStreamWhoseNextPageCanNotBeReadIsEnded(t *testing.T) {
	w := newWorld(t, withHistory(100))
	p, _ := w.rejoin(Info{ID: "a"}, Resume{Kept: []Kept{keptEvent("k1", sse.Sequence{Milliseconds: 7})}, More: true})
	w.say("live", Target{})
	reply := make(chan struct{}, 2)
	abandoning{p.Client, reply}.do(w.state)
	<-reply
	w.write()
	got := p.received()
	require.Len(t, got, 2, "what it had, and why it ends")
	assert.Contains(t, got[0], "data: k1\n")
	assert.Contains(t, got[1], `"code":"JOURNAL_FAILED"`)
	abandoning{p.Client, reply}.do(w.state) // which may be said of one that has ended
	<-reply
	assert.EqualValues(t, 1, w.snapshot(0).Ended[ReasonJournal])
}

func TestAStreamThatEndsWantsNoMorePages(t *testing.T) {
	w := newWorld(t, withHistory(0))
	p, _ := w.rejoin(Info{ID: "a"}, Resume{Kept: nil, More: true})
	waiting := w.feed(p.Client, []Kept{keptEvent("k", sse.Sequence{Milliseconds: 1})}, true)
	assert.True(t, <-waiting, "it is begun at once")
	p.room = 0
	waiting = w.feed(p.Client, []Kept{keptEvent("k", sse.Sequence{Milliseconds: 2})}, true)
	<-waiting
	w.leave(p)
	w.write()
	late := w.feed(p.Client, nil, true)
	assert.False(t, <-late)
	assert.Empty(t, w.replays.active)
}

func TestAReplaySlowerThanTheHistoryIsEnded(t *testing.T) {
	opts := withHistory(8)
	opts.OutboxFrames = 8
	w := newWorld(t, opts)
	for i := range 8 {
		w.say(fmt.Sprint("e", i), Target{})
	}
	p := &peer{room: 0}
	p.Client = NewClient(Info{ID: "a"}, p, w.tick)
	welcome := w.state.register(p.Client, &Resume{LastEventID: "1000000-0"})
	require.False(t, welcome.Replay.Whole)
	w.flush(p.Client, nil)
	for i := range 8 {
		w.say(fmt.Sprint("f", i), Target{})
	}
	w.advanceTick()
	w.finishWork()
	w.read(p, -1)
	w.finishWork()
	assert.True(t, p.closed)
	assert.Contains(t, p.got.String(), "e0")
	assert.Contains(t, p.got.String(), `"code":"SLOW_CONSUMER"`)
	assert.Equal(t, ReasonSlowConsumer, Reason(p.reason.Load()))
}

func TestAJournalReadTooLongAgoIsStale(t *testing.T) {
	opts := withHistory(0)
	opts.OutboxFrames = 4
	w := newWorld(t, opts)
	var ids []sse.Sequence
	for range 6 {
		ids = append(ids, w.reserve(1))
		w.commit(Committed{sse.NewFrame(sse.Event{Data: "p", Persistent: true}), Target{UserID: "u"}, make(chan Receipt, 1)})
	}
	ask := func(through sse.Sequence) Welcome {
		p := &peer{room: -1}
		p.Client = NewClient(Info{ID: through.String(), UserID: "u"}, p, w.tick)
		return w.state.register(p.Client, &Resume{Through: through})
	}
	assert.Equal(t, Stale, ask(ids[0]).Admission)
	assert.Nil(t, w.index.byID.get(ids[0].String()), "the hub does not know it")
	assert.Equal(t, Admitted, ask(ids[1]).Admission)
	assert.Equal(t, Admitted, ask(ids[5]).Admission)
}

func TestAResetForgetsTheHistory(t *testing.T) {
	w := newWorld(t, withHistory(100))
	first := w.say("before", Target{})
	done := make(chan struct{}, 1)
	w.reset(done)
	w.finishWork()
	<-done
	p, replay := w.rejoin(Info{ID: "a"}, Resume{LastEventID: "1000000-0"})
	assert.Equal(t, Partial, replay.Verdict)
	assert.Empty(t, p.told())
	_, replay = w.rejoin(Info{ID: "b"}, Resume{LastEventID: first.ID})
	assert.Equal(t, Resumed, replay.Verdict)
}
