package loadgen

import (
	"bytes"
	"unicode/utf8"
)

// Oddity is something that a client forgives or skips and that this server has
// promised not to send. One bit each.
type Oddity uint8

// The oddities.
const (
	OddField   Oddity = 1 << iota // a field that is none of event, data, id, retry
	OddNoData                     // fields but no data: five clients take a lone retry for an empty event
	OddIDFirst                    // the id is not the last field: a cut-off event would be taken for seen
	OddLineEnd                    // CR or CRLF: mixed line ends cost one client an event
	OddRetry                      // a retry that is not all digits
	OddUTF8                       // bytes that are not valid UTF-8
)

// oddities is how many there are.
const oddities = 6

var oddityNames = [oddities]string{"unknown field", "block without data", "id not last", "line end other than LF", "bad retry", "invalid UTF-8"}

// Block is one block of an event stream: the lines up to a blank one. Its
// slices point into the parsed bytes or into the parser and hold until the next
// call of Next.
type Block struct {
	Name, Data, ID []byte
	Retry          int // milliseconds; -1: none given
	HasData, HasID bool
	Comments       int // comment lines
	Odd            Oddity
}

// Parser cuts a stream into blocks (WHATWG HTML 9.2.6) without allocating. It
// keeps nothing between calls but a buffer, so that one serves many streams.
// The zero Parser is ready. Not safe for concurrent use.
type Parser struct {
	joined []byte // the lines of an event that has several
}

// Next parses the block at the start of b and gives the length of it, or 0 if
// it is not complete: call again with the same bytes and more behind them.
func (p *Parser) Next(b []byte, block *Block) int {
	*block = Block{Retry: -1}
	at := 0
	fields := 0
	for {
		line, n, odd := cutLine(b[at:])
		if n == 0 {
			return 0
		}
		at += n
		block.Odd |= odd
		if len(line) == 0 {
			break
		}
		if line[0] == ':' {
			block.Comments++
			continue
		}
		fields++
		p.field(line, block)
	}
	if fields > 0 && !block.HasData {
		block.Odd |= OddNoData
	}
	if !utf8.Valid(b[:at]) {
		block.Odd |= OddUTF8
	}
	return at
}

// cutLine gives the first line of b and how many bytes it takes up with its
// end; 0 if the end is not there yet.
//
// A CR at the very end of b counts as a whole line end although an LF may
// follow. That LF then stands for an empty line: within a block the whole block
// is parsed again with it, and between two blocks an empty line does nothing.
func cutLine(b []byte) (line []byte, n int, odd Oddity) {
	lf := bytes.IndexByte(b, '\n')
	upTo := b
	if lf >= 0 {
		upTo = b[:lf]
	}
	if cr := bytes.IndexByte(upTo, '\r'); cr >= 0 {
		if cr+1 == lf {
			return b[:cr], cr + 2, OddLineEnd
		}
		return b[:cr], cr + 1, OddLineEnd
	}
	if lf < 0 {
		return nil, 0, 0
	}
	return b[:lf], lf + 1, 0
}

func (p *Parser) field(line []byte, block *Block) {
	name, value, found := bytes.Cut(line, []byte{':'})
	if found && len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	if block.HasID {
		block.Odd |= OddIDFirst
	}
	switch string(name) {
	case "data":
		if !block.HasData {
			block.Data, block.HasData = value, true
			return
		}
		p.join(block, value)
	case "event":
		block.Name = value
	case "id":
		// An id with NUL is to be ignored whole.
		if bytes.IndexByte(value, 0) < 0 {
			block.ID, block.HasID = value, true
		}
	case "retry":
		if ms, ok := digits(value); ok {
			block.Retry = ms
		} else {
			block.Odd |= OddRetry
		}
	default:
		block.Odd |= OddField
	}
}

// join adds a further line of data.
func (p *Parser) join(block *Block, line []byte) {
	if len(p.joined) == 0 || len(block.Data) == 0 || &block.Data[0] != &p.joined[0] {
		p.joined = append(p.joined[:0], block.Data...)
	}
	p.joined = append(append(p.joined, '\n'), line...)
	block.Data = p.joined
}

// digits reads a number of at most nine digits.
func digits(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
