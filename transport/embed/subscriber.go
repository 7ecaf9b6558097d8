package embed

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/wire"
)

// Subscriber says whose stream it is to be, which the program has made sure of. What is
// sent to everybody comes to a Subscriber without anything, too.
type Subscriber struct {
	UserID    string
	SessionID string
	// Topics that it gets. What the page has asked for is in RequestedTopics(r): take those
	// that it may read.
	Topics []string
	// Expires is when the session ends, and the stream with it. Zero: never.
	Expires time.Time
	// Address is the client's, for people to read (default r.RemoteAddr).
	Address string
}

// RequestedTopics are the topics in a request's query, comma-separated or repeated.
func RequestedTopics(r *http.Request) []string {
	var topics []string
	for _, list := range r.URL.Query()["topics"] {
		topics = append(topics, strings.Split(list, ",")...)
	}
	return topics
}

// Refusal is an error of authorize that says how to answer. Any other error is a 401.
type Refusal struct {
	// Status is HTTP's (default 401). After 401 or 403 an EventSource gives up; with 204 it
	// does so without an error; a caller of an event stream that gets 503 is told in the
	// stream to come back.
	Status int
	Code   string // for programs, as "FORBIDDEN"
	Detail string // for people
}

// Error is the refusal in words.
func (r *Refusal) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("embed: refused with %d %s: %s", r.Status, r.Code, r.Detail), ": ")
}

// info is the hub's record of a subscriber.
func (s Subscriber) info(r *http.Request) (actor.Info, *problem) {
	i := actor.Info{ID: wire.NewClientID(), UserID: s.UserID, SessionID: s.SessionID, Expires: s.Expires, Address: s.Address, Since: time.Now()}
	if i.Address == "" {
		i.Address = r.RemoteAddr
	}
	agent := r.UserAgent()
	agent = strings.ToValidUTF8(agent[:min(len(agent), maxAgent)], "?")
	i.Agent = unique.Make(agent).Value() // agents are few and streams are many
	if s.UserID != "" {
		if err := wire.CheckUserID(s.UserID); err != nil {
			return i, badRequest("userId", err)
		}
	}
	if s.SessionID != "" {
		if err := wire.CheckSessionID(s.SessionID); err != nil {
			return i, badRequest("sessionId", err)
		}
	}
	for n, topic := range s.Topics {
		if slices.Contains(i.Topics, topic) {
			continue
		}
		if err := wire.CheckTopic(topic); err != nil {
			return i, badRequest(fmt.Sprintf("topics[%d]", n), err)
		}
		if len(i.Topics) == maxTopics {
			return i, badRequest("topics", fmt.Errorf("more than %d", maxTopics))
		}
		i.Topics = append(i.Topics, topic)
	}
	return i, nil
}

// maxAgent bounds what is kept of a User-Agent, in bytes.
const maxAgent = 200

// lastEventID is where a client was: the browser's own header before what its page began
// with. One that makes no sense is no error, since EventSource would give up.
func lastEventID(r *http.Request) string {
	query := r.URL.Query()
	for _, id := range []string{r.Header.Get("Last-Event-ID"), query.Get("lastEventId"), query.Get("last_event_id")} {
		if id != "" {
			return id[:min(len(id), wire.MaxKeyLength)]
		}
	}
	return ""
}
