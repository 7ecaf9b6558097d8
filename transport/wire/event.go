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

type decoder struct {
	*json.Decoder
	limits Limits
}

// event reads an object whose brace has been read. Names are matched exactly, and
// each may come once: encoding/json alone would take "DATA" for data, and the last
// of two.
func (d decoder) event(prefix string) (Item, error) {
	var item Item
	seen := make(map[string]bool, len(fields))
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return item, syntax(strings.TrimSuffix(prefix, "."), err)
		}
		name := token.(string) // a key, or Token had failed
		field := prefix + name
		read, known := fields[name]
		if !known {
			return item, fault(prefix+quoteOdd(name), "unknown field; allowed: %s", allowed)
		}
		if seen[name] {
			return item, fault(field, "given twice")
		}
		seen[name] = true
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return item, syntax(field, err)
		}
		if err := read(&item, value{field, raw, d.limits}); err != nil {
			return item, err
		}
	}
	if _, err := d.Token(); err != nil {
		return item, syntax(strings.TrimSuffix(prefix, "."), err)
	}
	if !seen["data"] {
		return item, fault(prefix+"data", "missing; any JSON value is allowed, null too")
	}
	if len(item.Target.ClientIDs) > 0 && (item.Target.UserID != "" || item.Target.SessionID != "" || len(item.Target.Topics) > 0) {
		// API: clientIds alone if given. The others are checked and set aside.
		item.Target.UserID, item.Target.SessionID, item.Target.Topics = "", "", nil
	}
	n := len(item.Event.Data)
	if item.Event.Name != (sse.Name{}) { // the default event's name is not sent
		n += len(item.Event.Name.String())
	}
	if n > d.limits.EventBytes {
		return item, &Fault{Field: prefix + "data", TooLarge: true,
			Message: fmt.Sprintf("the event has %d bytes; at most %d", n, d.limits.EventBytes)}
	}
	return item, nil
}

// quoteOdd keeps an unknown field's name readable and short in an error.
func quoteOdd(name string) string {
	if len(name) > 40 {
		name = name[:40] + "…"
	}
	return strings.Trim(strconv.QuoteToASCII(name), `"`)
}

// fields is the contract: each field of an event, and how it is read.
var fields = map[string]func(*Item, value) error{
	"event":     readName,
	"data":      readData,
	"id":        readID,
	"retry":     readRetry,
	"priority":  readPriority,
	"userId":    func(i *Item, v value) (err error) { i.Target.UserID, err = v.key(CheckUserID); return },
	"sessionId": func(i *Item, v value) (err error) { i.Target.SessionID, err = v.key(CheckSessionID); return },
	"clientIds": func(i *Item, v value) (err error) {
		i.Target.ClientIDs, err = v.keys(v.limits.ClientIDs, CheckClientID)
		return
	},
	"topics":     func(i *Item, v value) (err error) { i.Target.Topics, err = v.keys(v.limits.Topics, CheckTopic); return },
	"persistent": func(i *Item, v value) error { return v.into(&i.Persistent, "true or false") },
	"ttl":        readTTL,
}

var allowed = func() string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}()

func readName(i *Item, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	if i.Event.Name, err = sse.ParseName(text); err != nil {
		return fault(v.field, "%v", err)
	}
	return nil
}

func readID(i *Item, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	if i.Event.ID, err = sse.ParseID(text); err != nil {
		return fault(v.field, "%v", err)
	}
	return nil
}

// readData keeps a string's text, and anything else as compact JSON, which has no
// line ends.
func readData(i *Item, v value) error {
	var compact bytes.Buffer
	compact.Grow(len(v.raw))
	if err := json.Compact(&compact, v.raw); err != nil {
		return syntax(v.field, err)
	}
	i.Data = compact.Bytes()
	if i.Data[0] == '"' {
		if loneSurrogate(i.Data) {
			return fault(v.field, halfCharacter)
		}
		return v.into(&i.Event.Data, "a string")
	}
	i.Event.Data = compact.String()
	return nil
}

const halfCharacter = "half a surrogate pair, which is no character and can't be sent as UTF-8"

// loneSurrogate reports whether a JSON string has an escape for half a character.
// encoding/json would put U+FFFD in its place without a word.
func loneSurrogate(quoted []byte) bool {
	for i := 0; i+1 < len(quoted); i++ {
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
		return fault(v.field, "%v", err)
	}
	return nil
}

// maxTTL is how long an event may be kept at most: 30 days, in seconds.
const maxTTL = 30 * 24 * 60 * 60

func readTTL(i *Item, v value) (err error) {
	i.TTL, err = v.whole(1, maxTTL, "seconds")
	return err
}

// value is one field's JSON, known to be valid.
type value struct {
	field  string
	raw    json.RawMessage
	limits Limits
}

func (v value) into(target any, want string) error {
	if v.raw[0] == 'n' || json.Unmarshal(v.raw, target) != nil {
		return fault(v.field, "%s; it must be %s", describe(v.raw), want)
	}
	return nil
}

func (v value) text() (s string, err error) {
	if err = v.into(&s, "a string"); err == nil && loneSurrogate(v.raw) {
		err = fault(v.field, halfCharacter)
	}
	return s, err
}

func (v value) whole(least, most int64, unit string) (int64, error) {
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	if err != nil || n < least || n > most {
		return 0, fault(v.field, "%s; it must be a whole number of %s from %d to %d", describe(v.raw), unit, least, most)
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
		return "", fault(v.field, "%v", err)
	}
	return text, nil
}

func (v value) keys(most int, check func(string) error) ([]string, error) {
	var list []json.RawMessage
	if err := v.into(&list, "an array of strings"); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault(v.field, "empty; leave the field out to send to everybody")
	}
	if len(list) > most {
		return nil, fault(v.field, "%d entries; at most %d", len(list), most)
	}
	keys := make([]string, 0, len(list))
	for i, raw := range list {
		key, err := value{fmt.Sprintf("%s[%d]", v.field, i), raw, v.limits}.key(check)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// describe says what kind of JSON came instead, never its content.
func describe(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return fmt.Sprintf("the number %.24s", raw)
}
