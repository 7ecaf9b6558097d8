package actor

import (
	"math"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var retryPattern = regexp.MustCompile(`\nretry: (\d+)\n`)

// drainedRetries are the reconnection times that a drain of n streams tells.
func drainedRetries(t *testing.T, opts Options, n int) (retries []int) {
	w := newWorld(t, opts)
	w.joinMany("c", n, Info{})
	done := make(chan struct{}, 1)
	w.drain(0, done)
	w.finishWork()
	<-done
	for _, p := range w.order {
		found := retryPattern.FindStringSubmatch(p.got.String())
		require.NotNil(t, found)
		ms, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		retries = append(retries, ms)
	}
	return retries
}

// "each with its own random retry".
func TestRetriesAreSpread(t *testing.T) {
	opts := Options{Seed: 1, Retry: 3 * time.Second, RetrySpread: 10 * time.Second}
	retries := drainedRetries(t, opts, 1000)
	seconds := make(map[int]int)
	for _, ms := range retries {
		require.GreaterOrEqual(t, ms, 3000)
		require.LessOrEqual(t, ms, 13000)
		seconds[ms/1000]++
	}
	for second := 3; second < 13; second++ {
		assert.InDelta(t, 100, seconds[second], 50, "second %d", second)
	}
	assert.Equal(t, retries, drainedRetries(t, opts, 1000), "a run can be repeated")
	opts.Seed = 2
	assert.NotEqual(t, retries, drainedRetries(t, opts, 1000), "hubs differ")
}

func TestAgesAreSpreadByATenth(t *testing.T) {
	w := newWorld(t, Options{MaxAge: 1000 * TickInterval})
	var least, most uint32 = math.MaxUint32, 0
	for _, p := range w.joinMany("c", 1000, Info{}) {
		least, most = min(least, p.oldAt), max(most, p.oldAt)
	}
	assert.GreaterOrEqual(t, least, uint32(900))
	assert.Less(t, least, uint32(910))
	assert.Greater(t, most, uint32(1090))
	assert.LessOrEqual(t, most, uint32(1100))
}

func TestWithoutMaxAgeNobodyIsEndedForIt(t *testing.T) {
	w := newWorld(t, Options{})
	assert.Zero(t, w.join(Info{ID: "a"}).oldAt)
}
