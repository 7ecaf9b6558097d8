package loadgen

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Lanes is how many publishers a run may have. What one publisher sends, one
// after the other, must arrive in that order.
const Lanes = 16

// Tag identifies an event of a run. It travels in the event's data.
type Tag struct {
	N    int   // unique in the run, below Options.Tags; increasing within a lane
	Lane int   // which publisher, below Lanes
	At   int64 // when it was published, in nanoseconds of Now
	Size int   // of the whole data: shows data that was cut, joined or altered
}

var base = time.Now()

// Now is the clock of tags and of all times of this package: nanoseconds on the
// monotonic clock since the process began.
func Now() int64 { return int64(time.Since(base)) }

// sizeDigits is fixed so that the size can be written before it is known.
const sizeDigits = 6

func (t Tag) String() string {
	return fmt.Sprintf("#n=%d;p=%d;t=%d;z=%0*d;", t.N, t.Lane, t.At, sizeDigits, t.Size)
}

// Text is data that carries the tag, filled up to size bytes: a plain string,
// broken into lines of about 200 characters if lines is set.
func (t Tag) Text(size int, lines bool) string {
	t.Size = max(size, len(t.String()))
	return t.String() + filler(t.Size-len(t.String()), lines)
}

// Object is data that carries the tag, filled up to size bytes: what a JSON
// object of two strings is on the wire.
func (t Tag) Object(size int) Object {
	const around = len(`{"tag":"","fill":""}`)
	t.Size = max(size, around+len(t.String()))
	return Object{Tag: t.String(), Fill: filler(t.Size-around-len(t.String()), false)}
}

// Noise is data that carries the tag, filled up to size bytes with text that hardly
// gets shorter when it is compressed, and that is the same each time.
func (t Tag) Noise(size int) string {
	t.Size = max(size, len(t.String()))
	noise := make([]byte, t.Size-len(t.String()))
	from := rand.New(rand.NewPCG(uint64(t.N), uint64(t.Size)))
	for i := range noise {
		noise[i] = '0' + byte(from.Uint64()%64) // printable, and none of #
		if noise[i] == '\\' {
			noise[i] = '!'
		}
	}
	return t.String() + string(noise)
}

// Object is a tag in a JSON object.
type Object struct {
	Tag  string `json:"tag"`
	Fill string `json:"fill"`
}

func filler(n int, lines bool) string {
	const row = "the quick brown fox jumps over the lazy dog 0123456789 "
	text := []byte(strings.Repeat(row, n/len(row)+1)[:n])
	if lines {
		for i := 100; i < n-1; i += 200 {
			text[i] = '\n'
		}
	}
	return string(text)
}

// FindTag reads the tag in an event's data.
func FindTag(data []byte) (t Tag, ok bool) {
	i := bytes.IndexByte(data, '#')
	if i < 0 {
		return t, false
	}
	rest := data[i+1:]
	var n, lane, at, size int64
	for _, f := range [...]struct {
		name byte
		into *int64
	}{{'n', &n}, {'p', &lane}, {'t', &at}, {'z', &size}} {
		if rest, ok = tagField(rest, f.name, f.into); !ok {
			return t, false
		}
	}
	return Tag{N: int(n), Lane: int(lane), At: at, Size: int(size)}, true
}

// tagField reads "<name>=<digits>;".
func tagField(b []byte, name byte, into *int64) (rest []byte, ok bool) {
	if len(b) < 4 || b[0] != name || b[1] != '=' {
		return nil, false
	}
	var v int64
	for i := 2; i < len(b) && i < 21; i++ {
		if b[i] == ';' {
			*into = v
			return b[i+1:], i > 2
		}
		if b[i] < '0' || b[i] > '9' {
			return nil, false
		}
		v = v*10 + int64(b[i]-'0')
	}
	return nil, false
}
