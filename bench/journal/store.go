package main

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// store is what the journal asks of a library: batches that are synced when append
// returns, and what a box holds above an id, in order.
type store interface {
	append(batch []record) error
	read(box string, after uint64, limit int) ([][]byte, error)
	close() error
}

// record is an event in a mailbox. Its data ends in a checksum of our own, so that a
// run can tell data that is wrong from data that is missing.
type record struct {
	box  string
	id   uint64
	data []byte
}

// stores are the candidates, by name; each is built in by its tag, so that what it adds
// to a binary can be measured.
var stores = map[string]func(dir string) (store, error){}

// key orders the records of a box by id, and boxes by name.
func key(box string, id uint64) []byte {
	k := make([]byte, 0, len(box)+9)
	k = append(k, box...)
	k = append(k, 0)
	return binary.BigEndian.AppendUint64(k, id)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newRecord makes a record of size bytes that a compressor finds as hard as JSON.
func newRecord(box string, id uint64, size int) record {
	const words = `{"type":"notification","message":"your order has left the house","at":"`
	data := make([]byte, 0, size)
	x := id*0x9e3779b97f4a7c15 + 1
	for len(data) < size-4 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		data = fmt.Appendf(data, "%x", x)
		data = append(data, words[x%40:x%40+16]...)
	}
	data = data[:size-4]
	return record{box, id, binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))}
}

// whole reports whether data is what newRecord made.
func whole(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	body, sum := data[:len(data)-4], data[len(data)-4:]
	return crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(sum)
}
