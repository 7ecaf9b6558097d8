package actor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
)

func TestDefaults(t *testing.T) {
	got := Options{Start: start}.withDefaults()
	assert.Equal(t, Options{
		Start:             start,
		MaxClients:        10_000,
		OutboxFrames:      1024,
		OutboxBytes:       1 << 20,
		HeartbeatInterval: 30 * time.Second,
		ClientTimeout:     2 * time.Minute,
		Retry:             3 * time.Second,
		Writers:           1,
	}, got)
	assert.NoError(t, got.check())

	given := Options{
		Start: start, Seed: 1, MaxClients: 2, MaxPerUser: 3, MaxPerSession: 4, MaxPerNetwork: 5, EventRate: 20, EventBurst: 2, OutboxFrames: 5, OutboxBytes: 6, HeartbeatInterval: time.Second, HeartbeatComment: true,
		ClientTimeout: time.Minute, MaxAge: time.Hour, NoIDs: true, Retry: time.Second, RetrySpread: time.Minute, Writers: 3,
	}
	assert.Equal(t, given, given.withDefaults(), "what is given stays")
}

func TestTheBurstIsAQuarterOfTheRate(t *testing.T) {
	for rate, burst := range map[int]int{0: 0, 1: 1, 4: 1, 5: 2, 1000: 250, maxEventRate: maxEventRate / 4} {
		o := Options{Start: start, EventRate: rate}.withDefaults()
		assert.Equal(t, burst, o.EventBurst, "rate %d", rate)
		assert.NoError(t, o.check())
	}
}

func TestFaultsOfOptions(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Options)
		fault  string
	}{
		{"no start", func(o *Options) { o.Start = time.Time{} }, "Start is not set"},
		{"negative MaxClients", func(o *Options) { o.MaxClients = -1 }, "MaxClients is -1; at least 1"},
		{"a negative limit of a user", func(o *Options) { o.MaxPerUser = -1 }, "MaxPerUser is -1; not negative"},
		{"a negative limit of a session", func(o *Options) { o.MaxPerSession = -1 }, "MaxPerSession is -1; not negative"},
		{"a negative limit of an address", func(o *Options) { o.MaxPerNetwork = -1 }, "MaxPerNetwork is -1; not negative"},
		{"a negative rate", func(o *Options) { o.EventRate = -1 }, "EventRate is -1; 0 to 10000000"},
		{"a rate that can't be counted", func(o *Options) { o.EventRate, o.EventBurst = maxEventRate+1, maxEventBurst }, "EventRate is 10000001; 0 to 10000000"},
		{"a negative burst", func(o *Options) { o.EventBurst = -1 }, "EventBurst is -1; 0 to 10000000"},
		{"a burst that can't be counted", func(o *Options) { o.EventBurst = maxEventBurst + 1 }, "EventBurst is 10000001; 0 to 10000000"},
		{"a burst below what a tick brings", func(o *Options) { o.EventRate, o.EventBurst = 101, 10 }, "EventBurst is 10; at least a tenth of EventRate (101)"},
		{"a history without ids", func(o *Options) { o.NoIDs, o.HistoryEvents = true, 1 }, "HistoryEvents is 1; none with NoIDs"},
		{"few frames", func(o *Options) { o.OutboxFrames = 3 }, "OutboxFrames is 3; 4 to"},
		{"more frames than can be counted", func(o *Options) { o.OutboxFrames = outbox.MaxFrames + 1 }, "OutboxFrames is 1048576; 4 to 1048575"},
		{"negative bytes", func(o *Options) { o.OutboxBytes = -1 }, "OutboxBytes is -1; 1 to"},
		{"more bytes than can be counted", func(o *Options) { o.OutboxBytes = outbox.MaxBytes + 1 }, "OutboxBytes is 68719476736; 1 to 68719476735"},
		{"an interval below a tick", func(o *Options) { o.HeartbeatInterval = TickInterval - 1 }, "HeartbeatInterval is"},
		{"a timeout that quiet streams would exceed", func(o *Options) { o.ClientTimeout = o.HeartbeatInterval }, "ClientTimeout is 30s; more than HeartbeatInterval (30s)"},
		{"a negative age", func(o *Options) { o.MaxAge = -1 }, "MaxAge is -1ns"},
		{"a negative retry", func(o *Options) { o.Retry = -1 }, "Retry is -1ns"},
		{"a negative spread", func(o *Options) { o.RetrySpread = -1 }, "RetrySpread -1ns"},
		{"negative writers", func(o *Options) { o.Writers = -1 }, "Writers is -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Start: start}.withDefaults()
			tt.change(&o)
			hub, err := New(o)
			assert.ErrorContains(t, err, tt.fault)
			assert.Nil(t, hub)
		})
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	_, err := New(Options{MaxClients: -1, OutboxFrames: 1, Writers: -1})
	require.Error(t, err)
	for _, fault := range []string{"Start", "MaxClients", "OutboxFrames", "Writers"} {
		assert.ErrorContains(t, err, fault)
	}
}
