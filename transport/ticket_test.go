package transport

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (r *rig) ticket(body string, header ...string) string {
	r.t.Helper()
	resp := r.call("POST", "/api/sse/ticket", body, header...)
	require.Equal(r.t, 200, resp.StatusCode, resp.body)
	var answer struct{ Ticket, ExpiresAt, URL string }
	require.NoError(r.t, json.Unmarshal([]byte(resp.body), &answer))
	assert.Equal(r.t, "/api/sse?ticket="+answer.Ticket, answer.URL)
	assert.NotEmpty(r.t, answer.ExpiresAt)
	return answer.Ticket
}

func TestATicketOpensOneStream(t *testing.T) {
	r := accessRig(t)
	ticket := r.ticket("", page("alice")...)
	c := r.open("ticket=" + ticket)
	assert.Equal(t, 1, r.publish(`{"data":1,"userId":"alice"}`).EventsSent)
	assert.Equal(t, "1", c.next().data)

	again := r.call("GET", "/api/sse?ticket="+ticket, "")
	assert.Equal(t, 401, again.StatusCode)
	assert.Contains(t, again.body, `"code":"TICKET_NOT_VALID"`)
	assert.NotContains(t, r.log.String(), ticket)
}

func TestATicketIsForWhatItWasAskedFor(t *testing.T) {
	r := accessRig(t)
	ticket := r.ticket(`{"userId":"bob","sessionId":"s","topics":["orders.eu"]}`, key(opsKey))
	refused := r.call("GET", "/api/sse?topics=orders.us&ticket="+r.ticket(`{"topics":["orders.eu"]}`, key(opsKey)), "")
	assert.Equal(t, 403, refused.StatusCode, "its maker may read everything, its holder may not: %s", refused.body)

	c := r.open("topics=orders.eu&ticket=" + ticket)
	for _, target := range []string{`"userId":"bob"`, `"sessionId":"s"`, `"topics":["orders.eu"]`} {
		assert.Equal(t, 1, r.publish(`{"data":1,`+target+`}`).EventsSent, target)
		c.next()
	}
}

func TestATicketForASessionWithAnAsteriskIsForThatOne(t *testing.T) {
	r := accessRig(t)
	r.open("ticket=" + r.ticket(`{"sessionId":"a*"}`, key(opsKey)))
	assert.Zero(t, r.publish(`{"data":1,"sessionId":"abc"}`).EventsSent)
	assert.Equal(t, 1, r.publish(`{"data":1,"sessionId":"a*"}`).EventsSent)
}

func TestTicketsThatCanNotBe(t *testing.T) {
	r := accessRig(t)
	for body, code := range map[string]string{
		`{"userId":""}`:                 "INVALID_REQUEST",
		`{"userId":7}`:                  "INVALID_REQUEST",
		`{"user":"alice"}`:              "INVALID_REQUEST",
		`{"topics":["a b"]}`:            "INVALID_REQUEST",
		`{"sessionId":"\u0000"}`:        "INVALID_REQUEST",
		`{"sessionId":"s"} and more`:    "INVALID_REQUEST",
		`[]`:                            "INVALID_REQUEST",
		`not JSON`:                      "INVALID_REQUEST",
		`{"topics":["user.bob.inbox"]}`: "TOPIC_NOT_ALLOWED",
		`{"userId":"bob"}`:              "FORBIDDEN",
	} {
		resp := r.call("POST", "/api/sse/ticket", body, page("alice")...)
		assert.Contains(t, resp.body, `"code":"`+code+`"`, body)
	}
	nobody := r.call("POST", "/api/sse/ticket", "", key(appKey))
	assert.Equal(t, 400, nobody.StatusCode, "a service has no stream of its own: %s", nobody.body)
}

func TestTooManyTickets(t *testing.T) {
	r := startRig(t, func(o *Options) { o.MaxTickets = 2 })
	for range 2 {
		r.ticket(`{"sessionId":"s"}`, key(appKey))
	}
	resp := r.call("POST", "/api/sse/ticket", `{"sessionId":"s"}`, key(appKey))
	assert.Equal(t, 503, resp.StatusCode)
	assert.Contains(t, resp.body, "TOO_MANY_TICKETS")
	assert.NotEmpty(t, resp.Header.Get("Retry-After"))
}

func TestATicketOfSomebodyWhoMayOnlyRead(t *testing.T) {
	r := accessRig(t)
	c := r.open("topics=orders.eu&ticket=" + r.ticket("", "Authorization: Bearer holder's"))
	assert.Equal(t, 1, r.publish(`{"data":1,"sessionId":"kiosk"}`).EventsSent, "the one session that the token names")
	assert.Equal(t, 1, r.publish(`{"data":2,"topics":["orders.eu"]}`).EventsSent)
	assert.Equal(t, "1", c.next().data)
	assert.Equal(t, "2", c.next().data)
}

func TestOneUserDoesNotTakeAllTickets(t *testing.T) {
	r := accessRigWith(t, func(o *Options) { o.Now, o.MaxTickets = new(stopped).now, 1000 })
	made := 0
	for range 2 * ticketBurst {
		resp := r.call("POST", "/api/sse/ticket", "", page("alice")...)
		if resp.StatusCode == 200 {
			made++
			continue
		}
		assert.Equal(t, 429, resp.StatusCode)
	}
	assert.Equal(t, ticketBurst, made)
	r.ticket("", page("bob")...)
	for range 2 * ticketBurst {
		r.ticket(`{"userId":"alice"}`, key(opsKey)) // the app's own server makes them for all
	}
}
