package transport

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
)

// ack acknowledges, which must succeed.
func (r *rig) ack(body string, header ...string) {
	r.t.Helper()
	resp := r.call("POST", "/api/sse/ack", body, header...)
	require.Equal(r.t, 200, resp.StatusCode, resp.body)
	var asked struct{ ID string }
	require.NoError(r.t, json.Unmarshal([]byte(body), &asked))
	assert.Equal(r.t, map[string]any{"success": true, "acknowledged": asked.ID}, decode[map[string]any](r.t, resp))
}

func ackBody(id, more string) string { return fmt.Sprintf(`{"id":%q%s}`, id, more) }

func TestAnAcknowledgementIsForOneDevice(t *testing.T) {
	r := accessRig(t)
	ids := r.persistEvents(user("alice"), sse.Event{Data: "1"}, sse.Event{Data: "2"}, sse.Event{Data: "3"})
	for _, device := range []string{"phone", "laptop"} {
		_, told := r.connect("device="+device, page("alice")...)
		assert.Equal(t, "resumed 3", told.String())
	}
	r.ack(ackBody(ids[1], `,"device":"phone"`), page("alice")...)
	for device, want := range map[string]string{"phone": "resumed 1", "laptop": "resumed 3"} {
		_, told := r.connect("device="+device, page("alice")...)
		assert.Equal(t, want, told.String(), device)
	}
	r.ack(ackBody(ids[0], `,"device":"phone"`), page("alice")...) // it takes nothing back
	_, told := r.connect("device=phone", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())

	// What all devices have acknowledged goes.
	r.ack(ackBody(ids[2], `,"device":"phone"`), page("alice")...)
	r.ack(ackBody(ids[1], `,"device":"laptop"`), page("alice")...)
	_, err := r.opts.Journal.Trim(t.Context(), time.Now())
	require.NoError(t, err)
	assert.EqualValues(t, 1, r.opts.Journal.Usage().Records)
	assert.Equal(t, 4.0, r.scrape().value["sseactor_acknowledgements_total"])
}

// A stream that is open gets events as they come, and acknowledges them when it has done
// with them.
func TestAcknowledgingWhatCameLive(t *testing.T) {
	r := accessRig(t)
	c, _ := r.connect("device=phone", page("alice")...)
	r.persist("1", user("alice"))
	r.publish(`{"data":"2","userId":"alice"}`)
	c.events(2)
	c.leave(r)
	r.ack(ackBody(c.last, `,"device":"phone"`), page("alice")...)
	_, told := r.connect("device=phone", page("alice")...)
	assert.Empty(t, told, "the id of an event that was not kept is one too")
}

func TestWhoseDeviceIsMeant(t *testing.T) {
	tests := map[string]struct {
		connect, ack string // the query, and what is beside the id
		caller       []string
		target       string // whose mailbox it is
	}{
		"the user's one without a name":           {"", "", page("alice"), "alice"},
		"a user's session":                        {"sessionId=tab", `,"sessionId":"tab"`, page("alice"), "alice"},
		"a user's session by another device":      {"sessionId=tab&device=x", `,"sessionId":"tab","device":"x"`, page("alice"), "alice"},
		"a session's mailbox":                     {"sessionId=tab", `,"sessionId":"tab"`, nil, ""},
		"a service, for a user whom it sends to":  {"userId=alice", `,"userId":"alice"`, []string{key(opsKey)}, "alice"},
		"a service, for a session":                {"sessionId=tab", `,"sessionId":"tab"`, []string{key(appKey)}, ""},
		"a token that names one session, and may": {"", "", []string{"Authorization: Bearer holder's"}, "kiosk"},
	}
	for sentence, c := range tests {
		t.Run(sentence, func(t *testing.T) {
			r := accessRig(t)
			to := session("tab")
			switch c.target {
			case "alice":
				to = user("alice")
			case "kiosk":
				to = session("kiosk")
			}
			id := r.persist("1", to)
			_, told := r.connect(c.connect, c.caller...)
			require.Equal(t, "resumed 1", told.String())
			r.ack(ackBody(id, c.ack), c.caller...)
			_, told = r.connect(c.connect, c.caller...)
			assert.Empty(t, told)
		})
	}
}

