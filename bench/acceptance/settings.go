//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// settingsCase is a server with certain settings, some events that are sent to it while
// the client is away, and what a client is then told and given.
type settingsCase struct {
	name     string
	settings []string
	sent     int
	event    loadgen.Event
	pause    time.Duration // after so many have been sent
	pauseAt  int
	returns  []settingsReturn
}

// settingsReturn is one way to come back.
type settingsReturn struct {
	after   int    // the event that the client had last, counted from 1; 0: one before all; below: no id
	id      string // instead: any id
	verdict loadgen.Verdict
	first   int  // the event, counted from 1, with which the replay begins; 0: there is none
	long    bool // in pages, which is said behind the last
}

const noID = -1

// toRoom is kept in the history alone, toUser in a mailbox as well.
var (
	toRoom = loadgen.Event{Event: "e", Topics: []string{"room"}}
	toUser = loadgen.Event{Event: "e", UserID: "ada", Persistent: true}
)

func briefly(e loadgen.Event) loadgen.Event {
	e.TTL = 2
	return e
}

var settingsCases = []settingsCase{
	{
		name: "as it comes", sent: 100, event: toRoom, returns: []settingsReturn{
			{after: 0, verdict: loadgen.Resumed, first: 1},
			{after: 95, verdict: loadgen.Resumed, first: 96},
			{after: 100, verdict: loadgen.Resumed},
			{id: "1-1", verdict: loadgen.Partial, first: 1},
			{id: "made-up", verdict: loadgen.Reset},
			{id: "99999999999999-0", verdict: loadgen.Reset},
			{after: noID, verdict: loadgen.Unasked},
		},
	},
	{
		name: "history off", settings: []string{"HISTORY_EVENTS=0"}, sent: 100, event: toRoom, returns: []settingsReturn{
			{after: 0, verdict: loadgen.Partial},
			{after: 99, verdict: loadgen.Partial},
			{after: 100, verdict: loadgen.Resumed},
			{id: "made-up", verdict: loadgen.Reset},
		},
	},
	{
		name: "history tiny", settings: []string{"HISTORY_EVENTS=16", "OUTBOX_FRAMES=16"}, sent: 100, event: toRoom, returns: []settingsReturn{
			{after: 0, verdict: loadgen.Partial, first: 85},
			{after: 83, verdict: loadgen.Partial, first: 85},
			{after: 84, verdict: loadgen.Resumed, first: 85},
			{after: 95, verdict: loadgen.Resumed, first: 96},
			{id: "made-up", verdict: loadgen.Reset},
		},
	},
	{
		name: "history huge", settings: []string{"HISTORY_EVENTS=1000000", "HISTORY_BYTES=1GiB"}, sent: 20_000, event: toRoom, returns: []settingsReturn{
			{after: 0, verdict: loadgen.Resumed, first: 1, long: true},
			{after: 19_995, verdict: loadgen.Resumed, first: 19_996},
		},
	},
	{
		name: "history of 1 s", settings: []string{"HISTORY_AGE=1s"}, sent: 20, event: toRoom, pauseAt: 10, pause: 3 * time.Second, returns: []settingsReturn{
			{after: 0, verdict: loadgen.Partial, first: 11},
			{after: 9, verdict: loadgen.Partial, first: 11},
			{after: 10, verdict: loadgen.Resumed, first: 11},
		},
	},
	{
		name: "mailboxes of 10", settings: []string{"MAILBOX_EVENTS=10", "HISTORY_EVENTS=0", "DATA_DIR=?"}, sent: 25, event: toUser, returns: []settingsReturn{
			{after: noID, verdict: loadgen.Partial, first: 16},
			// Recent persistent events are in memory whatever the history is.
			{after: 14, verdict: loadgen.Partial, first: 15},
			{after: 20, verdict: loadgen.Partial, first: 21}, // what was not persistent is not known
		},
	},
	{
		name: "a ttl of 2 s", settings: []string{"HISTORY_EVENTS=0"}, sent: 20, event: briefly(toUser), pauseAt: 10, pause: 4 * time.Second, returns: []settingsReturn{
			{after: noID, verdict: loadgen.Resumed, first: 11},
		},
	},
	{
		name: "a ttl of 2 s in the history", sent: 20, event: briefly(toRoom), pauseAt: 10, pause: 4 * time.Second, returns: []settingsReturn{
			{after: 0, verdict: loadgen.Resumed, first: 11},
		},
	},
	{
		name: "no DATA_DIR", sent: 20, event: toUser, returns: []settingsReturn{
			{after: noID, verdict: loadgen.Resumed, first: 1},
			{after: 5, verdict: loadgen.Resumed, first: 6},
		},
	},
}

