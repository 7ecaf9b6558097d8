package config

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reading is one text and what becomes of it: a value, or a fault that says so.
type reading struct {
	text, want, fault string
}

func testReadings(t *testing.T, v value, m Mode, readings []reading) {
	t.Helper()
	for _, r := range readings {
		before := v.text()
		err := v.parse(r.text, m)
		if r.fault == "" {
			require.NoError(t, err, "%q", r.text)
			assert.Equal(t, r.want, v.text(), "%q", r.text)
			continue
		}
		require.ErrorContains(t, err, r.fault, "%q", r.text)
		assert.Equal(t, before, v.text(), "%q is refused and changes nothing", r.text)
	}
}

func TestIntegers(t *testing.T) {
	testReadings(t, integer(new(int), 16, 65536), Production, []reading{
		{text: "16", want: "16"},
		{text: "65536", want: "65536"},
		{text: "15", fault: `"15" is less than 16`},
		{text: "65537", fault: "is more than 65536"},
		{text: "-20", fault: "is negative"},
		{text: "99999999999999999999", fault: "is more than 65536"},
		{text: "-99999999999999999999", fault: "is negative"},
		{text: "1e3", fault: "is not a whole number"},
		{text: "10.5", fault: "is not a whole number"},
		{text: "0x20", fault: "is not a whole number"},
		{text: "many", fault: "is not a whole number"},
		{text: strings.Repeat("9a", 100), fault: `…" is not`},
		{text: "", fault: "is empty"},
	})
}

func TestSizes(t *testing.T) {
	v := size(new(int), kib, gib)
	testReadings(t, v, Production, []reading{
		{text: "65536", want: "64KiB"},
		{text: "64KiB", want: "64KiB"},
		{text: "2 MiB", want: "2MiB"},
		{text: "1GiB", want: "1GiB"},
		{text: "1025B", want: "1025"},
		{text: "1023", fault: "is less than 1KiB"},
		{text: "1025MiB", fault: "is more than 1GiB"},
		{text: "9223372036854775807GiB", fault: "is more than 1GiB"},
		{text: "99999999999999999999", fault: "is more than 1GiB"},
		{text: "-9223372036854775807GiB", fault: "is negative"},
		{text: "-1KiB", fault: "is negative"},
		{text: "64KB", fault: `unknown unit "KB"; units are B, KiB, MiB and GiB`},
		{text: "64kib", fault: "unknown unit"},
		{text: "1.5MiB", fault: "is not a whole number of bytes"},
		{text: "MiB", fault: "is not a whole number of bytes"},
		{text: "big", fault: "is not a whole number of bytes"},
		{text: "", fault: "is empty"},
	})
	assert.Equal(t, "1KiB to 1GiB bytes", v.allowed())
	assert.Equal(t, "0", showSize(0))
}

func TestDurations(t *testing.T) {
	testReadings(t, duration(new(time.Duration), 100*time.Millisecond, 2*time.Hour), Production, []reading{
		{text: "100ms", want: "100ms"},
		{text: "2m", want: "2m"},
		{text: "120s", want: "2m"},
		{text: "1h", want: "1h"},
		{text: "1h30m", want: "1h30m"},
		{text: "1h0m10s", want: "1h0m10s"},
		{text: "0", fault: "is less than 100ms"},
		{text: "99ms", fault: "is less than 100ms"},
		{text: "121m", fault: "is more than 2h"},
		{text: "-1s", fault: "is negative"},
		{text: "30", fault: "has no unit"},
		{text: "-1.5", fault: "has no unit"},
		{text: "99999999999999999999", fault: "has no unit"},
		{text: "99999999999h", fault: "far too long"},
		{text: "1d", fault: "is not a duration"},
		{text: "soon", fault: "is not a duration"},
		{text: "", fault: "is empty"},
	})
}

func TestADurationThatMayBeOff(t *testing.T) {
	v := orZero("off", duration(new(time.Duration), time.Second, time.Hour))
	testReadings(t, v, Production, []reading{
		{text: "1s", want: "1s"},
		{text: "0s", want: "0s"},
		{text: "0", want: "0s"},
		{text: "500ms", fault: "is less than 1s"},
		{text: "-1s", fault: "is negative"},
	})
	assert.Equal(t, "0s (off) or 1s to 1h", v.allowed())
}

func TestAShortDurationIsForDevelopment(t *testing.T) {
	v := inProduction(time.Second, duration(new(time.Duration), 100*time.Millisecond, time.Hour))
	testReadings(t, v, Development, []reading{{text: "100ms", want: "100ms"}, {text: "99ms", fault: "is less than 100ms"}})
	testReadings(t, v, Production, []reading{{text: "1s", want: "1s"}, {text: "999ms", fault: "is less than 1s, which only development allows"}})
}

func TestBools(t *testing.T) {
	testReadings(t, boolean(new(bool)), Production, []reading{
		{text: "true", want: "true"},
		{text: "0", want: "false"},
		{text: "yes", fault: "is neither true nor false"},
		{text: "", fault: "is empty"},
	})
}

func TestOptions(t *testing.T) {
	testReadings(t, oneOf(new(LogFormat), LogJSON, LogText), Production, []reading{
		{text: "text", want: "text"},
		{text: "JSON", want: "json"},
		{text: "xml", fault: `"xml" is not an option`},
		{text: "", fault: "is empty"},
	})
}

func TestAddresses(t *testing.T) {
	testReadings(t, address(new(string)), Production, []reading{
		{text: ":8080", want: ":8080"},
		{text: "127.0.0.1:0", want: "127.0.0.1:0"},
		{text: "[::1]:80", want: "[::1]:80"},
		{text: "localhost:65535", want: "localhost:65535"},
		{text: "8080", fault: "is not host:port"},
		{text: "::1:80", fault: "stands in brackets"},
		{text: ":65536", fault: `has the port "65536"`},
		{text: ":http", fault: `has the port "http"`},
		{text: ":", fault: `has the port ""`},
		{text: ":-1", fault: `has the port "-1"`},
		{text: "http://a:80", fault: "is not host:port"},
		{text: "a/b:80", fault: "neither a name nor an IP address"},
		{text: "", fault: "is empty"},
	})
	testReadings(t, orEmpty(address(new(string))), Production, []reading{
		{text: ":1", want: ":1"}, {text: "", want: ""}, {text: "x", fault: "is not host:port"},
	})
}

func TestPaths(t *testing.T) {
	testReadings(t, path(new(string)), Production, []reading{
		{text: "/etc/a b.conf", want: "/etc/a b.conf"},
		{text: "", want: ""},
		{text: "a\x00b", fault: "has a control character"},
	})
}
