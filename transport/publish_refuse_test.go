package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEventsThatAreRefused(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=s&topics=news")
	const body = `{"data":1}`
	for sentence, p := range map[string]struct {
		body   string
		header []string
		status int
		code   string
		field  string
	}{
		"no key":                             {body, nil, 401, "UNAUTHORIZED", ""},
		"a wrong key":                        {body, []string{key(appKey + "x")}, 401, "UNAUTHORIZED", ""},
		"a key in another scheme":            {body, []string{"Authorization: Basic " + appKey}, 401, "UNAUTHORIZED", ""},
		"a key without the scope publish":    {body, []string{key(lookKey)}, 403, "FORBIDDEN", ""},
		"an empty body":                      {"", []string{key(appKey)}, 400, "INVALID_EVENT", ""},
		"no JSON":                            {"event=1", []string{key(appKey)}, 400, "INVALID_EVENT", ""},
		"no object":                          {`"text"`, []string{key(appKey)}, 400, "INVALID_EVENT", ""},
		"no data":                            {`{"event":"x"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "data"},
		"an unknown field":                   {`{"data":1,"to":"x"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "to"},
		"an empty user is no broadcast":      {`{"data":1,"userId":""}`, []string{key(appKey)}, 400, "INVALID_EVENT", "userId"},
		"an empty session is no broadcast":   {`{"data":1,"sessionId":""}`, []string{key(appKey)}, 400, "INVALID_EVENT", "sessionId"},
		"no topics are no broadcast":         {`{"data":1,"topics":[]}`, []string{key(appKey)}, 400, "INVALID_EVENT", "topics"},
		"no clients are no broadcast":        {`{"data":1,"clientIds":[]}`, []string{key(appKey)}, 400, "INVALID_EVENT", "clientIds"},
		"null is no broadcast":               {`{"data":1,"userId":null}`, []string{key(appKey)}, 400, "INVALID_EVENT", "userId"},
		"too many topics":                    {`{"data":1,"topics":["a","b","c","d","e"]}`, []string{key(appKey)}, 400, "INVALID_EVENT", "topics"},
		"an empty batch":                     {`[]`, []string{key(appKey)}, 400, "INVALID_EVENT", ""},
		"a batch with too many events":       {`[` + strings.Repeat(body+",", 5) + body + `]`, []string{key(appKey)}, 413, "BATCH_TOO_LARGE", ""},
		"an event over the limit":            {`{"data":"` + strings.Repeat("x", 1025) + `"}`, []string{key(appKey)}, 413, "EVENT_TOO_LARGE", "data"},
		"an event over the limit in a batch": {`[` + body + `,{"data":"` + strings.Repeat("x", 1025) + `"}]`, []string{key(appKey)}, 413, "EVENT_TOO_LARGE", "[1].data"},
		"a body over the limit":              {`{"data":"` + strings.Repeat("x", 20<<10) + `"}`, []string{key(appKey)}, 413, "BODY_TOO_LARGE", ""},
		"a key that is too long":             {body, []string{key(appKey), "Idempotency-Key: " + strings.Repeat("k", 256)}, 400, "INVALID_REQUEST", "Idempotency-Key"},
		"a key with other letters":           {body, []string{key(appKey), "Idempotency-Key: \xc3\xa9"}, 400, "INVALID_REQUEST", "Idempotency-Key"},
		"an origin that is not allowed":      {body, []string{key(appKey), "Origin: https://evil.example"}, 403, "ORIGIN_NOT_ALLOWED", ""},

		"a mailbox of a stream":              {`{"data":1,"persistent":true,"clientIds":["c"]}`, []string{key(appKey)}, 400, "INVALID_EVENT", "persistent"},
		"an id like the server's":            {`{"data":1,"id":"1795493112845-0"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "id"},
		"a line feed in the name":            {`{"data":1,"event":"a\ndata: x"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "event"},
		"a carriage return in the name":      {`{"data":1,"event":"a\rb"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "event"},
		"a NUL in the name":                  {`{"data":1,"event":"a\u0000"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "event"},
		"a line feed in the id":              {`{"data":1,"id":"1\n\ndata: x"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "id"},
		"a carriage return in the id":        {`{"data":1,"id":"1\r"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "id"},
		"a NUL in the id":                    {`{"data":1,"id":"\u0000"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "id"},
		"a retry with a line feed":           {`{"data":1,"retry":"1\ndata: x"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "retry"},
		"a retry of nothing":                 {`{"data":1,"retry":0}`, []string{key(appKey)}, 400, "INVALID_EVENT", "retry"},
		"a comment is no field":              {`{"data":1,"comment":"x\nevent: y"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "comment"},
		"the server's own event":             {`{"data":1,"event":"connection"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "event"},
		"the server's own error":             {`{"data":1,"event":"error"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "event"},
		"the server's own heartbeat":         {`{"data":1,"event":"heartbeat"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "event"},
		"a topic with a line feed":           {`{"data":1,"topics":["news\nx"]}`, []string{key(appKey)}, 400, "INVALID_EVENT", "topics[0]"},
		"a session with a line feed":         {`{"data":1,"sessionId":"s\n"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "sessionId"},
		"a client with a line feed":          {`{"data":1,"clientIds":["\n"]}`, []string{key(appKey)}, 400, "INVALID_EVENT", "clientIds[0]"},
		"a user with a line feed":            {`{"data":1,"userId":"\n"}`, []string{key(appKey)}, 400, "INVALID_EVENT", "userId"},
		"a raw line feed in data's JSON":     {"{\"data\":\"\n\"}", []string{key(appKey)}, 400, "INVALID_EVENT", "data"},
		"bytes that are not UTF-8 in a text": {"{\"data\":\"\xff\"}", []string{key(appKey)}, 400, "INVALID_EVENT", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			r.call("POST", "/api/sse", p.body, p.header...).problem(t, p.status, p.code, p.field)
		})
	}
	id := r.publish(`{"data":"after"}`).Event.ID
	assert.Equal(t, "data: after\nid: "+id+"\n\n", c.next().raw, "none of these sent anything")
}

func TestMethodsAndPathsThatAreNot(t *testing.T) {
	r := startRig(t)
	for target, allow := range map[string]string{
		"PUT /api/sse":                 "GET, POST",
		"HEAD /api/sse?sessionId=s":    "GET, POST",
		"DELETE /api/sse":              "GET, POST",
		"POST /api/sse/metrics":        "GET, HEAD",
		"POST /healthz":                "GET, HEAD",
		"POST /metrics":                "GET, HEAD",
		"POST /api/sse/admin/clients":  "GET, HEAD, DELETE",
		"PUT /api/sse/admin/clients/x": "GET, HEAD, DELETE",
		"OPTIONS /api/sse":             "GET, POST", // no Origin: no preflight
		"BREW /api/sse":                "GET, POST",
	} {
		t.Run(target, func(t *testing.T) {
			method, path, _ := strings.Cut(target, " ")
			resp := r.call(method, path, "", key(opsKey))
			assert.Equal(t, 405, resp.StatusCode, resp.body)
			assert.Equal(t, allow, resp.Header.Get("Allow"))
			if method != "HEAD" {
				resp.problem(t, 405, "METHOD_NOT_ALLOWED", "")
			}
		})
	}
	for _, path := range []string{"/", "/api", "/api/sse/", "/api/sse/x", "/api/sse/x/y", "/API/SSE", "/api/sse/reset", "/debug/pprof/heap", "/debug/pprof/",
		"/api/sse/admin", "/api/sse/admin/clients/", "/api/sse/admin/clients/x/y", "/api/sse/admin/clients/a%2Fb", "/metrics/", "/%00", "/..%2f", "//", "/favicon.ico"} {
		t.Run("GET "+path, func(t *testing.T) {
			r.call("GET", path, "", key(opsKey)).problem(t, 404, "NOT_FOUND", "")
		})
	}
}
