//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

const (
	killLanes     = 4
	killBatches   = 3   // the lane that sends batches
	killLaneRate  = 300 // requests a second of each lane, at most
	killResidents = 200
	killCohorts   = 10 // of absent members
	killCohort    = 10 // members of each
	killReaders   = 10 // that read all of it once more at the end
)

// The groups of the kills' streams.
const (
	inhabitants = iota
	absentees
	rereaders
)

// kills kills the server at random moments while persistent events are published. What
// was answered persisted must reach whoever it was for: clients that resume at once,
// clients that were away for several kills, clients that come for the first time long
// after.
func kills(ctx context.Context, b *bench, r *report.Report) error {
	// A write that the kill cuts in two, of events that nobody was told are safe, looks
	// like any other damage.
	const torn = "the journal is damaged"
	b.expects = []string{torn}
	run, err := newKillsRun(ctx, b)
	if err != nil {
		return err
	}
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	var publishers sync.WaitGroup
	var published error
	publishers.Go(func() {
		published = lanes(killLanes, func(lane int) error { return run.publish(publishing, lane) })
	})
	err = run.rounds(ctx, b)
	stop()
	publishers.Wait()
	if err := errors.Join(err, published); err != nil {
		return err
	}
	r.Tell("kills in the midst of a write, reported as damage", "%d", strings.Count(b.readLog(), torn))
	return run.report(ctx, r, b.kills)
}

// killsRun is what the parts of the scenario share.
type killsRun struct {
	servers *succession
	client  *loadgen.Client
	book    *book
	from    string // the id before all

	residents, absent  []member
	streams, absentees []*loadgen.Stream
	away               []*loadgen.Stream // of the streams
	starts             []time.Duration
}

func newKillsRun(ctx context.Context, b *bench) (k *killsRun, err error) {
	k = &killsRun{residents: town(killResidents), book: newBook(3000 * b.kills)}
	for i := range killCohorts * killCohort {
		k.absent = append(k.absent, member{user: fmt.Sprint("absent-", i), session: fmt.Sprint("absent-session-", i)})
	}
	k.servers, err = b.succession(ctx, "DATA_DIR="+b.path("kills"), "LOG_LEVEL=warn",
		"MAILBOX_EVENTS=1000000", "MAILBOX_BYTES=64MiB", "JOURNAL_BYTES=8GiB")
	if err != nil {
		return nil, err
	}
	server, _ := k.servers.current()
	k.client, err = b.client(loadgen.Options{Target: server.addr, Tags: len(k.book.entries), OnEnd: func(*loadgen.Stream) (time.Duration, bool) {
		return 5*time.Millisecond + rand.N(20*time.Millisecond), true
	}})
	if err != nil {
		return nil, err
	}
	first, err := server.Publish(ctx, loadgen.Event{Data: "before", Persistent: true})
	if err != nil {
		return nil, err
	}
	k.from = first.Event.ID
	k.streams, err = open(ctx, k.client, specsOf(k.residents, k.resuming))
	return k, err
}

func (k *killsRun) resuming(s *loadgen.Spec) { s.LastEventID, s.Resumes = k.from, true }

