package transport

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// meddled is a store in which something happens at each call.
type meddled struct {
	journal.Store
	mu                     sync.Mutex
	read, cursors, advance func() error // nil: nothing does
	find                   func() error
}

func (m *meddled) set(read, cursors, advance func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read, m.cursors, m.advance = read, cursors, advance
}

func (m *meddled) setFind(find func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.find = find
}

func (m *meddled) Find(ctx context.Context, box journal.Box, own string) (journal.Match, error) {
	if err := m.meddle(&m.find); err != nil {
		return journal.Match{}, err
	}
	return m.Store.Find(ctx, box, own)
}

// meddle does what happens now.
func (m *meddled) meddle(which *func() error) error {
	m.mu.Lock()
	happens := *which
	m.mu.Unlock()
	if happens == nil {
		return nil
	}
	return happens()
}

func (m *meddled) ReadAfter(ctx context.Context, box journal.Box, after, through sse.Sequence, limit journal.Limit) (journal.Page, error) {
	if err := m.meddle(&m.read); err != nil {
		return journal.Page{}, err
	}
	return m.Store.ReadAfter(ctx, box, after, through, limit)
}

func (m *meddled) Cursors(ctx context.Context, box journal.Box) (journal.Cursors, error) {
	if err := m.meddle(&m.cursors); err != nil {
		return journal.Cursors{}, err
	}
	return m.Store.Cursors(ctx, box)
}

func (m *meddled) Advance(ctx context.Context, positions []journal.Position, now time.Time) error {
	if err := m.meddle(&m.advance); err != nil {
		return err
	}
	return m.Store.Advance(ctx, positions, now)
}

var errOnFire = errors.New("the disk is on fire")

// Who was let in without having had its mail would acknowledge it with the next event.
func TestAJournalThatCanNotBeReadAtAConnect(t *testing.T) {
	fails := func() error { return errOnFire }
	for sentence, c := range map[string]struct {
		read, cursors, find func() error
		query               string
		says                error
	}{
		"mailboxes can't be read":     {read: fails, says: errOnFire},
		"their cursors can't be read": {cursors: fails, says: errOnFire},
		"an own id can't be found":    {find: fails, query: "&lastEventId=order-17", says: errOnFire},
		"the store panics":            {read: func() error { panic("a fault of the store") }, says: errPanicked},
	} {
		t.Run(sentence, func(t *testing.T) {
			store := &meddled{Store: newMailboxes()}
			r := accessRigWith(t, func(o *Options) { o.Journal = store })
			r.persist("1", user("alice"))
			store.set(c.read, c.cursors, nil)
			store.setFind(c.find)
			query := "device=phone" + c.query
			refusedInWords(t, r.dialStream(query, page("alice")...), "JOURNAL_FAILED")
			resp := r.call("GET", "/api/sse?"+query, "", page("alice")...)
			resp.problem(t, 503, "JOURNAL_FAILED", "")
			assert.NotEmpty(t, resp.Header.Get("Retry-After"))
			line := r.log.wait(t, "mailbox not read", 2)[1]
			assert.Equal(t, "alice", line["user"])
			assert.Contains(t, line["error"], c.says.Error())
			assert.Equal(t, 2.0, r.scrape().value["sseactor_mailboxes_unread_total"])
			store.set(nil, nil, nil)
			store.setFind(nil)
			stream, told := r.connect("device=phone", page("alice")...)
			assert.Equal(t, "resumed 1", told.String())
			assert.Equal(t, []string{"1"}, stream.events(1))
		})
	}
}

func TestWhereNobodyHasMailAJournalThatFailsRefusesNobody(t *testing.T) {
	fails := func() error { return errOnFire }
	for sentence, query := range map[string]string{
		"a first connect":       "device=phone",
		"one that resumes":      "device=phone&lastEventId=1700000000000-0",
		"one after an own id":   "device=phone&lastEventId=order-17",
		"a user with a session": "sessionId=tab",
	} {
		t.Run(sentence, func(t *testing.T) {
			store := &meddled{Store: newMailboxes()}
			store.set(fails, fails, fails)
			store.setFind(fails)
			r := accessRigWith(t, func(o *Options) { o.Journal = store })
			stream, _ := r.connect(query, page("alice")...)
			stream.nothingBefore(r)
		})
	}
}

// The mail that a device could not be noted for comes all the same, and again if it was not
// read.
func TestADeviceThatCanNotBeNotedGetsItsMail(t *testing.T) {
	store := &meddled{Store: newMailboxes()}
	r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, 0 })
	r.persist("precious", user("alice"))
	store.set(nil, nil, func() error { return errOnFire })
	stream, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	r.publish(`{"data":"live","userId":"alice"}`)
	assert.Equal(t, []string{"precious", "live"}, stream.events(2))
	line := r.log.wait(t, "mailbox not read", 1)[0]
	assert.Contains(t, line["error"], errOnFire.Error())
	assert.Equal(t, 1.0, r.scrape().value["sseactor_mailboxes_unread_total"])
	stream.leave(r)
	store.set(nil, nil, nil)
	stream, told = r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"precious"}, stream.events(1))
}

// A later page that can't be read ends the stream: what is sent from now on would move the
// client past what it has not had. It comes back with the last it had, and gets the rest.
func TestAJournalThatFailsBetweenPages(t *testing.T) {
	store := &meddled{Store: newMailboxes()}
	r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, 0 })
	want := r.persistMany(mailboxEvents, user("alice"))
	require.NoError(t, r.hub.Reset(t.Context()))
	var pages atomic.Int32
	store.set(func() error {
		if pages.Add(1) == 2 {
			return errOnFire
		}
		return nil
	}, nil, nil)
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed", told.String())
	var got []string
	for {
		e := c.next()
		if e.name == "error" {
			assert.Equal(t, "JOURNAL_FAILED", e.json(t)["code"])
			break
		}
		c.last = e.id
		got = append(got, e.data)
	}
	c.end()
	require.NotEmpty(t, got)
	c, told = r.connect("device=phone&lastEventId="+c.last, page("alice")...)
	assert.Equal(t, "partial", told.Status, "there is no history of other events")
	got = append(got, c.events(mailboxEvents-len(got))...)
	assert.Equal(t, want, got)
	assert.Len(t, r.log.wait(t, "mailbox not read", 1), 1)
}