// settings holds what is said of each setting's effect against what is seen.
func settings(ctx context.Context, b *bench, r *report.Report) error {
	for i, one := range settingsCases {
		if err := one.try(ctx, b, i, r); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

func (c settingsCase) try(ctx context.Context, b *bench, number int, r *report.Report) error {
	durable := false
	with := make([]string, len(c.settings))
	for i, s := range c.settings {
		if with[i] = s; s == "DATA_DIR=?" {
			with[i], durable = "DATA_DIR="+b.path(fmt.Sprint("settings-", number)), true
		}
	}
	s, err := b.start(ctx, with...)
	if err != nil {
		return err
	}
	defer s.kill()
	ids, err := c.send(ctx, s, r, durable)
	if err != nil {
		return err
	}
	v, err := b.visitor(s, c.sent)
	if err != nil {
		return err
	}
	for _, back := range c.returns {
		due := loadgen.NewSet(c.sent)
		if back.first > 0 {
			due = tags(c.sent, back.first-1, c.sent)
		}
		spec := member{user: "ada", session: "s", topics: []string{"room"}}.spec()
		what := "without an id"
		switch {
		case back.id != "":
			spec.LastEventID, what = back.id, "after "+back.id
		case back.after >= 0:
			spec.LastEventID, what = ids[back.after], fmt.Sprintf("after the %dth of %d", back.after, c.sent)
		}
		// Each is a device of its own: none acknowledges for the next.
		spec.Device = fmt.Sprint("device of ", what)
		got, err := v.visit(ctx, spec, due)
		if err != nil {
			return err
		}
		ok := got.exact() && got.resume.Verdict == back.verdict && (!back.long || got.replays == 1)
		want := fmt.Sprintf("%d events, %v", due.Len(), back.verdict)
		if back.long {
			want += ", in pages"
		}
		r.Check(c.name+": "+what, ok, got, want)
	}
	return nil
}

// send sends the events and gives their ids, behind that of one before them.
func (c settingsCase) send(ctx context.Context, s *server, r *report.Report, durable bool) ([]string, error) {
	// A topic that nobody reads.
	before, err := s.Publish(ctx, loadgen.Event{Topics: []string{"elsewhere"}, Data: "before"})
	if err != nil {
		return nil, err
	}
	ids := []string{before.Event.ID}
	persisted := 0
	for n := 0; n < c.sent; {
		if n == c.pauseAt {
			if err := process.Pause(ctx, c.pause); err != nil {
				return nil, err
			}
		}
		batch := make([]loadgen.Event, min(10, c.sent-n))
		if c.sent-n >= 1000 {
			batch = make([]loadgen.Event, 1000)
		}
		for i := range batch {
			batch[i] = c.event
			batch[i].Data = loadgen.Tag{N: n + i, At: loadgen.Now()}.Text(100, false)
		}
		answers, err := s.PublishBatch(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			ids = append(ids, a.Event.ID)
			if a.Persisted {
				persisted++
			}
		}
		n += len(batch)
	}
	if want := c.sent; c.event.Persistent {
		if !durable {
			want = 0
		}
		r.Equal(c.name+": answered persisted", persisted, want)
	}
	return ids, nil
}
