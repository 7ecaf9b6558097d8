package transport

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// What a page that was away is told, and what it gets: its own device's place is where it
// goes on, whatever others have read.
func TestDevices(t *testing.T) { onEachStore(t, devices) }

func devices(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
	type visit struct {
		query, last, told string
		gets              []string
	}
	const phone, laptop, tablet = "device=phone", "device=laptop", "device=tablet"
	tests := map[string]struct {
		visits func(ids []string) []visit // to what is kept for alice: three events
	}{
		"a first visit gets all that was kept": {func([]string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"what was not acknowledged comes again": {func([]string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}, {phone, "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"a Last-Event-ID acknowledges all before it": {func(ids []string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}, {phone, ids[1], "resumed 1", []string{"3"}}, {phone, "", "resumed 1", []string{"3"}},
				{phone, ids[2], "resumed 0", nil}, {phone, "", "", nil}}
		}},
		"each device gets everything once": {func(ids []string) []visit {
			return []visit{{phone, "", "resumed 3", []string{"1", "2", "3"}}, {laptop, "", "resumed 3", []string{"1", "2", "3"}},
				{phone, ids[2], "resumed 0", nil}, {laptop, "", "resumed 3", []string{"1", "2", "3"}}, {laptop, ids[2], "resumed 0", nil}, {laptop, "", "", nil}}
		}},
		"a device that is first seen gets what no device has acknowledged": {func(ids []string) []visit {
			return []visit{{phone, ids[1], "resumed 1", []string{"3"}}, {laptop, ids[0], "resumed 2", []string{"2", "3"}}, {tablet, "", "resumed 1", []string{"3"}}}
		}},
		"and keeps its place from then on": {func(ids []string) []visit {
			return []visit{{phone, ids[0], "resumed 2", []string{"2", "3"}}, {tablet, "", "resumed 2", []string{"2", "3"}}, {phone, ids[2], "resumed 0", nil},
				{tablet, "", "resumed 2", []string{"2", "3"}}}
		}},
		"a user without a device is one": {func(ids []string) []visit {
			return []visit{{"", "", "resumed 3", []string{"1", "2", "3"}}, {"", ids[2], "resumed 0", nil}, {"", "", "", nil}}
		}},
		"a user's session is a device, if there is no other": {func(ids []string) []visit {
			return []visit{{"", "", "resumed 3", []string{"1", "2", "3"}}, {"sessionId=tab", ids[1], "resumed 1", []string{"3"}}, {"device=tab", "", "resumed 1", []string{"3"}},
				{"", "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"an id of the future is not taken for one that was read": {func([]string) []visit {
			return []visit{{phone, "9999999999999-0", "reset 3", []string{"1", "2", "3"}}, {phone, "", "resumed 3", []string{"1", "2", "3"}}}
		}},
		"an id of nobody's gets what the device has not acknowledged": {func(ids []string) []visit {
			return []visit{{phone, ids[0], "resumed 2", []string{"2", "3"}}, {phone, "of another server", "reset 2", []string{"2", "3"}}}
		}},
	}
	for sentence, c := range tests {
		t.Run(sentence, func(t *testing.T) {
			for _, history := range []int{0, 10_000} {
				store := newMailboxes(t)
				r := accessRigWith(t, func(o *Options) { o.Journal, o.Hub.HistoryEvents = store, history })
				ids := r.persistEvents(user("alice"), sse.Event{Data: "1"}, sse.Event{Data: "2"}, sse.Event{Data: "3"})
				for n, v := range c.visits(ids) {
					query := v.query
					if v.last != "" {
						query += "&lastEventId=" + strings.ReplaceAll(v.last, " ", "%20")
					}
					stream, told := r.connect(query, page("alice")...)
					want := v.told
					if history == 0 && v.last != "" { // others than persistent ones may be missing
						want = strings.Replace(want, "resumed", "partial", 1)
					}
					assert.Equal(t, want, told.String(), "visit %d, history %d", n, history)
					assert.Equal(t, v.gets, stream.events(len(v.gets)), "visit %d, history %d", n, history)
					stream.nothingBefore(r)
					stream.leave(r)
					// What all devices have may go at any time.
					_, err := r.opts.Journal.Trim(t.Context(), time.Now())
					require.NoError(t, err)
				}
			}
		})
	}
}

// Topics and everybody have no devices that acknowledge: who stands somewhere gets what
// came since.
func TestWhatIsKeptForTopics(t *testing.T) {
	r := accessRig(t)
	r.persist("before", topics("news"))
	c, told := r.connect("topics=news&device=phone", page("alice")...)
	assert.Empty(t, told, "who comes for the first time begins here")
	c.nothingBefore(r)
	c.leave(r)
	r.persist("for her", user("alice"))
	_, told = r.connect("topics=news&device=phone&lastEventId="+c.last, page("alice")...)
	assert.Equal(t, "resumed 1", told.String())

	r.persist("a", topics("news"))
	r.persist("b", topics("public.x"))
	r.persist("c", actor.Target{})
	r.hub.Reset(t.Context()) // the history is gone, as after a restart
	c, told = r.connect("topics=news&device=phone", page("alice")...)
	assert.Equal(t, "resumed 3", told.String())
	assert.Equal(t, []string{"for her", "a", "c"}, c.events(3))
	c, told = r.connect("topics=news&device=laptop", page("alice")...)
	assert.Equal(t, "resumed 3", told.String(), "a new device goes on where the user's furthest is")
	assert.Equal(t, []string{"for her", "a", "c"}, c.events(3))
}

func TestASessionsMailbox(t *testing.T) {
	r := startRig(t)
	r.persist("1", session("s"))
	id := r.persist("2", session("s"))
	c, told := r.connect("sessionId=s")
	assert.Equal(t, "resumed 2", told.String())
	assert.Empty(t, told.From, "none was given")
	assert.Equal(t, []string{"1", "2"}, c.events(2))
	assert.Equal(t, id, told.To)
	_, told = r.connect("sessionId=s&lastEventId=" + id)
	assert.Equal(t, "resumed 0", told.String())
	r.persist("3", session("s"))
	for range 2 {
		c, told = r.connect("sessionId=s")
		assert.Equal(t, "resumed 1", told.String())
		assert.Equal(t, []string{"3"}, c.events(1))
	}
	_, told = r.connect("sessionId=other")
	assert.Empty(t, told)
}

func TestAnEventForAUserAndASessionComesOnce(t *testing.T) {
	r := accessRig(t)
	r.persist("1", actor.Target{UserID: "alice", SessionID: "tab", Topics: []string{"news", "public.x"}})
	r.persist("2", session("tab"))
	id := r.persist("3", user("alice"))
	for range 2 {
		c, told := r.connect("sessionId=tab&topics=news,public.x", page("alice")...)
		assert.Equal(t, "resumed 3", told.String())
		assert.Equal(t, []string{"1", "2", "3"}, c.events(3))
		c.nothingBefore(r)
	}
	_, told := r.connect("sessionId=tab&lastEventId="+id, page("alice")...)
	assert.Equal(t, "resumed 0", told.String())
	_, told = r.connect("sessionId=tab", page("alice")...)
	assert.Empty(t, told, "one Last-Event-ID is for both boxes")
}

// What has more records than a box holds loses the oldest, and who missed them is told.
func TestWhatAMailboxCouldNotKeepIsSaid(t *testing.T) {
	r := accessRigWith(t, func(o *Options) { o.Hub.HistoryEvents = 0 })
	r.persistMany(mailboxEvents, user("alice"))
	r.persistMany(10, user("alice"))
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "partial", told.String())
	assert.Equal(t, "11", c.events(1)[0])
}

func TestWhatHasExpiredIsNotSent(t *testing.T) {
	r := accessRig(t)
	r.persistEvents(user("alice"), sse.Event{Data: "short", TTL: time.Second}, sse.Event{Data: "long", TTL: time.Hour})
	eventually(t, func() bool {
		page, err := r.opts.Journal.ReadAfter(t.Context(), journal.Box{Kind: journal.User, Name: "alice"}, sse.Sequence{}, r.opts.Journal.Newest(), journal.Limit{Records: 9, Bytes: 99})
		require.NoError(t, err)
		return len(page.Records) == 1
	}, "a second passes")
	c, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"long"}, c.events(1))
}

// Devices have names as sessions do.
func TestDevicesThatCanNotBe(t *testing.T) {
	r := startRig(t)
	for query, detail := range map[string]string{
		"device=":                            "device: empty; leave it out, or name somebody",
		"device=a%00":                        "device: byte 1 is 0x00; only printable ASCII is allowed",
		"device=%C3%A9":                      "device: byte 0 is 0xc3; only printable ASCII is allowed",
		"device=" + strings.Repeat("d", 129): "device: 129 characters; at most 128",
		"device=a&device=a":                  "device: given more than once",
	} {
		assert.Equal(t, detail, r.call("GET", "/api/sse?sessionId=s&"+query, "").problem(t, 400, "INVALID_REQUEST", "device"))
	}
	r.open("sessionId=s&device=" + strings.Repeat("~", 128))
}
