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
