package journal

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// crowded is a store in which each box has many devices with long names.
type crowded struct{ Store }

func (crowded) Newest() sse.Sequence { return sse.Sequence{} }

func (crowded) Cursors(_ context.Context, box Box) (Cursors, error) {
	c := Cursors{Devices: map[string]sse.Sequence{}}
	for n := range 64 {
		c.Devices[fmt.Sprint(n, strings.Repeat("d", 126))] = sse.Sequence{N: 1}
	}
	return c, nil
}

func (crowded) Advance(context.Context, []Position, time.Time) error { return nil }

// Visitors choose how long names are: what is remembered of boxes is bounded in bytes too.
func TestACacheIsBoundedInBytes(t *testing.T) {
	c := NewCache(crowded{}, time.Hour)
	const box = 64 * (64 + 127)
	for n := range 3 * maxWeight / box {
		name := Box{User, fmt.Sprint(n)}
		require.NoError(t, c.Advance(t.Context(), []Position{{name, strings.Repeat("d", 128), sse.Sequence{N: 2}}}, time.Now()))
		_, err := c.Cursors(t.Context(), name)
		require.NoError(t, err)
		require.LessOrEqual(t, c.weight, maxWeight+2*box)
		require.LessOrEqual(t, len(c.young), maxWeight/box+2)
		require.LessOrEqual(t, len(c.old), maxWeight/box+2)
	}
	assert.NotEmpty(t, c.old, "there was a second generation")
	weight := 0
	for _, m := range c.young {
		weight += m.weight
	}
	assert.Equal(t, weight, c.weight)
	c.forgetAll()
	assert.Zero(t, c.weight)
}
