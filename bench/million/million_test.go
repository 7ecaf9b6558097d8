//go:build linux

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/bench/report"
)

// All phases run to their end with few clients. Whether bars are kept is not asked:
// they are for a machine that has nothing else to do.
func TestPhases(t *testing.T) {
	r, err := start(options{clients: 2000, rounds: 3, load: time.Second, heartbeat: time.Second})
	require.NoError(t, err)
	defer r.end()
	for _, p := range phases {
		require.NoError(t, p.run(t.Context(), r, &report.Report{}), p.name)
	}
	stats, err := r.stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2000, stats.Clients)
	assert.Equal(t, stats.Deliveries, r.written()+stats.Undelivered)
}

func TestAStreamCountsBlocks(t *testing.T) {
	event, heartbeat := newEvent(), sse.NewControl(sse.NameHeartbeat, 0, []byte(`{"timestamp":"2026-11-24T20:00:00.000Z"}`))
	event.Seal(fmt.Sprint(uint64(1)<<63, "-", uint64(1)<<63)) // as long as ids become
	require.Less(t, event.Len(), twoBlocks)
	var s stream
	for _, write := range []struct {
		blocks         []*sse.Frame
		events, others uint32
	}{
		{[]*sse.Frame{hello}, 0, 1},
		{[]*sse.Frame{event}, 1, 1},
		{[]*sse.Frame{heartbeat, event}, 2, 2},
		{[]*sse.Frame{event, event, heartbeat}, 4, 3},
	} {
		var b []byte
		for _, f := range write.blocks {
			b = append(b, f.Bytes()...)
		}
		_, err := s.Write(b)
		require.NoError(t, err)
		assert.Equal(t, write.events, s.events)
		assert.Equal(t, write.others, s.others)
	}
}
