package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Fault says what is wrong with a body.
type Fault struct {
	Field    string // as "data" or "[3].topics[2]"; empty: the body as a whole
	Message  string // what is wrong, and what is allowed
	TooLarge bool   // a size limit, where more would have been fine
}

func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

func fault(field, format string, args ...any) *Fault {
	return &Fault{Field: field, Message: fmt.Sprintf(format, args...)}
}

// place is where in a body something stands. It becomes a Fault's field only when
// there is a fault.
type place struct {
	event int    // in a batch; -1: there is no batch
	name  string // of a field; empty: the event itself
}

// String gives the place as a Fault's field has it.
func (p place) String() string {
	at := ""
	if p.event >= 0 {
		at = "[" + strconv.Itoa(p.event) + "]"
	}
	if at != "" && p.name != "" {
		at += "."
	}
	return at + p.name
}

// in is the place of a field of the event at p.
func (p place) in(name string) place { return place{p.event, name} }

// quoteOdd keeps an unknown field's name readable and short in an error.
func quoteOdd(name string) string {
	if len(name) > 40 {
		name = name[:40] + "…"
	}
	return strings.Trim(strconv.QuoteToASCII(name), `"`)
}

// notJSON says where a body stops being JSON: in which event, in which field, at
// which byte.
func notJSON(body []byte) *Fault {
	at, err := firstError(body)
	if err == nil { // by token all is well, so it is too deep, or there is more of it
		var raw json.RawMessage
		if err = json.NewDecoder(bytes.NewReader(body)).Decode(&raw); err == nil {
			return fault("", "there is more behind the JSON value")
		}
	}
	if len(skipSpace(body)) == 0 {
		return fault("", "the body is empty; send an event or an array of events as JSON")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault(at.String(), "the JSON ends too early")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fault(at.String(), "not valid JSON at byte %d: %v", syntax.Offset, syntax)
	}
	return fault(at.String(), "not valid JSON: %v", err)
}

// firstError reads a body by token, to the first error and its place.
func firstError(body []byte) (at place, err error) {
	at = place{event: -1}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number's digits would be in the error if they were too many for a float
	token, err := d.Token()
	switch token {
	case json.Delim('{'):
		return objectError(d, at)
	case json.Delim('['):
		for n := 0; d.More(); n++ {
			at = place{event: n}
			if next := bytes.TrimLeft(body[d.InputOffset():], ", \t\r\n"); len(next) > 0 && next[0] != '{' {
				err = d.Decode(new(json.RawMessage))
			} else if _, err = d.Token(); err == nil {
				at, err = objectError(d, at)
			}
			if err != nil {
				return at, err
			}
		}
		at = place{event: -1}
		_, err = d.Token()
	}
	return at, err
}

// objectError reads an event whose brace has been read, to the first error.
func objectError(d *json.Decoder, at place) (place, error) {
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return at, err
		}
		field := at
		if name := token.(string); knownField(name) { // a key, or Token had failed
			field = at.in(name)
		}
		if err := d.Decode(new(json.RawMessage)); err != nil {
			return field, err
		}
	}
	_, err := d.Token()
	return at, err
}
