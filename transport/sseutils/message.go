package sseutils

import "encoding/json"

// Message is one event of a stream that is followed.
type Message struct {
	Type string // "message" for an event without a name
	Data string
	ID   string // as EventSource's lastEventId; empty on the server's own events
}

// Decode reads the data's JSON.
func (m Message) Decode(into any) error { return json.Unmarshal([]byte(m.Data), into) }

// The server's own events, which come among the others.
const (
	// TypeConnection greets, and says what became of a resume ("resume": see Resume) and
	// what was dropped.
	TypeConnection = "connection"
	// TypeHeartbeat says that the stream is alive.
	TypeHeartbeat = "heartbeat"
	// TypeError says why the server ends the stream.
	TypeError = "error"
)
