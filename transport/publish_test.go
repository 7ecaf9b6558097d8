package transport

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// The answer to the byte, but for the id.
func TestTheAnswerToAPublisher(t *testing.T) {
	r := startRig(t)
	r.open("sessionId=demo")
	for body, want := range map[string]string{
		`{"event":"notification","data":{ "message" : "Hello World" },"sessionId":"demo"}`: `{"success":true,"eventsSent":1,"event":{"type":"notification","data":{"message":"Hello World"},"id":"ID"}}`,
		`{"data":"a\nb"}`:                  `{"success":true,"eventsSent":1,"event":{"type":"message","data":"a\nb","id":"ID"}}`,
		`{"data":null,"sessionId":"none"}`: `{"success":true,"eventsSent":0,"event":{"type":"message","data":null,"id":"ID"}}`,
		`{"data":1.50,"event":"message"}`:  `{"success":true,"eventsSent":1,"event":{"type":"message","data":1.50,"id":"ID"}}`,
		`{"data":"<&\u2028>"}`:             `{"success":true,"eventsSent":1,"event":{"type":"message","data":"<&\u2028>","id":"ID"}}`,
	} {
		resp := r.call("POST", "/api/sse", body, key(appKey))
		require.Equal(t, 200, resp.StatusCode, resp.body)
		assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		var got receipt
		require.NoError(t, json.Unmarshal([]byte(resp.body), &got))
		_, err := sse.ParseSequence(got.Event.ID)
		assert.NoError(t, err)
		assert.Equal(t, want, strings.Replace(resp.body, `"id":"`+got.Event.ID+`"`, `"id":"ID"`, 1))
	}
}

func TestEventsArriveAsTheyWerePublished(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=demo")
	for sentence, e := range map[string]struct{ body, want string }{
		"an object is one line of JSON":      {`{"data":{"a": [1, 2]}}`, "data: {\"a\":[1,2]}\n"},
		"a text is a data line for each":     {`{"data":"a\nb\rc\r\nd"}`, "data: a\ndata: b\ndata: c\ndata: d\n"},
		"an empty text is an event":          {`{"data":""}`, "data: \n"},
		"a leading space survives":           {`{"data":" a"}`, "data:  a\n"},
		"a name comes first":                 {`{"event":"x","data":1}`, "event: x\ndata: 1\n"},
		"message is no name":                 {`{"event":"message","data":1}`, "data: 1\n"},
		"a retry is in the event's block":    {`{"event":"x","data":1,"retry":1500}`, "event: x\nretry: 1500\ndata: 1\n"},
		"a forged field is data":             {`{"data":"x\nevent: admin\ndata: y\n\n"}`, "data: x\ndata: event: admin\ndata: data: y\ndata: \ndata: \n"},
		"a comment and a byte order mark":    {`{"data":"\ufeff:x"}`, "data: \ufeff:x\n"},
		"a NUL in a text is a text":          {`{"data":"a\u0000b"}`, "data: a\x00b\n"},
		"characters outside the BMP":         {`{"data":"\ud83d\ude00"}`, "data: 😀\n"},
		"priority and ttl are not for them":  {`{"data":1,"priority":"high","persistent":true,"ttl":5}`, "data: 1\n"},
		"HTML is left as it is in a text":    {`{"data":"<b>&amp;"}`, "data: <b>&amp;\n"},
		"HTML is left as it is in an object": {`{"data":{"a":"<b>"}}`, "data: {\"a\":\"<b>\"}\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			id := r.publish(e.body).Event.ID
			assert.Equal(t, e.want+"id: "+id+"\n\n", c.next().raw)
		})
	}
	t.Run("a publisher's own id", func(t *testing.T) {
		assert.Equal(t, "order 7", r.publish(`{"data":1,"id":"order 7"}`).Event.ID)
		assert.Equal(t, "data: 1\nid: order 7\n\n", c.next().raw)
	})
}

