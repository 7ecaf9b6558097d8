package loadgen

import "errors"

var errChunk = errors.New("malformed chunk")

// chunkPhase says which part of the chunked coding comes next.
type chunkPhase uint8

const (
	inSize chunkPhase = iota
	inExtension
	inSizeLF
	inData
	inDataCR
	inDataLF
	inTrailer
	inDone
)

// dechunker takes the chunked coding (RFC 9112 7.1) off a body that arrives in
// pieces. The zero dechunker is at the start of a body.
type dechunker struct {
	left   uint32 // of the chunk; while its size is read, the size so far
	phase  chunkPhase
	digits uint8
	line   uint16 // length of the trailer's line
}

// strip removes the coding from b, in place, and gives what is left; done says
// that the body is complete.
func (d *dechunker) strip(b []byte) (body []byte, done bool, err error) {
	out := 0
	for i := 0; i < len(b); {
		if d.phase == inData {
			n := min(int(d.left), len(b)-i)
			out += copy(b[out:], b[i:i+n])
			i += n
			if d.left -= uint32(n); d.left == 0 {
				d.phase = inDataCR
			}
			continue
		}
		if err := d.step(b[i]); err != nil {
			return b[:out], false, err
		}
		i++
		if d.phase == inDone {
			return b[:out], true, nil
		}
	}
	return b[:out], false, nil
}

// step takes one byte of the coding itself.
func (d *dechunker) step(c byte) error {
	switch d.phase {
	case inSize:
		return d.size(c)
	case inExtension:
		if c == '\r' {
			d.phase = inSizeLF
		}
	case inSizeLF:
		return d.expect(c, '\n', d.afterSize())
	case inDataCR:
		return d.expect(c, '\r', inDataLF)
	case inDataLF:
		d.digits = 0
		return d.expect(c, '\n', inSize)
	case inTrailer:
		switch {
		case c == '\n' && d.line == 0:
			d.phase = inDone
		case c == '\n':
			d.line = 0
		case c != '\r':
			d.line++
		}
	}
	return nil
}

func (d *dechunker) size(c byte) error {
	var v byte
	switch {
	case c >= '0' && c <= '9':
		v = c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		v = c | 0x20 - 'a' + 10
	case d.digits > 0 && c == '\r':
		d.phase = inSizeLF
		return nil
	case d.digits > 0 && (c == ';' || c == ' ' || c == '\t'):
		d.phase = inExtension
		return nil
	default:
		return errChunk
	}
	if d.digits == 7 {
		return errChunk
	}
	d.left, d.digits = d.left<<4|uint32(v), d.digits+1
	return nil
}

func (d *dechunker) afterSize() chunkPhase {
	if d.left == 0 {
		d.line = 0
		return inTrailer
	}
	return inData
}

func (d *dechunker) expect(c, want byte, next chunkPhase) error {
	if c != want {
		return errChunk
	}
	d.phase = next
	return nil
}
