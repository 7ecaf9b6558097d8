package transport

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// golden is a stream's beginning to the byte, with what differs each time as a
// pattern: the head and the first event, whose retry is in its block and which has
// no id.
var golden = regexp.MustCompile(`^HTTP/1\.1 200 OK\r
Content-Type: text/event-stream; charset=utf-8\r
Cache-Control: no-cache, no-transform\r
Vary: Origin\r
X-Accel-Buffering: no\r
X-Content-Type-Options: nosniff\r
Connection: close\r
Date: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r
\r
event: connection
retry: (\d+)
data: \{"status":"connected","clientId":"[A-Za-z0-9_-]{22}","sessionId":"demo","heartbeatInterval":30000,"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","lastEventId":"\d{13}-\d+"\}

$`)

func TestTheBeginningOfAStream(t *testing.T) {
	r := startRig(t)
	retries := map[int]bool{}
	for range 10 {
		c := r.dialStream("sessionId=demo")
		e := c.next()
		require.Regexp(t, golden, c.head+e.raw)
		retry, err := strconv.Atoi(golden.FindStringSubmatch(c.head + e.raw)[1])
		require.NoError(t, err)
		assert.GreaterOrEqual(t, retry, 3000)
		assert.LessOrEqual(t, retry, 4500, "1 to 1.5 times the setting")
		retries[retry] = true
	}
	assert.Greater(t, len(retries), 3, "streams that break together come back apart")
}

// Whoever waits for the first event must not wait for a buffer to fill.
func TestHeadAndFirstEventLeaveAtOnceAndTogether(t *testing.T) {
	r := startRig(t)
	conn := dial(t, r.addr)
	defer conn.Close()
	_, err := conn.Write([]byte(request("GET", "/api/sse?sessionId=demo", "")))
	require.NoError(t, err)
	buffer := make([]byte, 4096)
	n, err := conn.Read(buffer)
	require.NoError(t, err)
	assert.Regexp(t, golden, string(buffer[:n]), "one read has both")
}

func TestWhoAStreamBelongsTo(t *testing.T) {
	r := startRig(t)
	for sentence, c := range map[string]struct {
		query  string
		header []string
		user   any
		sess   any
	}{
		"a visitor with a session":                      {"sessionId=s-1", nil, nil, "s-1"},
		"a session of 128 characters":                   {"sessionId=" + strings.Repeat("s", 128), nil, nil, strings.Repeat("s", 128)},
		"a session with escaped characters":             {"sessionId=a%20%26%3Db%2B", nil, nil, "a &=b+"},
		"an administrator, for a user":                  {"userId=user%207", []string{key(opsKey)}, "user 7", nil},
		"an administrator, for a user of other letters": {"userId=%C3%A9%F0%9F%98%80", []string{key(opsKey)}, "é😀", nil},
		"an administrator, for a user and a session":    {"userId=7&sessionId=s", []string{key(opsKey)}, "7", "s"},
		"an administrator, for nobody":                  {"", []string{key(opsKey)}, nil, nil},
		"a service with a session is no user":           {"sessionId=s", []string{key(appKey)}, nil, "s"},
	} {
		t.Run(sentence, func(t *testing.T) {
			data := r.dialStream(c.query, c.header...).next().json(t)
			assert.Equal(t, "connected", data["status"])
			assert.Equal(t, c.user, data["userId"])
			assert.Equal(t, c.sess, data["sessionId"])
			assert.NotContains(t, data, "resume", "no Last-Event-ID was given")
			at, err := time.Parse("2006-01-02T15:04:05.000Z", data["timestamp"].(string))
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now(), at, time.Minute)
		})
	}
}

