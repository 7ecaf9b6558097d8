package actor

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// "room is what the notice of g takes, at most": or it would not fit where there is room.
func TestANoticeFitsIntoItsRoom(t *testing.T) {
	for name, g := range map[string]gap{
		"one event":       {dropped: 1, from: "1-1", to: "1-1"},
		"all there are":   {dropped: math.MaxUint64, limited: math.MaxUint64},
		"publishers' ids": {dropped: math.MaxUint64, limited: math.MaxUint64, from: strings.Repeat("<", 128), to: strings.Repeat("\"", 128)},
	} {
		t.Run(name, func(t *testing.T) {
			late := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
			assert.LessOrEqual(t, gapFrame(g, late).Len(), g.room())
		})
	}
}