func TestAcknowledgingAPublishersOwnID(t *testing.T) {
	r := accessRig(t)
	own, err := sse.ParseID("order/7")
	require.NoError(t, err)
	r.persistEvents(user("alice"), sse.Event{Data: "1"}, sse.Event{Data: "2", ID: own}, sse.Event{Data: "3"})
	r.ack(ackBody("order/7", ""), page("alice")...)
	c, told := r.connect("", page("alice")...)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"3"}, c.events(1))
	r.call("POST", "/api/sse/ack", ackBody("order/7", ""), page("bob")...).problem(t, 404, "EVENT_NOT_FOUND", "id")
}

// A page acknowledges the newest event it has, kept or not, and whoever it was for.
func TestAcknowledgingTheOwnIDOfAnEventThatIsNotInTheMailbox(t *testing.T) {
	for sentence, c := range map[string]struct {
		event string // beside its id
		found bool
	}{
		"one to a topic":              {`"topics":["news"]`, true},
		"one to a topic that is kept": {`"topics":["news"],"persistent":true`, true},
		"one to everybody":            {`"persistent":false`, true},
		"one to the user":             {`"userId":"alice"`, true},
		"one to somebody else":        {`"userId":"bob"`, false},
		"one to a topic of others":    {`"topics":["secret"]`, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := accessRig(t)
			r.persist("1", user("alice"))
			r.publish(`{"data":"live","id":"order/7",` + c.event + `}`)
			r.persist("2", user("alice"))
			left := "resumed 1"
			if c.found {
				r.ack(ackBody("order/7", ""), page("alice")...)
			} else {
				left = "resumed 2"
				r.call("POST", "/api/sse/ack", ackBody("order/7", ""), page("alice")...).problem(t, 404, "EVENT_NOT_FOUND", "id")
			}
			_, told := r.connect("", page("alice")...)
			assert.Equal(t, left, told.String())
		})
	}
}

func TestAcknowledgementsThatCanNotBe(t *testing.T) {
	r := accessRig(t)
	r.persist("1", user("alice"))
	const good = `"id":"1700000000000-0"`
	for body, want := range map[string]struct{ code, field, detail string }{
		``:                                  {"INVALID_REQUEST", "", `the body is not a JSON object; send {"id":…}`},
		`not JSON`:                          {"INVALID_REQUEST", "", `the body is not a JSON object; send {"id":…}`},
		`null`:                              {"INVALID_REQUEST", "", `the body is not a JSON object; send {"id":…}`},
		`["1700000000000-0"]`:               {"INVALID_REQUEST", "", `the body is not a JSON object; send {"id":…}`},
		`{` + good + `} and more`:           {"INVALID_REQUEST", "", `the body is not a JSON object; send {"id":…}`},
		`{}`:                                {"INVALID_REQUEST", "id", "id: missing; it is that of the newest event that was received"},
		`{"ID":"1700000000000-0"}`:          {"INVALID_REQUEST", "ID", "an acknowledgement has the fields id, device, userId and sessionId, and no other"},
		`{"id":null}`:                       {"INVALID_REQUEST", "id", "id: it must be a text; leave it out if there is none"},
		`{"id":17}`:                         {"INVALID_REQUEST", "id", "id: it must be a text; leave it out if there is none"},
		`{"id":""}`:                         {"INVALID_REQUEST", "id", "id: missing; it is that of the newest event that was received"},
		`{"id":"a\u0000"}`:                  {"INVALID_REQUEST", "id", `id: '\x00' at byte 1; CR, LF and NUL are not allowed`},
		`{` + good + `,"device":""}`:        {"INVALID_REQUEST", "device", "device: empty; leave it out, or name somebody"},
		`{` + good + `,"device":["phone"]}`: {"INVALID_REQUEST", "device", "device: it must be a text; leave it out if there is none"},
		`{` + good + `,"userId":"a\nb"}`:    {"INVALID_REQUEST", "userId", "userId: a control character at byte 1"},
		`{` + good + `,"sessionId":"é"}`:    {"INVALID_REQUEST", "sessionId", "sessionId: byte 0 is 0xc3; only printable ASCII is allowed"},
		`{` + good + `,"topics":["news"]}`:  {"INVALID_REQUEST", "topics", "an acknowledgement has the fields id, device, userId and sessionId, and no other"},
		`{"id":"9999999999999-0"}`:          {"EVENT_NOT_FOUND", "id", notFoundDetail}, // of the future
		`{"id":"17-0"}`:                     {"EVENT_NOT_FOUND", "id", notFoundDetail}, // a publisher's, in the server's shape
		`{"id":"01700000000000-0"}`:         {"EVENT_NOT_FOUND", "id", notFoundDetail},
	} {
		t.Run(body, func(t *testing.T) {
			status := map[string]int{"INVALID_REQUEST": 400, "EVENT_NOT_FOUND": 404}[want.code]
			detail := r.call("POST", "/api/sse/ack", body, page("alice")...).problem(t, status, want.code, want.field)
			assert.Equal(t, want.detail, detail)
		})
	}
	_, told := r.connect("", page("alice")...)
	assert.Equal(t, "resumed 1", told.String(), "they changed nothing")
}

