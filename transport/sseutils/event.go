package sseutils

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Event is an event to send. NewNotification and the like make one; a fault of what they
// are given is told by the call that sends it.
type Event struct {
	name       string
	data       any
	target     Target
	id         string
	retry      int64 // milliseconds
	priority   Priority
	persistent bool
	ttl        int64 // seconds
	at         time.Time
	key        string
	err        *Error // the first
}

// Level is how a notification or a system message is meant.
type Level string

// The levels: the first four of a notification, where Info is the default, and Info,
// Warning and Maintenance of a system message.
const (
	Info        Level = "info"
	Success     Level = "success"
	Warning     Level = "warning"
	Failure     Level = "error"
	Maintenance Level = "maintenance"
)

// Action is what has happened to a resource.
type Action string

// The actions.
const (
	Created Action = "created"
	Updated Action = "updated"
	Deleted Action = "deleted"
)

// NotificationData is the data of the event "notification".
type NotificationData struct {
	Message    string   `json:"message"`
	Type       Level    `json:"type"`
	Priority   Priority `json:"priority"`
	Persistent bool     `json:"persistent"`
	Timestamp  string   `json:"timestamp"` // RFC 3339 in UTC, with milliseconds; in all of them
}

// AlertData is the data of the event "alert".
type AlertData struct {
	Title     string   `json:"title"`
	Message   string   `json:"message"`
	Priority  Priority `json:"priority"`
	Timestamp string   `json:"timestamp"`
}

// UpdateData is the data of the event "update".
type UpdateData struct {
	Resource  string `json:"resource"`
	Action    Action `json:"action"`
	Data      any    `json:"data"`
	Timestamp string `json:"timestamp"`
}

// SystemData is the data of the event "system".
type SystemData struct {
	Message   string `json:"message"`
	Level     Level  `json:"level"`
	Timestamp string `json:"timestamp"`
}

// NewNotification is the event of SendNotification.
func NewNotification(message string, level Level, options ...Option) Event {
	e := newEvent("notification", Normal, options)
	level = e.level("type", level, Info, Success, Warning, Failure)
	e.data = NotificationData{message, level, e.priority, e.persistent, e.timestamp()}
	return e
}

// NewAlert is the event of SendAlert.
func NewAlert(title, message string, options ...Option) Event {
	e := newEvent("alert", High, options)
	e.data = AlertData{title, message, e.priority, e.timestamp()}
	return e
}

// NewUpdate is the event of SendUpdate.
func NewUpdate(resource string, action Action, data any, options ...Option) Event {
	e := newEvent("update", "", options)
	if allowed := []Action{Created, Updated, Deleted}; !slices.Contains(allowed, action) {
		e.fault("action", choice(action, allowed))
	}
	e.data = UpdateData{resource, action, data, e.timestamp()}
	return e
}

// NewSystemMessage is the event of SendSystemMessage.
func NewSystemMessage(message string, level Level, options ...Option) Event {
	e := newEvent("system", "", options)
	level = e.level("level", level, Info, Warning, Maintenance)
	e.data = SystemData{message, level, e.timestamp()}
	return e
}

// NewEvent is the event of SendCustomEvent.
func NewEvent(eventType string, data any, options ...Option) Event {
	e := newEvent(eventType, "", options)
	if _, err := sse.ParseName(eventType); err != nil {
		e.fault("event", err.Error())
	}
	e.data = data
	return e
}

func newEvent(name string, priority Priority, options []Option) Event {
	e := Event{name: name, priority: priority}
	for _, o := range options {
		o.apply(&e)
	}
	if e.persistent && len(e.target.to.ClientIDs) > 0 {
		e.fault("persistent", "not together with clientIds, which name streams: a mailbox is a user's, a session's, a topic's or everybody's")
	}
	return e
}

// fault notes what is wrong with the event.
func (e *Event) fault(field, detail string) {
	if e.err == nil {
		e.err = invalid(field, detail)
	}
}

func (e *Event) level(field string, level Level, allowed ...Level) Level {
	if level == "" {
		return Info
	}
	if !slices.Contains(allowed, level) {
		e.fault(field, choice(level, allowed))
	}
	return level
}

// choice says that got is none of what is allowed.
func choice[S ~string](got S, allowed []S) string {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	if got == "" {
		return "missing; allowed: " + strings.Join(names, ", ")
	}
	if len(got) > 40 {
		got = got[:40] + "…"
	}
	return `"` + strings.ToValidUTF8(string(got), "?") + `"; allowed: ` + strings.Join(names, ", ")
}

func (e *Event) timestamp() string {
	at := e.at
	if at.IsZero() {
		at = time.Now()
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// check gives the first fault.
func (e *Event) check() *Error {
	switch {
	case e.err != nil:
		return e.err
	case e.target.err != nil:
		return e.target.err
	case e.name == "":
		return invalid("event", "missing; NewEvent and the like make an event")
	}
	return nil
}

// MarshalJSON gives the event as POST /api/sse takes it.
func (e Event) MarshalJSON() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	// Without the escapes of < and > that encoding/json has for web pages: the text is
	// sent as it stands.
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Event string `json:"event"`
		Data  any    `json:"data"`
		Receivers
		ID         string   `json:"id,omitempty"`
		Retry      int64    `json:"retry,omitempty"`
		Priority   Priority `json:"priority,omitempty"`
		Persistent bool     `json:"persistent,omitempty"`
		TTL        int64    `json:"ttl,omitempty"`
	}{e.name, e.data, e.target.to, e.id, e.retry, e.priority, e.persistent, e.ttl})
	if err != nil {
		return nil, &Error{Code: codeInvalid, Field: "data", Detail: "data: it can't be encoded as JSON", cause: err}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
