package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sseactor/sseactor/actor/sse"
)

// field is one field of an event.
type field struct {
	name string
	read func(*Item, value) error
}

// fields is the contract: each field of an event, and how it is read.
var fields = [...]field{
	{"event", readName},
	{"data", readData},
	{"id", readID},
	{"retry", readRetry},
	{"priority", readPriority},
	{"userId", func(i *Item, v value) (err error) { i.Target.UserID, err = v.key(CheckUserID); return }},
	{"sessionId", func(i *Item, v value) (err error) { i.Target.SessionID, err = v.key(CheckSessionID); return }},
	{"clientIds", func(i *Item, v value) (err error) {
		i.Target.ClientIDs, err = v.keys(v.limits.ClientIDs, CheckClientID)
		return
	}},
	{"topics", func(i *Item, v value) (err error) { i.Target.Topics, err = v.keys(v.limits.Topics, CheckTopic); return }},
	{"persistent", readPersistent},
	{"ttl", readTTL},
}

var (
	fieldByName = make(map[string]int, len(fields)) // place in fields
	allowed     string                              // the fields' names, for people
)

func init() {
	names := make([]string, 0, len(fields))
	for i, f := range fields {
		fieldByName[f.name] = i
		names = append(names, f.name)
	}
	slices.Sort(names)
	allowed = strings.Join(names, ", ")
}

func knownField(name string) bool { _, ok := fieldByName[name]; return ok }

// readEvent reads an object. Names are matched exactly, and each may come once:
// encoding/json would take "DATA" for data, and the last of two.
func readEvent(item *Item, object []byte, at place, limits Limits) error {
	var seen [len(fields)]bool
	for quoted, raw := range members(object) {
		i, known := fieldByName[string(quoted[1:len(quoted)-1])]
		if !known { // or spelled with escapes
			name := unquote(quoted)
			if i, known = fieldByName[name]; !known {
				return fault(at.in(quoteOdd(name)).String(), "unknown field; allowed: %s", allowed)
			}
		}
		v := value{at.in(fields[i].name), raw, limits}
		if seen[i] {
			return fault(v.at.String(), "given twice")
		}
		seen[i] = true
		if err := fields[i].read(item, v); err != nil {
			return err
		}
	}
	if item.Data == "" {
		return fault(at.in("data").String(), "missing; any JSON value is allowed, null too")
	}
	if len(item.Target.ClientIDs) > 0 {
		if item.Event.Persistent {
			return fault(at.in("persistent").String(), "not together with clientIds: a mailbox is a user's, a session's, a topic's or everybody's; clientIds name streams")
		}
		// API: clientIds alone if given. The others are checked and set aside.
		item.Target.UserID, item.Target.SessionID, item.Target.Topics = "", "", nil
	}
	n := len(item.Event.Data)
	if item.Event.Name != (sse.Name{}) { // the default event's name is not sent
		n += len(item.Event.Name.String())
	}
	if n > limits.EventBytes {
		return &Fault{Field: at.in("data").String(), TooLarge: true,
			Message: fmt.Sprintf("the event has %d bytes; at most %d", n, limits.EventBytes)}
	}
	return nil
}

func readName(i *Item, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	if i.Event.Name, err = sse.ParseName(text); err != nil {
		return v.fault("%v", err)
	}
	return nil
}

func readID(i *Item, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	if i.Event.ID, err = sse.ParseID(text); err != nil {
		return v.fault("%v", err)
	}
	if likeTheServers(text) {
		return v.fault("it looks like an id that the server gives (<milliseconds>-<number>); choose another form, or leave the field out to have one assigned")
	}
	return nil
}

// The time of a server's own id has this many digits at least, since 2001.
const serverTimeDigits = 13

// likeTheServers reports whether a publisher's own id could be taken for one that the
// server gave to another event: a client that sends it back would resume from there.
func likeTheServers(id string) bool {
	if strings.IndexByte(id, '-') < serverTimeDigits { // most of them, and a parse that fails is no longer cheap
		return false
	}
	_, err := sse.ParseSequence(id)
	return err == nil
}

// readData keeps a string's text, and anything else as compact JSON, which has no
// line ends.
func readData(i *Item, v value) (err error) {
	switch {
	case v.raw[0] == '"' && !escaped(v.raw): // the same bytes serve both
		i.Data = string(v.raw)
		i.Event.Data = i.Data[1 : len(i.Data)-1]
		return nil
	case v.raw[0] == '"':
		i.Data = string(v.raw)
		i.Event.Data, err = v.text()
		return err
	}
	var compact bytes.Buffer
	compact.Grow(len(v.raw))
	if err := json.Compact(&compact, v.raw); err != nil {
		return v.fault("%v", err)
	}
	i.Data = compact.String()
	i.Event.Data = i.Data
	return nil
}

