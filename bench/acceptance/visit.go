//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// visitor opens single streams, one after the other, each with a ledger of its own: it
// says what one connect brings.
type visitor struct {
	client *loadgen.Client
}

func (b *bench) visitor(s *server, tags int) (*visitor, error) {
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: tags})
	return &visitor{client: c}, err
}

// open opens a stream and waits for its connection event.
func (v *visitor) open(ctx context.Context, spec loadgen.Spec) (*loadgen.Stream, error) {
	s := v.client.Open(spec)[0]
	var ending loadgen.Ending
	// Not by counts: those of the visit before may still change.
	err := v.client.Await(ctx, "a stream to open", func() (open bool) {
		v.client.Each([]*loadgen.Stream{s}, func(s *loadgen.Stream) { open, ending = s.Opened > 0, s.Ending })
		return open || ending != 0
	})
	if err == nil && ending != 0 {
		err = fmt.Errorf("a stream did not open: %v", ending)
	}
	return s, err
}

// gets waits until a stream has so many events, and then for as long again as shows
// that there are no more.
func (v *visitor) gets(ctx context.Context, s *loadgen.Stream, events int) error {
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = v.client.Await(wait, "events", func() bool {
		n := 0
		v.client.Each([]*loadgen.Stream{s}, func(s *loadgen.Stream) { n = s.Count() })
		return n >= events
	})
	return v.client.AwaitQuiet(ctx, 300*time.Millisecond)
}

// seen is what one connect has brought.
type seen struct {
	count            int
	missing, foreign int // of a set
	faults           loadgen.Faults
	resume           loadgen.Resume
	replays          int
	lastID           string
	error            string
}

// leaves closes a stream and says what it has got, held against a set of tags.
func (v *visitor) leaves(s *loadgen.Stream, due loadgen.Set) (got seen) {
	v.client.Each([]*loadgen.Stream{s}, func(s *loadgen.Stream) {
		got = seen{count: s.Count(), faults: s.Faults, resume: s.Resume, replays: s.Replays, lastID: s.LastID(), error: s.Code}
		got.missing, got.foreign = s.Against(due)
	})
	v.client.Close(s)
	return got
}

// visit opens a stream, waits for what is due and closes it.
func (v *visitor) visit(ctx context.Context, spec loadgen.Spec, due loadgen.Set) (seen, error) {
	spec.Resumes = true
	s, err := v.open(ctx, spec)
	if err != nil {
		return seen{}, err
	}
	if err := v.gets(ctx, s, due.Len()); err != nil {
		return seen{}, err
	}
	return v.leaves(s, due), nil
}

// exact reports whether all that was due has come, and nothing else, once and in order.
func (s seen) exact() bool {
	return s.missing == 0 && s.foreign == 0 && s.faults.Total() == 0 && s.error == ""
}

func (s seen) String() string {
	text := fmt.Sprintf("%d events", s.count)
	if s.resume.Verdict != loadgen.Unasked {
		text += fmt.Sprintf(", %v", s.resume.Verdict)
	}
	if s.missing+s.foreign > 0 {
		text += fmt.Sprintf(", %d missing, %d not due", s.missing, s.foreign)
	}
	if s.faults.Total() > 0 {
		text += fmt.Sprintf(", faults %+v", s.faults)
	}
	return text + s.error
}

// tags is the set of the tags from first to before end, of a run of so many.
func tags(run, first, end int) loadgen.Set {
	set := loadgen.NewSet(run)
	for n := first; n < end; n++ {
		set.Add(n)
	}
	return set
}
