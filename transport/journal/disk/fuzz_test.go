package disk

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// What is read from the disk may be anything; what is taken for a record is written again
// as it was.
func FuzzRecord(f *testing.F) {
	key := recordOf(box, id(1))
	f.Add(key, encodeRecord(key, sse.Event{Data: "x"}, time.UnixMilli(1)))
	f.Add(key, encodeRecord(key, v1.records[1].Event, v1.now))
	f.Add([]byte{recordKey}, []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if len(key) == 0 {
			return
		}
		describe(key)
		_ = verify(key, value)
		// The sum is made right, for what is behind it to be reached.
		if len(value) >= 4 {
			sum := checksum(key, value[4:])
			value = append([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, value[4:]...)
		}
		r, err := decodeRecord(key, value)
		if err != nil {
			return
		}
		again, err := decodeRecord(key, encodeRecord(key, r.Event, r.Expires))
		require.NoError(t, err)
		assert.Equal(t, r, again)
	})
}

// A log may hold anything; what is found in it, written anew, is found whole.
func FuzzLog(f *testing.F) {
	f.Add(must(readTestLog()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 2_000 {
			return // Pebble tries each bit of what has another checksum
		}
		s := surveyLog(text, 4, 1)
		require.LessOrEqual(t, s.end, len(text))
		require.Equal(t, s.damaged, s.err != nil)
		for _, entry := range s.good {
			require.NotEmpty(t, entry)
		}
	})
}

func readTestLog() ([]byte, error) { return os.ReadFile(journalV1 + "/000004.log") }
