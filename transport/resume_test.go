package transport

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func TestAClientThatComesBackGetsWhatItMissed(t *testing.T) {
	r := accessRig(t)
	c := r.open("topics=news", page("alice")...)
	r.publish(`{"data":"seen","userId":"alice"}`)
	c.events(1)
	c.leave(r)
	newest := ""
	for _, body := range []string{`{"data":"for her","userId":"alice"}`, `{"data":"for bob","userId":"bob"}`, `{"data":"of a topic","topics":["news"]}`,
		`{"data":"for all"}`, `{"data":"of another topic","topics":["public.x"]}`} {
		newest = r.publish(body).Event.ID
	}
	again, told := r.connect("topics=news&lastEventId="+c.last, page("alice")...)
	assert.Equal(t, "resumed 3", told.String())
	assert.Equal(t, c.last, told.From)
	assert.Equal(t, []string{"for her", "of a topic", "for all"}, again.events(3))
	assert.Equal(t, newest, told.To, "what others got counts too")
	again.nothingBefore(r)
}

func TestResumingAfterAPublishersOwnID(t *testing.T) { onEachStore(t, resumingAfterAPublishersOwnID) }

func resumingAfterAPublishersOwnID(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	own := func(id string) sse.Event {
		parsed, err := sse.ParseID(id)
		require.NoError(t, err)
		return sse.Event{Data: id, ID: parsed}
	}
	for sentence, history := range map[string]int{"the history knows it": 10_000, "the mailboxes alone know": 0} {
		t.Run(sentence, func(t *testing.T) {
			store := newMailboxes(t)
			r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, history })
			r.persistEvents(user("alice"), own("order/1"), own("5-1"), own("order/3"))
			r.persistEvents(topics("news"), own("news/4"))
			r.persistEvents(user("bob"), own("order/5"))
			// That a client has what came to a topic is no word of its mailbox: there it goes on
			// where its user's devices stand.
			again := []string{"order/3"}
			if history > 0 {
				again = append(again, "news/4")
			}
			if r.opts.Hub.HistoryEvents == 0 {
				require.NoError(t, r.hub.Reset(t.Context()))
			}
			for _, v := range []struct {
				last   string
				gets   []string
				status string
			}{
				{"order/1", []string{"5-1", "order/3", "news/4"}, "resumed"},
				{"5-1", []string{"order/3", "news/4"}, "resumed"},
				{"news/4", again, "resumed"},
				{"order/5", []string{"order/3", "news/4"}, "reset"}, // bob's: the mailbox alone
			} {
				c, told := r.connect("topics=news&device="+v.last+"&lastEventId="+v.last, page("alice")...)
				want := v.status
				if r.opts.Hub.HistoryEvents == 0 && want == "resumed" {
					want = "partial"
				}
				assert.Equal(t, fmt.Sprint(want, " ", len(v.gets)), told.String(), v.last)
				assert.Equal(t, v.gets, c.events(len(v.gets)), v.last)
				c.nothingBefore(r)
			}
		})
	}
}

// Somebody else gives an event the id that a client stands at: what came in between is
// neither passed over nor acknowledged.
func TestAnOwnIDThatIsUsedAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
		own, err := sse.ParseID("order-17")
		require.NoError(t, err)
		again := sse.Event{Data: "again", ID: own}
		for sentence, c := range map[string]struct {
			acked bool // the event that the client stands at is deleted
			to    actor.Target
		}{
			"for a topic":               {false, topics("news")},
			"for everybody":             {false, actor.Target{}},
			"for the user":              {false, user("alice")},
			"for a topic, and it alone": {true, topics("news")},
		} {
			for _, history := range []int{0, 10_000} {
				t.Run(fmt.Sprint(sentence, ", history ", history), func(t *testing.T) {
					store := newMailboxes(t)
					r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, history })
					c1, _ := r.connect("topics=news&device=phone", page("alice")...)
					ids := r.persistEvents(user("alice"), sse.Event{Data: "1", ID: own}, sse.Event{Data: "2"})
					require.Equal(t, []string{"1"}, c1.events(1))
					last := c1.last
					if c.acked {
						require.Equal(t, []string{"2"}, c1.events(1))
						r.ack(ackBody(ids[1], `,"device":"phone"`), page("alice")...)
						_, err = store.Trim(t.Context(), time.Now())
						require.NoError(t, err)
					}
					c1.leave(r)
					r.persist("precious", user("alice"))
					r.persistEvents(c.to, again)
					c2, _ := r.connect("topics=news&device=phone&lastEventId="+last, page("alice")...)
					for got := ""; got != "precious"; {
						got = c2.events(1)[0]
					}
					c2.leave(r)
					_, err = store.Trim(t.Context(), time.Now())
					require.NoError(t, err)
					page, err := store.ReadAfter(t.Context(), journal.Box{Kind: journal.User, Name: "alice"}, sse.Sequence{}, store.Newest(), journal.Limit{Records: 9, Bytes: 1 << 20})
					require.NoError(t, err)
					var kept []string
					for _, record := range page.Records {
						kept = append(kept, record.Event.Data)
					}
					assert.Contains(t, kept, "precious")
				})
			}
		}
	})
}

// A server that starts on the journal of one before: what was kept is there, and what the
// history had is said to be gone.
func TestAfterARestart(t *testing.T) { onEachStore(t, afterARestart) }

func afterARestart(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	store := newMailboxes(t)
	start := func(o *Options) { o.Journal, o.Hub.LastID = store, store.Newest() }
	before := accessRigWith(t, start)
	first := before.persist("1", user("alice"))
	before.publish(`{"data":"not kept","userId":"alice"}`)
	before.persist("2", user("alice"))
	before.halt()

	r := accessRigWith(t, start)
	c, told := r.connect("device=phone&lastEventId="+first, page("alice")...)
	assert.Equal(t, "partial 1", told.String())
	assert.Equal(t, []string{"2"}, c.events(1))
	c, told = r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"2"}, c.events(1))
}
