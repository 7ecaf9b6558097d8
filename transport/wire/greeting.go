package wire

import (
	"crypto/rand"
	"encoding/base64"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// NewClientID makes an id that nobody guesses, of 128 random bits.
func NewClientID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Greeting is what a stream's first event says.
type Greeting struct {
	LastEventID string // where the stream was to go on; empty: none was given
	Welcome     actor.Welcome
	Retry       time.Duration // to reconnect after
	Heartbeat   time.Duration // the longest silence
}

// Frame is the event. It is written by hand: in a storm of reconnects there are many.
func (g Greeting) Frame(who *actor.Info, now time.Time) *sse.Frame {
	b := make([]byte, 0, 256)
	b = AppendText(append(b, `{"status":"connected","clientId":`...), who.ID)
	if who.UserID != "" {
		b = AppendText(append(b, `,"userId":`...), who.UserID)
	}
	if who.SessionID != "" {
		b = AppendText(append(b, `,"sessionId":`...), who.SessionID)
	}
	b = append(b, `,"heartbeatInterval":`...)
	b = strconv.AppendInt(b, g.Heartbeat.Milliseconds(), 10)
	b = AppendText(append(b, `,"timestamp":`...), actor.Timestamp(now))
	b = g.appendResume(b)
	// 1 to 1.5 times the setting: streams that break together come back apart.
	retry := g.Retry + time.Duration(mathrand.Int64N(int64(g.Retry)/2+1))
	return sse.NewControl(sse.NameConnection, retry, append(b, '}'))
}

// appendResume writes what a client that was away is told of what it has missed.
func (g Greeting) appendResume(b []byte) []byte {
	replay := g.Welcome.Replay
	if replay.Verdict == actor.NotAsked {
		// From where a client goes on that is cut off before it has had an event. It is no
		// id of the event's own: EventSource would take it for one that it has had, and so
		// would a mailbox.
		return AppendText(append(b, `,"lastEventId":`...), g.Welcome.LastID.String())
	}
	b = AppendText(append(b, `,"resume":{"status":`...), replay.Verdict.String())
	if g.LastEventID != "" {
		b = AppendText(append(b, `,"from":`...), g.LastEventID)
	}
	b = AppendText(append(b, `,"to":`...), g.Welcome.LastID.String())
	if replay.Whole { // else an event says so, behind the last of them
		b = append(b, `,"replayed":`...)
		b = strconv.AppendInt(b, int64(replay.Queued), 10)
	}
	return append(b, '}')
}