const notFoundDetail = "id: neither an id that this server has given nor a publisher's own in these mailboxes"

func TestWhoIsKeptOutAcknowledgesNothing(t *testing.T) {
	r := accessRig(t)
	id := r.persist("1", user("alice"))
	r.call("DELETE", "/api/sse/admin/clients?userId=alice&block=1h", "", key(opsKey))
	r.call("DELETE", "/api/sse/admin/clients?sessionId=s&block=1h", "", key(opsKey))
	r.call("POST", "/api/sse/ack", ackBody(id, ""), page("alice")...).problem(t, 403, "BLOCKED", "")
	r.call("POST", "/api/sse/ack", ackBody(id, `,"sessionId":"s"`)).problem(t, 403, "BLOCKED", "")
}

// Where the app signs sessionIds, a visitor shows the one it was given, and services use
// its plain name, as they do to publish.
func TestAcknowledgingForASignedSession(t *testing.T) {
	ids := auth.NewSessionIDs("a secret of the app that nobody guesses")
	r := accessRigWith(t, func(o *Options) { o.SessionIDs = ids })
	signed, err := ids.Sign("tab", time.Now().Add(time.Hour))
	require.NoError(t, err)
	id := r.persist("1", session("tab"))
	_, told := r.connect("sessionId=" + signed)
	require.Equal(t, "resumed 1", told.String())
	r.call("POST", "/api/sse/ack", ackBody(id, `,"sessionId":"tab"`)).problem(t, 401, "UNAUTHORIZED", "sessionId")
	r.ack(ackBody(id, `,"sessionId":"tab"`), key(appKey))
	_, told = r.connect("sessionId=" + signed)
	assert.Empty(t, told)
	id = r.persist("2", session("tab"))
	r.ack(ackBody(id, fmt.Sprintf(`,"sessionId":%q`, signed)))
	_, told = r.connect("sessionId=" + signed)
	assert.Empty(t, told)
}

func TestAJournalThatFailsAtAnAcknowledgement(t *testing.T) {
	store := &meddled{Store: newMailboxes()}
	r := accessRigWith(t, func(o *Options) { o.Journal = store })
	id := r.persist("1", user("alice"))
	store.set(nil, nil, func() error { return errOnFire })
	resp := r.call("POST", "/api/sse/ack", ackBody(id, ""), page("alice")...)
	resp.problem(t, 503, "JOURNAL_FAILED", "")
	assert.NotEmpty(t, resp.Header.Get("Retry-After"))
	assert.Contains(t, r.log.wait(t, "acknowledgement not noted", 1)[0]["error"], errOnFire.Error())
	store.set(nil, nil, nil)
	r.ack(ackBody(id, ""), page("alice")...)
}

