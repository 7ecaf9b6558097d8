package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStreamsThatAreRefused(t *testing.T) {
	r := startRig(t)
	long := strings.Repeat("x", 129)
	for sentence, c := range map[string]struct {
		query  string
		header []string
		status int
		code   string
		field  string
		detail string
	}{
		"neither user nor session":                 {"", nil, 401, "UNAUTHORIZED", "", "sign in, or give a sessionId"},
		"a service without a user":                 {"", []string{key(appKey)}, 401, "UNAUTHORIZED", "", "sign in, or give a sessionId"},
		"topics alone let nobody in":               {"topics=news", nil, 401, "UNAUTHORIZED", "", "sign in, or give a sessionId"},
		"a wrong key, whatever the session":        {"sessionId=s", []string{key("sse_nobody's-0123456789")}, 401, "UNAUTHORIZED", "", "no valid credentials; sign in, or send Authorization: Bearer with an API key or a token"},
		"another scheme than Bearer":               {"sessionId=s", []string{"Authorization: Basic eDp5"}, 401, "UNAUTHORIZED", "", "no valid credentials; sign in, or send Authorization: Bearer with an API key or a token"},
		"an empty session":                         {"sessionId=", nil, 400, "INVALID_REQUEST", "sessionId", "sessionId: empty; leave it out, or name somebody"},
		"an empty session of an administrator":     {"sessionId=", []string{key(opsKey)}, 400, "INVALID_REQUEST", "sessionId", "sessionId: empty; leave it out, or name somebody"},
		"a session that is too long":               {"sessionId=" + long, nil, 400, "INVALID_REQUEST", "sessionId", "sessionId: 129 characters; at most 128"},
		"a session with a line feed":               {"sessionId=a%0Ab", nil, 400, "INVALID_REQUEST", "sessionId", "sessionId: byte 1 is 0x0a; only printable ASCII is allowed"},
		"a session with a NUL":                     {"sessionId=a%00b", nil, 400, "INVALID_REQUEST", "sessionId", "sessionId: byte 1 is 0x00; only printable ASCII is allowed"},
		"a session with an accent":                 {"sessionId=%C3%A9", nil, 400, "INVALID_REQUEST", "sessionId", "sessionId: byte 0 is 0xc3; only printable ASCII is allowed"},
		"a user, said by a visitor":                {"userId=7", nil, 401, "UNAUTHORIZED", "", "no valid credentials; sign in, or send Authorization: Bearer with an API key or a token"},
		"a user, said by a visitor with session":   {"userId=7&sessionId=s", nil, 401, "UNAUTHORIZED", "", "no valid credentials; sign in, or send Authorization: Bearer with an API key or a token"},
		"a user, said by a service":                {"userId=7", []string{key(appKey)}, 403, "FORBIDDEN", "userId", "userId: only the user, and who may read this user's events, may say so"},
		"an empty user":                            {"userId=", []string{key(opsKey)}, 400, "INVALID_REQUEST", "userId", "userId: empty; leave it out, or name somebody"},
		"a user that is not UTF-8":                 {"userId=%FF", []string{key(opsKey)}, 400, "INVALID_REQUEST", "userId", "userId: not valid UTF-8"},
		"a user with a control character":          {"userId=%07", []string{key(opsKey)}, 400, "INVALID_REQUEST", "userId", "userId: a control character at byte 0"},
		"a topic that the policy forbids":          {"sessionId=s&topics=news,orders", nil, 403, "TOPIC_NOT_ALLOWED", "topics[1]", "the caller may not subscribe to this topic"},
		"a topic that looks like a pattern":        {"sessionId=s&topics=*", nil, 400, "INVALID_REQUEST", "topics[0]", "topics[0]: '*' at byte 0 is not allowed"},
		"a topic that only begins like an allowed": {"sessionId=s&topics=newsflash", nil, 403, "TOPIC_NOT_ALLOWED", "topics[0]", "the caller may not subscribe to this topic"},
		"a topic forbidden to a service":           {"sessionId=s&topics=orders", []string{key(appKey)}, 403, "TOPIC_NOT_ALLOWED", "topics[0]", "the caller may not subscribe to this topic"},
		"two sessions":                             {"sessionId=a&sessionId=b", nil, 400, "INVALID_REQUEST", "sessionId", "sessionId: given more than once"},
		"two users":                                {"userId=1&userId=2", []string{key(opsKey)}, 400, "INVALID_REQUEST", "userId", "userId: given more than once"},
		"percent-encoding that is none":            {"sessionId=a%zz", nil, 400, "INVALID_REQUEST", "query", "query: a % that is not followed by two hexadecimal digits"},
		"percent-encoding that is cut off":         {"sessionId=s&x=%4", nil, 400, "INVALID_REQUEST", "query", "query: a % that is not followed by two hexadecimal digits"},
		"an empty list of topics":                  {"sessionId=s&topics=", nil, 400, "INVALID_REQUEST", "topics[0]", "topics[0]: empty; leave it out, or name somebody"},
		"an empty topic behind a comma":            {"sessionId=s&topics=news,", nil, 400, "INVALID_REQUEST", "topics[1]", "topics[1]: empty; leave it out, or name somebody"},
		"an empty topic behind a repeated one":     {"sessionId=s&topics=news,news,", nil, 400, "INVALID_REQUEST", "topics[2]", "topics[2]: empty; leave it out, or name somebody"},
		"a topic with a space":                     {"sessionId=s&topics=news,%20news", nil, 400, "INVALID_REQUEST", "topics[1]", "topics[1]: ' ' at byte 0 is not allowed"},
		"a topic that is too long":                 {"sessionId=s&topics=news&topics=" + long, nil, 400, "INVALID_REQUEST", "topics[1]", "topics[1]: 129 characters; at most 128"},
		"a topic with a line end":                  {"sessionId=s&topics=a%0D%0Ab", nil, 400, "INVALID_REQUEST", "topics[0]", "topics[0]: byte 1 is 0x0d; only printable ASCII is allowed"},
		"more topics than a stream may have":       {"sessionId=s&topics=public.1,public.2,public.3,public.4,public.5", nil, 400, "INVALID_REQUEST", "topics", "topics: more than 4"},
		"an origin that is not allowed":            {"sessionId=s", []string{"Origin: https://evil.example"}, 403, "ORIGIN_NOT_ALLOWED", "", "pages of this origin may not use the server; see the setting allowed-origins"},
	} {
		t.Run(sentence, func(t *testing.T) {
			resp := r.call("GET", "/api/sse?"+c.query, "", append(c.header, "Accept: text/event-stream")...)
			assert.Equal(t, c.detail, resp.problem(t, c.status, c.code, c.field))
			if c.status == 401 {
				assert.Equal(t, "Bearer", resp.Header.Get("WWW-Authenticate"))
			}
		})
	}
	assert.Zero(t, r.streams(), "none of them was a stream")
}

func TestTopicsOfAStream(t *testing.T) {
	r := startRig(t)
	for sentence, c := range map[string]struct {
		query  string
		header []string
		topics []any
	}{
		"one":                                    {"topics=news", nil, []any{"news"}},
		"several behind commas":                  {"topics=news,public.a", nil, []any{"news", "public.a"}},
		"repeated":                               {"topics=news&topics=public.a", nil, []any{"news", "public.a"}},
		"repeated and behind commas":             {"topics=news,public.a&topics=public.b,public.c", nil, []any{"news", "public.a", "public.b", "public.c"}},
		"the same one several times counts once": {"topics=news,news,news,news,news&topics=news,public.a", nil, []any{"news", "public.a"}},
		"an escaped comma separates too":         {"topics=news%2Cpublic.a", nil, []any{"news", "public.a"}},
		"an administrator may read all":          {"topics=orders,secret", []string{key(opsKey)}, []any{"orders", "secret"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := r.open("sessionId=s&"+c.query, c.header...)
			shown := decode[map[string]any](t, r.call("GET", "/api/sse/admin/clients/"+s.id, "", key(opsKey)))
			assert.Equal(t, c.topics, shown["topics"])
		})
	}
}
