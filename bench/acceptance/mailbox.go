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

const (
	mailboxEvents = 1000 // what a box holds by default
	mailboxLive   = 10
	mailboxTags   = mailboxEvents + mailboxLive
)

// mailbox is a user who is away while as much is sent as a box holds, and comes back
// with several devices, before and after the server was killed.
func mailbox(ctx context.Context, b *bench, r *report.Report) error {
	m := &mailboxRun{report: r, book: newBook(mailboxTags)}
	settings := []string{"DATA_DIR=" + b.path("mailbox")}
	var err error
	if m.server, err = b.start(ctx, settings...); err != nil {
		return err
	}
	if m.visitor, err = b.visitor(m.server, mailboxTags); err != nil {
		return err
	}
	none := loadgen.NewSet(mailboxTags)
	for _, device := range []string{"phone", "laptop"} {
		if err := m.comes(ctx, device+" for the first time", device, "", none); err != nil {
			return err
		}
	}
	if err := m.send(ctx); err != nil {
		return err
	}
	if err := m.restart(ctx, b, settings); err != nil {
		return err
	}
	all := tags(mailboxTags, 0, mailboxEvents)
	if err := m.phone(ctx, all); err != nil {
		return err
	}
	if err := m.laptop(ctx, all); err != nil {
		return err
	}
	return m.others(ctx, b, settings)
}

// mailboxRun is what the parts of the scenario share.
type mailboxRun struct {
	server  *server
	visitor *visitor
	report  *report.Report
	book    *book
}

// id is the server's id of the nth event.
func (m *mailboxRun) id(n int) string {
	id := m.book.entries[n].id
	return fmt.Sprintf("%d-%d", id.Milliseconds, id.N)
}

func device(name, lastEventID string) loadgen.Spec {
	spec := member{user: "ada"}.spec()
	spec.Device, spec.LastEventID = name, lastEventID
	return spec
}

// comes has a device connect and checks what it gets.
func (m *mailboxRun) comes(ctx context.Context, what, name, lastEventID string, due loadgen.Set) error {
	got, err := m.visitor.visit(ctx, device(name, lastEventID), due)
	if err == nil {
		m.report.Check(what, got.exact(), got, fmt.Sprintf("%d events, once and in order", due.Len()))
	}
	return err
}

// send sends what fills the box, half of it in batches, while nobody is there.
func (m *mailboxRun) send(ctx context.Context) error {
	to := loadgen.Event{Event: "to-user", UserID: "ada", Persistent: true}
	for n := 0; n < mailboxEvents; {
		events := []loadgen.Event{to}
		if n >= mailboxEvents/2 {
			for len(events) < 100 {
				events = append(events, to)
			}
		}
		if err := m.book.post(ctx, m.server, 0, events...); err != nil {
			return err
		}
		n += len(events)
	}
	m.report.Equal("events sent while ada is away, answered persisted", m.book.tally()[kept], mailboxEvents)
	return nil
}

// restart kills the server and starts it again at its address.
func (m *mailboxRun) restart(ctx context.Context, b *bench, settings []string) (err error) {
	m.server.kill()
	m.server, err = b.startAt(ctx, m.server.addr, settings...)
	return err
}

// phone comes back after the kill without an id, stays for live events, and
// acknowledges by a request.
func (m *mailboxRun) phone(ctx context.Context, all loadgen.Set) error {
	spec := device("phone", "")
	spec.Resumes = true
	s, err := m.visitor.open(ctx, spec)
	if err != nil {
		return err
	}
	if err := m.visitor.gets(ctx, s, mailboxEvents); err != nil {
		return err
	}
	for range mailboxLive {
		if err := m.book.post(ctx, m.server, 0, loadgen.Event{Event: "live", UserID: "ada"}); err != nil {
			return err
		}
	}
	if err := m.visitor.gets(ctx, s, mailboxTags); err != nil {
		return err
	}
	got := m.visitor.leaves(s, tags(mailboxTags, 0, mailboxTags))
	m.report.Check("after a kill -9 the phone gets all, then live ones", got.exact(), got, fmt.Sprintf("%d events, once and in order", mailboxTags))

	if err := m.comes(ctx, "it acknowledges nothing and comes without an id", "phone", "", all); err != nil {
		return err
	}
	if err := m.server.Ack(ctx, loadgen.Ack{ID: m.id(599), UserID: "ada", Device: "phone"}); err != nil {
		return err
	}
	return m.comes(ctx, "it acknowledges 600 by POST /api/sse/ack", "phone", "", tags(mailboxTags, 600, mailboxEvents))
}

// laptop acknowledges by its Last-Event-ID.
func (m *mailboxRun) laptop(ctx context.Context, all loadgen.Set) error {
	if err := m.comes(ctx, "the laptop, whose place is its own", "laptop", "", all); err != nil {
		return err
	}
	// What is in memory since the kill, the live events, comes as well.
	if err := m.comes(ctx, "it comes with the id of the 300th", "laptop", m.id(299), tags(mailboxTags, 300, mailboxTags)); err != nil {
		return err
	}
	return m.comes(ctx, "then without an id", "laptop", "", tags(mailboxTags, 300, mailboxEvents))
}

// others are devices that nobody has seen before.
func (m *mailboxRun) others(ctx context.Context, b *bench, settings []string) error {
	rest := tags(mailboxTags, 600, mailboxEvents)
	if err := m.comes(ctx, "a tablet, seen first: what no device has acknowledged", "tablet", "", rest); err != nil {
		return err
	}
	// Acknowledgements are not synced one by one: give them the time that they have.
	if err := process.Pause(ctx, 2*time.Second); err != nil {
		return err
	}
	if err := m.restart(ctx, b, settings); err != nil {
		return err
	}
	for _, one := range []struct {
		name  string
		first int
	}{{"phone", 600}, {"laptop", 300}, {"tablet", 600}, {"a watch, seen first", 600}} {
		if err := m.comes(ctx, "after another kill -9: "+one.name, one.name, "", tags(mailboxTags, one.first, mailboxEvents)); err != nil {
			return err
		}
	}
	none := loadgen.NewSet(mailboxTags)
	for _, name := range []string{"phone", "laptop", "tablet", "a watch, seen first"} {
		if err := m.server.Ack(ctx, loadgen.Ack{ID: m.id(mailboxEvents - 1), UserID: "ada", Device: name}); err != nil {
			return err
		}
		if err := m.comes(ctx, "it acknowledges all: "+name, name, "", none); err != nil {
			return err
		}
	}
	return m.comes(ctx, "a TV, seen first when all is acknowledged", "tv", "", none)
}