func TestWhoGetsAnEvent(t *testing.T) {
	r := startRig(t)
	streams := map[string]*sseClient{
		"user 1":         r.open("userId=1", key(opsKey)),
		"user 1 again":   r.open("userId=1&topics=news", key(opsKey)),
		"session a":      r.open("sessionId=a"),
		"session a, all": r.open("sessionId=a&topics=news,public.x"),
		"news":           r.open("sessionId=n&topics=news"),
		"user 2 in b":    r.open("userId=2&sessionId=b", key(opsKey)),
	}
	all := []string{"user 1", "user 1 again", "session a", "session a, all", "news", "user 2 in b"}
	for sentence, c := range map[string]struct {
		target string
		want   []string
	}{
		"nobody named: everybody":            {``, all},
		"a user, on every stream":            {`"userId":"1"`, []string{"user 1", "user 1 again"}},
		"a session, on every stream":         {`"sessionId":"a"`, []string{"session a", "session a, all"}},
		"a topic":                            {`"topics":["news"]`, []string{"user 1 again", "session a, all", "news"}},
		"two topics, once each":              {`"topics":["news","public.x"]`, []string{"user 1 again", "session a, all", "news"}},
		"the same topic twice, once":         {`"topics":["news","news"]`, []string{"user 1 again", "session a, all", "news"}},
		"the union of a user and a session":  {`"userId":"1","sessionId":"a"`, []string{"user 1", "user 1 again", "session a", "session a, all"}},
		"a union that meets itself":          {`"userId":"1","sessionId":"a","topics":["news"]`, all[:5]},
		"user and session of one stream":     {`"userId":"2","sessionId":"b"`, []string{"user 2 in b"}},
		"an unknown user":                    {`"userId":"nobody"`, nil},
		"an unknown topic":                   {`"topics":["nothing"]`, nil},
		"a session's name as a user":         {`"userId":"a"`, nil},
		"an unknown user and a known topic":  {`"userId":"nobody","topics":["public.x"]`, []string{"session a, all"}},
		"one client":                         {`"clientIds":["ID:news"]`, []string{"news"}},
		"two clients":                        {`"clientIds":["ID:news","ID:user 1"]`, []string{"news", "user 1"}},
		"one client twice, once":             {`"clientIds":["ID:news","ID:news"]`, []string{"news"}},
		"an unknown client":                  {`"clientIds":["nobody"]`, nil},
		"clientIds alone, whatever else":     {`"clientIds":["ID:news"],"userId":"1","sessionId":"a","topics":["public.x"]`, []string{"news"}},
		"unknown clientIds alone: nobody":    {`"clientIds":["nobody"],"userId":"1"`, nil},
		"an unknown and a known client":      {`"clientIds":["nobody","ID:session a"]`, []string{"session a"}},
		"a pattern is no pattern for events": {`"topics":["public"]`, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			target := c.target
			for name, s := range streams {
				target = strings.ReplaceAll(target, "ID:"+name+`"`, s.id+`"`)
			}
			if target != "" {
				target = "," + target
			}
			data, err := json.Marshal(sentence)
			require.NoError(t, err)
			got := r.publish(`{"data":` + string(data) + target + `}`)
			assert.Equal(t, len(c.want), got.EventsSent)
			// Everybody gets a mark behind it: who has not got the event by then has not.
			mark := r.publish(`{"event":"mark","data":1}`).Event.ID
			for _, name := range all {
				e := streams[name].next()
				if assert.Equal(t, contains(c.want, name), e.id != mark, name) && e.id != mark {
					assert.Equal(t, sentence, e.data)
					e = streams[name].next()
				}
				assert.Equal(t, mark, e.id, name)
			}
		})
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func TestABatchIsSentInItsOrder(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=a")
	resp := r.call("POST", "/api/sse", `[{"data":1},{"event":"x","data":"2","sessionId":"a"},{"data":3,"sessionId":"none"},{"data":4,"id":"four"}]`, key(appKey))
	got := decode[struct {
		Success    bool
		EventsSent int
		Results    []receipt
	}](t, resp)
	assert.True(t, got.Success)
	assert.Equal(t, 3, got.EventsSent)
	require.Len(t, got.Results, 4)
	for i, sent := range []int{1, 1, 0, 1} {
		assert.True(t, got.Results[i].Success)
		assert.Equal(t, sent, got.Results[i].EventsSent)
	}
	assert.Equal(t, "four", got.Results[3].Event.ID)
	for _, want := range []string{"data: 1\nid: " + got.Results[0].Event.ID, "event: x\ndata: 2\nid: " + got.Results[1].Event.ID, "data: 4\nid: four"} {
		assert.Equal(t, want+"\n\n", c.next().raw)
	}
	one, err := sse.ParseSequence(got.Results[0].Event.ID)
	require.NoError(t, err)
	two, err := sse.ParseSequence(got.Results[1].Event.ID)
	require.NoError(t, err)
	assert.True(t, one.Less(two))
}

func TestABatchOfOneIsAnsweredAsABatch(t *testing.T) {
	r := startRig(t)
	resp := r.call("POST", "/api/sse", `[{"data":1,"id":"x"}]`, key(appKey))
	assert.Equal(t, `{"success":true,"eventsSent":0,"results":[{"success":true,"eventsSent":0,"event":{"type":"message","data":1,"id":"x"}}]}`, resp.body)
}

// A faulty batch sends nothing, not even what stands before the fault.
func TestNothingOfAFaultyBatchIsSent(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=a")
	r.call("POST", "/api/sse", `[{"data":1},{"data":2},{"data":3,"userId":""}]`, key(appKey)).
		problem(t, 400, "INVALID_EVENT", "[2].userId")
	id := r.publish(`{"data":"after"}`).Event.ID
	assert.Equal(t, id, c.next().id)
}