// An unknown id is said to be unknown, never taken for caught up; one of long ago is said
// to be too old, and what there is since then comes.
func TestWhatIsSaidOfALastEventID(t *testing.T) {
	r := startRig(t)
	published := r.publish(`{"data":1}`).Event.ID
	long := strings.Repeat("9", 200)
	const reset, partial, resumed = "reset", "partial", "resumed"
	for sentence, c := range map[string]struct {
		query  string
		header []string
		from   string
		status string
	}{
		"in the header":                      {"", []string{"Last-Event-ID: 17-0"}, "17-0", partial},
		"the newest of all":                  {"", []string{"Last-Event-ID: " + published}, published, resumed},
		"in lastEventId":                     {"&lastEventId=17-1", nil, "17-1", partial},
		"in last_event_id":                   {"&last_event_id=17-2", nil, "17-2", partial},
		"the header wins":                    {"&lastEventId=b&last_event_id=c", []string{"Last-Event-ID: a"}, "a", reset},
		"then lastEventId":                   {"&last_event_id=c&lastEventId=b", nil, "b", reset},
		"an empty header is none":            {"&lastEventId=b", []string{"Last-Event-ID:"}, "b", reset},
		"an empty lastEventId is none":       {"&lastEventId=&last_event_id=c", nil, "c", reset},
		"one that no publisher may give":     {"&lastEventId=%22%3C%C3%A9%0A", nil, "\"<é\n", reset},
		"one that is not UTF-8":              {"&lastEventId=a%FFb", nil, "a\uFFFDb", reset},
		"one that is far too long, cut":      {"&lastEventId=" + long, nil, long[:128], reset},
		"header names in other letters":      {"", []string{"last-event-id: x"}, "x", reset},
		"spaces around it are not part":      {"", []string{"Last-Event-ID:   x  "}, "x", reset},
		"Latin-1, as some clients send it":   {"", []string{"Last-Event-ID: \xe9"}, "\uFFFD", reset},
		"JSON's own characters stay escaped": {"", []string{`Last-Event-ID: "},"x":{"`}, `"},"x":{"`, reset},
	} {
		t.Run(sentence, func(t *testing.T) {
			e := r.dialStream("sessionId=s"+c.query, c.header...).next()
			resume, ok := e.json(t)["resume"].(map[string]any)
			require.True(t, ok, e.raw)
			replayed := map[string]float64{partial: 1}[c.status]
			assert.Equal(t, map[string]any{"status": c.status, "from": c.from, "to": published, "replayed": replayed}, resume)
			assert.Empty(t, e.id)
			assert.Equal(t, 4, strings.Count(e.raw, "\n"), "no line end of the id's own: %q", e.raw)
		})
	}
}

// Some proxies and libraries fold long header fields. Whatever comes of it must not
// reach the stream as lines of its own.
func TestAFoldedLastEventID(t *testing.T) {
	r := startRig(t)
	for _, fold := range []string{"a\r\n b", "a\r\n\tb", "a\r\n id: forged\r\n event: forged"} {
		conn := dial(t, r.addr)
		_, err := conn.Write([]byte(request("GET", "/api/sse?sessionId=s", "", "Last-Event-ID: "+fold)))
		require.NoError(t, err)
		buffer := make([]byte, 4096)
		n, err := conn.Read(buffer)
		require.NoError(t, err)
		answer := string(buffer[:n])
		if strings.HasPrefix(answer, "HTTP/1.1 200") {
			_, body, _ := strings.Cut(answer, "\r\n\r\n")
			assert.Regexp(t, `^event: connection\nretry: \d+\ndata: \{[^\r\n]*\}\n\n$`, body)
		} else {
			assert.True(t, strings.HasPrefix(answer, "HTTP/1.1 400"), answer)
		}
		conn.Close()
	}
}

// A proxy's heartbeat timers and a page's watchdog see named events without ids.
func TestHeartbeatsCarryNoID(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.HeartbeatInterval = 200 * time.Millisecond })
	c := r.open("sessionId=s")
	for range 3 {
		e := c.next()
		assert.Regexp(t, `^event: heartbeat\ndata: \{"timestamp":"[^"]+"\}\n\n$`, e.raw)
	}
}

func TestHeartbeatsMayBeComments(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.HeartbeatInterval, o.Hub.HeartbeatComment = 200*time.Millisecond, true })
	c := r.open("sessionId=s")
	line, err := c.in.ReadString('\n')
	require.NoError(t, err)
	assert.Regexp(t, `^: heartbeat \S+\n$`, line)
}
