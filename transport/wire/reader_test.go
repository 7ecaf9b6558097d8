package wire

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// received is an event as a client dispatches it.
type received struct {
	name, data, id string
	retry          time.Duration // of its block
}

var lineEnd = regexp.MustCompile("\r\n|\n|\r")

// read parses a stream as WHATWG HTML 9.2.6 says. It shares no code with the
// encoder, and is written down from the standard's text.
func read(stream string) (events []received) {
	stream = strings.TrimPrefix(stream, "\uFEFF")
	lines := lineEnd.Split(stream, -1)
	var data, name, lastID string
	var retry time.Duration
	for _, line := range lines[:len(lines)-1] { // what has no line end is thrown away
		field, value, colon := line, "", strings.IndexByte(line, ':')
		switch {
		case line == "":
			if data != "" {
				if name == "" {
					name = "message"
				}
				events = append(events, received{name, strings.TrimSuffix(data, "\n"), lastID, retry})
			}
			data, name, retry = "", "", 0
			continue
		case colon == 0:
			continue
		case colon > 0:
			field, value = line[:colon], strings.TrimPrefix(line[colon+1:], " ")
		}
		switch field {
		case "event":
			name = value
		case "data":
			data += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				lastID = value
			}
		case "retry":
			if n, err := strconv.ParseUint(value, 10, 63); err == nil {
				retry = time.Duration(n) * time.Millisecond
			}
		}
	}
	return events
}

func TestTheReaderOfTheseTests(t *testing.T) {
	for stream, want := range map[string][]received{
		"data: a\n\n":                                          {{"message", "a", "", 0}},
		"\uFEFFdata:a\r\rdata: b\r\n\r\n":                      {{"message", "a", "", 0}, {"message", "b", "", 0}},
		":c\nevent: x\n\n":                                     nil,
		"data\n\ndata\ndata\n\ndata:":                          {{"message", "", "", 0}, {"message", "\n", "", 0}},
		"event: e\nretry: 5\nid: 1\ndata:  a:b\n\ndata: c\n\n": {{"e", " a:b", "1", 5 * time.Millisecond}, {"message", "c", "1", 0}},
	} {
		assert.Equal(t, want, read(stream), "%q", stream)
	}
}
