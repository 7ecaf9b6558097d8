package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHalfASurrogatePairIsNoText(t *testing.T) {
	for quoted, lone := range map[string]bool{
		`"plain"`:                    false,
		`"\ud83d\ude00 pair"`:        false,
		`"\uD83D\uDE00\uD83D\uDE00"`: false,
		`"\ud83d"`:                   true,
		`"\ude00"`:                   true,
		`"a\ud83db"`:                 true,
		`"\ud83d\n"`:                 true,
		`"\ud83d\u0041"`:             true,
		`"\ud83d\ud83d\ude00"`:       true,
		`"\\ud83d"`:                  false, // an escaped backslash, and text
		`"\\\ud83d"`:                 true,
		`"\u0041"`:                   false,
		`""`:                         false,
	} {
		assert.Equal(t, lone, loneSurrogate([]byte(quoted)), quoted)
	}
}

// Wherever a text is wanted, and not only in data.
func TestHalfASurrogatePairInAnyField(t *testing.T) {
	for body, field := range map[string]string{
		`{"data":"\ud83d"}`:                         "data",
		`{"data":1,"event":"\ud83d"}`:               "event",
		`{"data":1,"id":"\ud83d"}`:                  "id",
		`{"data":1,"userId":"x\ude00"}`:             "userId",
		`{"data":1,"sessionId":"\ud83d"}`:           "sessionId",
		`{"data":1,"topics":["a","\ud83d"]}`:        "topics[1]",
		`[{"data":1},{"data":1,"userId":"\udbff"}]`: "[1].userId",
		`{"data":1,"clientIds":["\ud83d"]}`:         "clientIds[0]",
		`{"data":1,"priority":"\ud83d"}`:            "priority",
	} {
		_, _, err := Decode([]byte(body), Limits{EventBytes: 100, Events: 5, Topics: 5, ClientIDs: 5})
		var f *Fault
		if assert.ErrorAs(t, err, &f, body) {
			assert.Equal(t, field, f.Field)
			assert.Equal(t, halfCharacter, f.Message)
		}
	}
}
