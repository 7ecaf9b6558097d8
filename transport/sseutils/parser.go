package sseutils

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"
)

// parser reads events from a stream as WHATWG HTML 9.2.6 says.
type parser struct {
	LastEventID string
	Retry       time.Duration // the last retry seen; zero: none

	lines *bufio.Scanner
}

// maxLine bounds a line of a stream; a server's events are far smaller.
const maxLine = 16 << 20

// newParser reads from r.
func newParser(r io.Reader) *parser {
	p := &parser{lines: bufio.NewScanner(r)}
	p.lines.Buffer(make([]byte, 0, 4096), maxLine)
	ended := &lineEnds{}
	p.lines.Split(ended.split)
	return p
}

// Next returns the next event; its ID is the last one seen, this event's or an earlier
// one's. Comments and blocks without data are passed over;
// an event that the stream's end cuts off is not returned.
func (p *parser) Next() (Message, error) {
	var e Message
	var data []byte
	some := false
	id := p.LastEventID
	for p.lines.Scan() {
		line := p.lines.Text()
		if line == "" {
			p.LastEventID = id
			if !some {
				e = Message{}
				continue
			}
			e.Data, e.ID = strings.TrimSuffix(string(data), "\n"), id
			if e.Type == "" {
				e.Type = "message"
			}
			return e, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			e.Type = value
		case "data":
			data, some = append(append(data, value...), '\n'), true
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				p.Retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
	if err := p.lines.Err(); err != nil {
		return Message{}, err
	}
	return Message{}, io.EOF
}

// lineEnds splits at CR, LF and CRLF. It does not wait behind a CR for an LF that
// may never come: it leaves that out when it does.
type lineEnds struct {
	afterCR bool
	begun   bool
}

func (l *lineEnds) split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	skip := 0
	if !l.begun {
		bom := []byte("\xEF\xBB\xBF")
		if len(data) < len(bom) && bytes.HasPrefix(bom, data) && !atEOF {
			return 0, nil, nil
		}
		if bytes.HasPrefix(data, bom) {
			skip = len(bom)
		}
		l.begun = true
	}
	if l.afterCR && len(data) > 0 {
		l.afterCR = false
		if data[0] == '\n' {
			skip = 1
		}
	}
	i := bytes.IndexAny(data[skip:], "\r\n")
	if i < 0 {
		// An unfinished line at the end is no line.
		return skip, nil, nil
	}
	l.afterCR = data[skip+i] == '\r'
	return skip + i + 1, data[skip : skip+i], nil
}
