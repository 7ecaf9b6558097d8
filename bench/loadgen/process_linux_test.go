package loadgen

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadUsageOfThisProcess(t *testing.T) {
	u, err := ReadUsage(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, u.RSS, int64(1<<20))
	assert.Greater(t, u.FDs, 3)
	assert.Positive(t, u.Threads)

	peak, err := ReadPeak(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, peak, int64(1<<20))

	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer f.Close()
	more, err := ReadUsage(os.Getpid())
	require.NoError(t, err)
	assert.Equal(t, u.FDs+1, more.FDs)
	assert.GreaterOrEqual(t, more.CPU, u.CPU)
}

func TestParseStatOfAProcessWithABracketInItsName(t *testing.T) {
	cpu, threads, err := parseStat([]byte("42 (a) b) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 11 0 99\n"))
	require.NoError(t, err)
	assert.Equal(t, 1500*time.Millisecond, cpu)
	assert.Equal(t, 11, threads)
	_, _, err = parseStat([]byte("42 (a) S 1"))
	require.Error(t, err)
}
