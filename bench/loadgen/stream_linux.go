package loadgen

import "time"

// Spec says what stream to open.
type Spec struct {
	Session     string // the sessionId parameter; empty: none
	User        string // the userId parameter; empty: none
	Device      string // the device parameter; empty: none
	Topics      string // the topics parameter, comma-separated; empty: none
	LastEventID string // the Last-Event-ID header; empty: none
	Accept      string // the Accept header; empty: text/event-stream
	Header      string // further header lines, each with its CRLF

	// Resumes: a stream that opens again asks to go on after the last event that it got
	// whole, as EventSource does.
	Resumes bool

	// Group is under which Counts the stream is counted, below Groups.
	Group uint8
	// Stall: nothing more is read once the connection event was.
	Stall bool
	// ReceiveBuffer sets SO_RCVBUF in bytes; 0 leaves the system's.
	ReceiveBuffer int32
}

// phase is where a stream is in its life.
type phase uint8

const (
	waiting    phase = iota // for its turn to connect
	connecting              // until the socket is writable
	heading                 // until the response head is complete
	streaming               // reading the body
	stalled                 // the body is not read
	ended
)

// Stream is one stream and all that is known of it. Its fields belong to the
// worker's goroutine: read them in Client.Each or in a hook, or when the client
// has stopped.
type Stream struct {
	Spec
	Ledger
	Faults

	// ClientID is what the connection event said.
	ClientID string
	// Code is the code of the last error event; empty: none came.
	Code string
	// Farewell is the retry that the last error event itself gave, in
	// milliseconds; -1: none.
	Farewell int
	// Status is the response's; 0: none came.
	Status int
	// Retry is the last retry of the stream in milliseconds, which stays when
	// the stream opens again, as it does in EventSource; -1: none came.
	Retry int
	// RetryAfter is the header in seconds; -1: none came.
	RetryAfter int
	// Connections, Heartbeats, Errors, Comments count what is not an
	// application event; a second connection event in a stream is a notice.
	Connections, Heartbeats, Errors, Comments int
	// Told is how many events the server's notices said the stream has missed.
	Told int
	// Resume is what the last connection event said of what was missed. Replays counts
	// the words of the server that a long replay is over.
	Resume  Resume
	Replays int
	// Began is when the last connect began, Opened when the connection event came, Ended
	// when the stream ended, LastEvent when the last new application event came: in Now's
	// nanoseconds.
	Began, Opened, Ended, LastEvent int64
	// Ending is why the stream ended; 0: it has not.
	Ending Ending
	// Attempts counts connects, also those that failed.
	Attempts int

	worker  *worker
	carry   []byte // the start of a head or of a block whose rest has not come
	left    int    // of the body, with Framing Length
	chunks  dechunker
	fd      int32
	place   int32 // in the worker's table
	phase   phase
	framing Framing
	due     int64  // when to connect
	lastID  []byte // of the last application event, if the stream Resumes
	asked   bool   // the request had a Last-Event-ID
	replay  replay
	sever   int // bytes until this side hangs up; 0: it does not
}

// Open reports whether the connection event has come and no end.
func (s *Stream) Open() bool { return s.Opened > 0 && s.Ending == 0 }

// LastID is the id of the last event that came whole, for a stream that Resumes.
func (s *Stream) LastID() string { return string(s.lastID) }

// RetryDelay is how long EventSource would wait before it comes back: 3 s where
// the server named no time.
func (s *Stream) RetryDelay() time.Duration {
	if s.Retry < 0 {
		return 3 * time.Second
	}
	return time.Duration(s.Retry) * time.Millisecond
}

// restart readies the stream for another connect.
func (s *Stream) restart(at int64) {
	s.phase, s.due = waiting, at
	s.Ending, s.Opened, s.Status, s.RetryAfter, s.Code, s.Farewell = 0, 0, 0, -1, "", -1
	s.chunks, s.framing, s.left = dechunker{}, UntilClose, 0
	s.Resume, s.replay = Resume{}, replay{}
}

// appendRequest writes the request of the stream, and notes whether it asks to go on
// after an event.
func (s *Stream) appendRequest(b []byte, path, host string) []byte {
	b = append(append(b, "GET "...), path...)
	separator := byte('?')
	for _, p := range [...]struct{ name, value string }{{"sessionId=", s.Session}, {"userId=", s.User}, {"device=", s.Device}, {"topics=", s.Topics}} {
		if p.value != "" {
			b = append(append(b, separator), p.name...)
			b = appendQuery(b, p.value)
			separator = '&'
		}
	}
	b = append(append(b, " HTTP/1.1\r\nHost: "...), host...)
	accept := s.Accept
	if accept == "" {
		accept = "text/event-stream"
	}
	b = append(append(b, "\r\nAccept: "...), accept...)
	last := s.LastEventID
	if s.Resumes && len(s.lastID) > 0 {
		last = string(s.lastID)
	}
	if s.asked = last != ""; s.asked {
		b = append(append(b, "\r\nLast-Event-ID: "...), last...)
	}
	b = append(append(b, "\r\nCache-Control: no-cache\r\n"...), s.Header...)
	return append(b, "\r\n"...)
}

// appendQuery escapes what may not stand in a query as it is.
func appendQuery(b []byte, value string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(value) {
		c := value[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == ',' || c == ':' || c == '/' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hex[c>>4], hex[c&15])
	}
	return b
}