// publish sends until ctx ends; while no server answers it waits for the next. Nothing
// is sent twice: an event whose answer did not come may be there or not.
func (k *killsRun) publish(ctx context.Context, lane int) error {
	r := rand.New(rand.NewPCG(5, uint64(lane)))
	size := 1
	if lane == killBatches {
		size = 10
	}
	for ctx.Err() == nil {
		due := time.Now().Add(time.Second / killLaneRate)
		events := make([]loadgen.Event, size)
		for i := range events {
			events[i] = k.something(r)
		}
		server, changed := k.servers.current()
		switch err := k.book.post(context.WithoutCancel(ctx), server, lane, events...); {
		case errors.Is(err, errBookFull):
			return err
		case err != nil && isStatus(err):
			return fmt.Errorf("publisher %d: %w", lane, err)
		case err != nil: // the server was killed
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
		_ = process.Pause(ctx, time.Until(due))
	}
	return nil
}

func isStatus(err error) bool {
	var status *loadgen.StatusError
	return errors.As(err, &status)
}

// something is an event for the residents or for an absent one, most of them persistent.
func (k *killsRun) something(r *rand.Rand) loadgen.Event {
	e := somethingFor(r, k.residents)
	if m := k.absent[r.IntN(len(k.absent))]; r.IntN(100) < 15 {
		e = loadgen.Event{Event: "to-absent", UserID: m.user}
		if r.IntN(2) == 0 {
			e = loadgen.Event{Event: "to-absent", SessionID: m.session}
		}
	}
	e.Persistent = r.IntN(100) < 85
	return e
}

// rounds kills and starts the server.
func (k *killsRun) rounds(ctx context.Context, b *bench) error {
	for n := range b.kills {
		if err := process.Pause(ctx, 10*time.Millisecond+rand.N(400*time.Millisecond)); err != nil {
			return err
		}
		k.servers.kill()
		took, err := k.servers.restart(ctx, b)
		if err != nil {
			return fmt.Errorf("after kill %d: %w", n+1, err)
		}
		k.starts = append(k.starts, took)
		if n%5 == 4 {
			k.wander()
		}
		if every := max(b.kills/killCohorts, 1); n%every == every-1 {
			k.arrive()
		}
	}
	return nil
}

// wander has those who were away come back, and others go.
func (k *killsRun) wander() {
	k.client.Reopen(k.away...)
	k.away = nil
	for _, i := range rand.Perm(len(k.streams))[:len(k.streams)/4] {
		k.away = append(k.away, k.streams[i])
	}
	k.client.Close(k.away...)
}

// arrive opens the streams of the next absent members, who know no id.
func (k *killsRun) arrive() {
	first := len(k.absentees)
	if first == len(k.absent) {
		return
	}
	k.absentees = append(k.absentees, k.client.Open(specsOf(k.absent[first:first+killCohort], func(s *loadgen.Spec) {
		s.Group, s.Resumes = absentees, true
	})...)...)
}

// report waits for all, and says what they have got.
func (k *killsRun) report(ctx context.Context, r *report.Report, kills int) error {
	k.client.Reopen(k.away...)
	for len(k.absentees) < len(k.absent) {
		k.arrive()
	}
	readers := make([]member, killReaders)
	for i := range readers {
		readers[i].session = fmt.Sprint("reader-", i)
		for _, m := range k.residents {
			readers[i].topics = append(readers[i].topics, m.topics...)
		}
		slices.Sort(readers[i].topics)
		readers[i].topics = slices.Compact(readers[i].topics)
	}
	reading := k.client.Open(specsOf(readers, func(s *loadgen.Spec) {
		k.resuming(s)
		s.Group = rereaders
	})...)
	all := len(k.streams) + len(k.absentees) + len(reading)
	give, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := k.client.Await(give, "all to be back", func() bool {
		n := 0
		for group := inhabitants; group <= rereaders; group++ {
			n += k.client.Counts(group).Open
		}
		return n == all
	})
	if err != nil {
		return err
	}
	if err := k.client.AwaitQuiet(ctx, 3*time.Second); err != nil {
		return err
	}
	k.reportPublishers(r, kills)
	k.reportReaders(r, "residents", inhabitants, k.streams, k.residents, func(*entry) bool { return true })
	// Who comes without an id gets its own mailboxes: what was for everybody only counts
	// for those who were there before.
	k.reportReaders(r, "absentees", absentees, k.absentees, k.absent, func(e *entry) bool { return e.event.UserID+e.event.SessionID != "" })
	k.reportReaders(r, "late readers of topics", rereaders, reading, readers, func(*entry) bool { return true })
	return nil
}

func (k *killsRun) reportPublishers(r *report.Report, kills int) {
	fates := k.book.tally()
	arrivals, disagree := k.client.Arrivals()
	there, live, untrue := 0, 0, 0
	for n, e := range k.book.written() {
		switch {
		case e.fate == unknown && arrivals[n].Count > 0:
			there++
		case !e.event.Persistent && e.fate == kept, e.event.Persistent && e.fate == sent:
			untrue++
		case !e.event.Persistent && e.fate == sent:
			live++
		}
	}
	r.Equal("kills", len(k.starts), kills)
	r.Tell("from start to /readyz", "median %v, most %v", median(k.starts).Round(time.Millisecond), slices.Max(k.starts).Round(time.Millisecond))
	r.Tell("events", "%d answered persisted, %d live ones answered", fates[kept], live)
	r.Tell("whose answer a kill cut off", "%d, of which %d are there", fates[unknown], there)
	r.Zero("persistent ones not answered persisted, or live ones that were", untrue)
	r.Zero("events with another id than the publisher was told", k.book.otherIDs(arrivals)+disagree)
}

// reportReaders: who an event was for has it if it was answered persisted, and as well
// if anybody has it, since nobody gets one that is not safe.
func (k *killsRun) reportReaders(r *report.Report, whose string, group int, streams []*loadgen.Stream, members []member, counts func(*entry) bool) {
	arrivals, _ := k.client.Arrivals()
	musts, mays := k.book.due(members, func(n int, e *entry) bool {
		return counts(e) && (e.fate == kept || e.event.Persistent && arrivals[n].Count > 0)
	})
	n := k.client.Counts(group)
	r.Tell(whose, "%d, which got %d events; told %s", len(streams), n.Events, n.Resumes())
	d := compare(k.client, streams, musts, mays)
	r.Zero(whose+": persisted events missing", d.missing)
	if d.missing > 0 {
		r.Tell(whose+": most are missing", "%s", d.worst)
	}
	r.Zero(whose+": events for others", d.foreign)
	r.Zero(whose+": told reset, or nothing", n.Verdicts[loadgen.Reset]+n.Verdicts[loadgen.Unsaid]+n.Verdicts[loadgen.OddVerdict])
	faults(r, whose, n)
}
