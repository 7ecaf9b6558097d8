package actor

import (
	"encoding/json"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// The codes of error events: why the server ends a stream.
const (
	CodeSlowConsumer   = "SLOW_CONSUMER"
	CodeServerShutdown = "SERVER_SHUTDOWN"
	CodeDisconnected   = "DISCONNECTED_BY_ADMIN"
	CodeMaxAge         = "MAX_AGE"
	CodeSessionExpired = "SESSION_EXPIRED"
	CodeMaxClients     = "MAX_CLIENTS"
	CodeTooManyStreams = "TOO_MANY_STREAMS"
	CodeJournalFailed  = "JOURNAL_FAILED"
)

// timeFormat is RFC 3339 with milliseconds; times are in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// Timestamp gives a time as it stands in the server's own events.
func Timestamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// ErrorFrame is the event that precedes the end of a stream. A retry of zero
// leaves the client's reconnect delay as it is.
func ErrorFrame(code, message string, retry time.Duration, now time.Time) *sse.Frame {
	return control(sse.NameError, retry, struct {
		Message   string `json:"message"`
		Code      string `json:"code"`
		Timestamp string `json:"timestamp"`
	}{message, code, Timestamp(now)})
}

func gapFrame(g gap, now time.Time) *sse.Frame {
	return control(sse.NameConnection, 0, struct {
		Status    string `json:"status"`
		Dropped   uint64 `json:"dropped"`
		Limited   uint64 `json:"rateLimited,omitempty"` // of those: too many for it
		From      string `json:"from,omitempty"`        // none without ids
		To        string `json:"to,omitempty"`
		Timestamp string `json:"timestamp"`
	}{"gap", g.dropped, g.limited, g.from, g.to, Timestamp(now)})
}

func replayedFrame(n int, to sse.Sequence, now time.Time) *sse.Frame {
	return control(sse.NameConnection, 0, struct {
		Status    string `json:"status"`
		Replayed  int    `json:"replayed"`
		To        string `json:"to"`
		Timestamp string `json:"timestamp"`
	}{"replayed", n, to.String(), Timestamp(now)})
}

func heartbeatFrame(comment bool, now time.Time) *sse.Frame {
	if comment {
		return sse.NewComment("heartbeat " + Timestamp(now))
	}
	return control(sse.NameHeartbeat, 0, struct {
		Timestamp string `json:"timestamp"`
	}{Timestamp(now)})
}

func control(name string, retry time.Duration, data any) *sse.Frame {
	b, err := json.Marshal(data)
	if err != nil {
		panic("actor: " + err.Error()) // strings and numbers only: a fault of this package
	}
	return sse.NewControl(name, retry, b)
}
