package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestGreeting(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_123)
	at := sse.Sequence{Milliseconds: 9, N: 2}
	for sentence, c := range map[string]struct {
		who  actor.Info
		g    Greeting
		want string
	}{
		"nobody": {actor.Info{ID: "c"}, Greeting{Welcome: actor.Welcome{LastID: at}}, `{"status":"connected","clientId":"c","heartbeatInterval":30000,"timestamp":"2023-11-14T22:13:20.123Z","lastEventId":"9-2"}`},
		"a user": {actor.Info{ID: "c", UserID: `a"b`}, Greeting{Welcome: actor.Welcome{LastID: at}}, `{"status":"connected","clientId":"c","userId":"a\"b","heartbeatInterval":30000,"timestamp":"2023-11-14T22:13:20.123Z","lastEventId":"9-2"}`},
		"both":   {actor.Info{ID: "c", UserID: "u", SessionID: "s"}, Greeting{Welcome: actor.Welcome{LastID: at}}, `{"status":"connected","clientId":"c","userId":"u","sessionId":"s","heartbeatInterval":30000,"timestamp":"2023-11-14T22:13:20.123Z","lastEventId":"9-2"}`},
		"all that it missed": {actor.Info{ID: "c"}, Greeting{LastEventID: "5-1", Welcome: actor.Welcome{LastID: at, Replay: actor.Replay{Verdict: actor.Resumed, Queued: 3, Whole: true}}},
			`{"status":"connected","clientId":"c","heartbeatInterval":30000,"timestamp":"2023-11-14T22:13:20.123Z","resume":{"status":"resumed","from":"5-1","to":"9-2","replayed":3}}`},
		"some of it, and more follows": {actor.Info{ID: "c"}, Greeting{LastEventID: "5-1", Welcome: actor.Welcome{LastID: at, Replay: actor.Replay{Verdict: actor.Partial, Queued: 3}}},
			`{"status":"connected","clientId":"c","heartbeatInterval":30000,"timestamp":"2023-11-14T22:13:20.123Z","resume":{"status":"partial","from":"5-1","to":"9-2"}}`},
		"mail, and no id": {actor.Info{ID: "c"}, Greeting{Welcome: actor.Welcome{LastID: at, Replay: actor.Replay{Verdict: actor.Resumed, Queued: 1, Whole: true}}},
			`{"status":"connected","clientId":"c","heartbeatInterval":30000,"timestamp":"2023-11-14T22:13:20.123Z","resume":{"status":"resumed","to":"9-2","replayed":1}}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			c.g.Retry, c.g.Heartbeat = 2*time.Second, 30*time.Second
			text := string(c.g.Frame(&c.who, now).Bytes())
			event, ok := strings.CutPrefix(text, "event: connection\nretry: ")
			require.True(t, ok, text)
			retry, data, _ := strings.Cut(event, "\n")
			ms, err := strconv.Atoi(retry)
			require.NoError(t, err)
			assert.True(t, 2000 <= ms && ms <= 3000, text)
			assert.Equal(t, "data: "+c.want+"\n\n", data)
			assert.True(t, json.Valid([]byte(c.want)))
		})
	}
}

func TestClientIDsAreFineAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewClientID()
		require.NoError(t, CheckClientID(id))
		seen[id] = true
	}
	assert.Len(t, seen, 1000)
}
