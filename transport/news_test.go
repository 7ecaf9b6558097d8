package transport

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

func TestAnEventThatNobodyLooksAtCostsNoMemory(t *testing.T) {
	r := startRig(t, func(o *Options) { o.LogRate = 1 }) // beyond it, the log costs none
	by, receipt := auth.Identity{Service: "app"}, actor.Receipt{ID: "1-1", Queued: 1}
	items, _, err := wire.Decode([]byte(`{"data":1}`), r.opts.Events)
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { r.eventSent(by, &items[0], receipt) }))
}