func readRetry(i *Item, v value) error {
	ms, err := v.whole(1, sse.MaxRetry.Milliseconds(), "milliseconds")
	i.Event.Retry = time.Duration(ms) * time.Millisecond
	return err
}

func readPriority(i *Item, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	if i.Event.Priority, err = sse.ParsePriority(text); err != nil {
		return v.fault("%v", err)
	}
	return nil
}

func readPersistent(i *Item, v value) error {
	switch v.raw[0] {
	case 't', 'f':
		i.Event.Persistent = v.raw[0] == 't'
		return nil
	}
	return v.fault("%s; it must be true or false", describe(v.raw))
}

// maxTTL is how long an event may be kept at most: 30 days, in seconds.
const maxTTL = 30 * 24 * 60 * 60

func readTTL(i *Item, v value) error {
	seconds, err := v.whole(1, maxTTL, "seconds")
	i.Event.TTL = time.Duration(seconds) * time.Second
	return err
}

// value is one field's JSON, known to be valid.
type value struct {
	at     place
	raw    []byte
	limits Limits
}

func (v value) fault(format string, args ...any) *Fault { return fault(v.at.String(), format, args...) }

func (v value) text() (string, error) {
	switch {
	case v.raw[0] != '"':
		return "", v.fault("%s; it must be a string", describe(v.raw))
	case loneSurrogate(v.raw):
		return "", v.fault(halfCharacter)
	}
	return unquote(v.raw), nil
}

func (v value) whole(least, most int64, unit string) (int64, error) {
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	if err != nil || n < least || n > most {
		return 0, v.fault("%s; it must be a whole number of %s from %d to %d", describe(v.raw), unit, least, most)
	}
	return n, nil
}

// key reads a target that is one name. An empty one is a fault: to take it for
// "not given" would make a broadcast of it.
func (v value) key(check func(string) error) (string, error) {
	text, err := v.text()
	if err != nil {
		return "", err
	}
	if err := check(text); err != nil {
		return "", v.fault("%v", err)
	}
	return text, nil
}

func (v value) keys(most int, check func(string) error) ([]string, error) {
	if v.raw[0] != '[' {
		return nil, v.fault("%s; it must be an array of strings", describe(v.raw))
	}
	n := 0
	for range elements(v.raw) {
		n++
	}
	if n == 0 {
		return nil, v.fault("empty; leave the field out to send to everybody")
	}
	if n > most {
		return nil, v.fault("%d entries; at most %d", n, most)
	}
	keys := make([]string, 0, n)
	for raw := range elements(v.raw) {
		key, err := value{v.at, raw, v.limits}.key(check)
		if err != nil {
			f := err.(*Fault)
			f.Field += "[" + strconv.Itoa(len(keys)) + "]"
			return nil, f
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// escaped reports whether a JSON string has escapes.
func escaped(quoted []byte) bool { return bytes.IndexByte(quoted, '\\') >= 0 }

// unquote gives the text of a JSON string.
func unquote(quoted []byte) (text string) {
	if !escaped(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	if err := json.Unmarshal(quoted, &text); err != nil {
		panic("wire: " + err.Error()) // it was valid: a fault of this package
	}
	return text
}

const halfCharacter = "half a surrogate pair, which is no character and can't be sent as UTF-8"

// loneSurrogate reports whether a JSON string has an escape for half a character.
// encoding/json would put U+FFFD in its place without a word.
func loneSurrogate(quoted []byte) bool {
	for i := bytes.IndexByte(quoted, '\\'); i >= 0 && i+1 < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		high := unit(quoted[i:])
		i++ // the escaped character, which may be a backslash
		if !utf16.IsSurrogate(high) {
			continue
		}
		if utf16.DecodeRune(high, unit(quoted[i+5:])) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// unit is the UTF-16 unit of the escape \uXXXX that b begins with; 0: it is none.
func unit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

// kindOf says what kind of JSON value raw is.
func kindOf(raw []byte) string {
	switch raw[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// describe says what kind of JSON came instead, never its content.
func describe(raw []byte) string {
	switch kind := kindOf(raw); kind {
	case "null":
		return kind
	case "object", "array":
		return "an " + kind
	case "number":
		return fmt.Sprintf("the number %.24s", raw)
	default:
		return "a " + kind
	}
}