// Without a journal there is nothing to acknowledge.
func TestThereIsNoAcknowledgingWithoutAJournal(t *testing.T) {
	r := startRig(t, withoutJournal)
	r.call("POST", "/api/sse/ack", `{"id":"1700000000000-0","sessionId":"s"}`).problem(t, 404, "NOT_FOUND", "")
	first := r.publish(`{"data":1}`).Event.ID
	r.publish(`{"data":2}`)
	c, told := r.connect("sessionId=s&device=phone&lastEventId=" + first)
	assert.Equal(t, "resumed 1", told.String())
	assert.Equal(t, []string{"2"}, c.events(1))
}

// Whatever is read is what was said, and checked.
func FuzzReadAcknowledgement(f *testing.F) {
	for _, body := range []string{`{"id":"1700000000000-0"}`, `{"id":"a","device":"b","userId":"c","sessionId":"d"}`, `{"id":null}`, `{"id":"\ud800"}`,
		`[]`, ``, `{"id":"a","id":"b"}`, `{"id":{"id":"a"}}`, `{"id":"a"}x`, `{"device":""}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ack, refused := readAcknowledgement(body)
		if refused != nil {
			assert.Equal(t, 400, refused.Status)
			assert.NotEmpty(t, refused.Detail)
			assert.Equal(t, acknowledgement{}, ack, "nothing of it is taken")
			return
		}
		_, err := sse.ParseID(ack.ID)
		require.NoError(t, err)
		said := map[string]any{"id": ack.ID}
		for name, value := range map[string]*string{"device": ack.Device, "userId": ack.UserID, "sessionId": ack.SessionID} {
			if value != nil {
				assert.NotEmpty(t, *value)
				assert.False(t, strings.ContainsAny(*value, "\x00\n"))
				said[name] = *value
			}
		}
		var fields map[string]any
		require.NoError(t, json.Unmarshal(body, &fields))
		assert.Equal(t, fields, said)
	})
}

// A visitor can make up as many sessions as it likes: they leave nothing behind.
func TestASessionWithoutAMailboxIsNotNoted(t *testing.T) {
	onEachStore(t, func(t *testing.T, newMailboxes func(*testing.T) journal.Store) {
		const early = "1000000000000-0" // an id of the server's, of 2001
		store := newMailboxes(t)
		r := accessRigWith(t, func(o *Options) { o.Journal = store })
		devices := func(id string) map[string]sse.Sequence {
			cursors, err := store.Cursors(t.Context(), journal.Box{Kind: journal.Session, Name: id})
			require.NoError(t, err)
			return cursors.Devices
		}
		visit := func() {
			r.ack(ackBody(early, `,"sessionId":"made-up"`))
			c, _ := r.connect("sessionId=made-up&lastEventId=" + early)
			c.leave(r)
		}
		visit()
		assert.Empty(t, devices("made-up"), "in a store without records")
		r.persist("1", session("true"))
		visit()
		assert.Empty(t, devices("made-up"))
		r.ack(ackBody(early, `,"sessionId":"true"`))
		assert.Len(t, devices("true"), 1, "it has mail")
		id := r.persist("2", session("true"))
		r.ack(ackBody(id, `,"sessionId":"true"`))
		_, err := store.Trim(t.Context(), time.Now())
		require.NoError(t, err)
		r.ack(ackBody(early, `,"sessionId":"true","device":"other"`))
		assert.Len(t, devices("true"), 2, "it has a cursor")
	})
}

func TestVisitorsAcknowledgeSoOften(t *testing.T) {
	now := time.Now()
	r := accessRigWith(t, func(o *Options) { o.Now = func() time.Time { return now } })
	const early = "1000000000000-0"
	for range ackBurst {
		r.ack(ackBody(early, `,"sessionId":"tab"`))
	}
	resp := r.call("POST", "/api/sse/ack", ackBody(early, `,"sessionId":"another"`))
	resp.problem(t, 429, "RATE_LIMITED", "")
	assert.Equal(t, "1", resp.Header.Get("Retry-After"))
	r.ack(ackBody(early, `,"sessionId":"tab"`), page("alice")...)
	r.ack(ackBody(early, `,"sessionId":"tab"`), key(appKey))
}
