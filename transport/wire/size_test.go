package wire

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// EventBytes bounds name and data as they will be sent: a string as its text, all
// else as compact JSON, and the default event's name not at all.
func TestTheSizeOfAnEvent(t *testing.T) {
	for sentence, c := range map[string]struct {
		body string // with %s where the padding goes
		pad  string // one byte as it will be sent
		used int    // bytes beside the padding
	}{
		"text":                                 {`{"data":"%s"}`, "x", 0},
		"text with escapes, which get shorter": {`{"data":"%sa"}`, "\\t", 1},
		"text that is all escapes":             {`{"data":"%s"}`, `\u0041`, 0},
		"an object":                            {`{"data":{"a":"%s"}}`, "x", len(`{"a":""}`)},
		"an object with white space":           {"{\"data\": {  \"a\" :\n\"%s\" } }", "x", len(`{"a":""}`)},
		"a name and text":                      {`{"event":"abc","data":"%s"}`, "x", 3},
		"the default event's name in full":     {`{"event":"message","data":"%s"}`, "x", 0},
		"fields that aren't sent don't count":  {`{"userId":"` + times("u", 100) + `","data":"%s"}`, "x", 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			room := small.EventBytes - c.used
			items, _, err := Decode(fmt.Appendf(nil, c.body, times(c.pad, room)), small)
			require.NoError(t, err, "an event of exactly the limit")
			require.Len(t, items, 1)

			f := refused(t, fmt.Sprintf(c.body, times(c.pad, room+1)))
			assert.True(t, f.TooLarge, "one byte more is a size fault")
			assert.Equal(t, "data", f.Field)
			assert.Equal(t, "the event has 201 bytes; at most 200", f.Message)
		})
	}
}
