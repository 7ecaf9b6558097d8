package loadgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseMetrics(t *testing.T) {
	m, err := ParseMetrics([]byte("# HELP x y\n# TYPE x counter\nx 12\ny{a=\"b c\",d=\"}\"} 1.5e3 1700000000\ny{a=\"z\"} 2\nyy 7\nz +Inf\n\n"))
	require.NoError(t, err)
	assert.EqualValues(t, 12, m["x"])
	assert.EqualValues(t, 1500, m[`y{a="b c",d="}"}`])
	sum, ok := m.Sum("y")
	assert.True(t, ok)
	assert.EqualValues(t, 1502, sum)
	_, ok = m.Sum("nothing")
	assert.False(t, ok)

	_, err = ParseMetrics([]byte("x\n"))
	require.ErrorContains(t, err, "no value")
	_, err = ParseMetrics([]byte("x y\n"))
	require.Error(t, err)
}

func TestStatusFlattens(t *testing.T) {
	s := Status{}
	s.flatten("", map[string]any{"activeConnections": 3.0, "mode": "x", "dropped": map[string]any{"low": 1.0}})
	assert.Equal(t, Status{"activeConnections": 3, "dropped.low": 1}, s)
	assert.Equal(t, 3, s.Active())
	assert.Equal(t, -1, Status{}.Active())
}

func TestDecodeBatch(t *testing.T) {
	for name, body := range map[string]string{
		"a bare array":         `[{"eventsSent":1,"event":{"id":"1-1"}},{"eventsSent":2}]`,
		"a field of an object": `{"success":true,"results":[{"eventsSent":1,"event":{"id":"1-1"}},{"eventsSent":2}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			answers, err := decodeBatch([]byte(body))
			require.NoError(t, err)
			require.Len(t, answers, 2)
			assert.Equal(t, "1-1", answers[0].Event.ID)
			assert.Equal(t, 2, answers[1].EventsSent)
		})
	}
	_, err := decodeBatch([]byte(`{"success":true}`))
	require.ErrorContains(t, err, "no results")
	_, err = decodeBatch([]byte(`nope`))
	require.Error(t, err)
}
