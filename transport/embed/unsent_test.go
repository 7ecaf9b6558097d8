package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/sseutils"
)

// A hub that does not come to an event is told off after a while, and it was not sent.
func TestASendDoesNotWaitForEver(t *testing.T) {
	hub, err := actor.New(actor.Options{Start: time.Now()})
	require.NoError(t, err)
	p := &publisher{hub: hub, limits: Options{}.withDefaults().events(), timeout: 10 * time.Millisecond}
	results, err := p.Publish(t.Context(), sseutils.Request{Body: []byte(`{"data":1}`), Events: 1})
	assert.Empty(t, results)
	assert.ErrorIs(t, err, sseutils.ErrOverloaded)
	assert.NotErrorIs(t, err, sseutils.ErrPartlySent)
	hub.Start()
	stats, err := hub.Metrics(t.Context())
	require.NoError(t, err)
	assert.Zero(t, stats.Events)
	hub.Stop()
}

func TestABatchThatIsCutShortSaysSo(t *testing.T) {
	err := unsent(actor.ErrDraining, 2, 5)
	assert.ErrorIs(t, err, sseutils.ErrPartlySent)
	assert.ErrorIs(t, err, sseutils.ErrShutdown)
	assert.EqualError(t, err, "the first 2 of 5 events were sent, the others were not: the server is shutting down")
}
