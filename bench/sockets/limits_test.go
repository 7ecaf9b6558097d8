//go:build linux

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// large is a machine that holds a million.
var large = machine{descriptors: 1_100_000, files: 4_000_000, watches: 4_000_000, ports: 64_000, tracked: -1, memory: 32 << 30}

func TestALimitThatIsTooLowIsNamed(t *testing.T) {
	var said strings.Builder
	require.False(t, refuse(&said, 1_000_000, large))
	require.Empty(t, said.String())
	for name, change := range map[string]func(*machine){
		"descriptors of the server's process": func(m *machine) { m.descriptors = 20_000 },
		"open files of all processes":         func(m *machine) { m.files = 1_000_000 },
		"epoll watches of a user":             func(m *machine) { m.watches = 1_000_000 },
		"ports for connections":               func(m *machine) { m.ports = 10_000 },
		"connections that the firewall":       func(m *machine) { m.tracked = 262_144 },
		"MiB of available memory":             func(m *machine) { m.memory = 8 << 30 },
	} {
		m := large
		change(&m)
		var said strings.Builder
		assert.True(t, refuse(&said, 1_000_000, m), name)
		assert.Contains(t, said.String(), "\n  "+name)
		assert.Equal(t, 1, strings.Count(said.String(), "needed:"), "%s alone", name)
	}
}

func TestThereAreAsManyClientsAsDescriptorsMakeNecessary(t *testing.T) {
	assert.Equal(t, 1, machine{descriptors: 20_000}.clients(18_000))
	assert.Equal(t, 2, machine{descriptors: 20_000}.clients(20_000))
	assert.Equal(t, 53, machine{descriptors: 20_000}.clients(1_000_000))
	assert.Equal(t, 10, large.clients(1_000_000))
}

func TestThisMachineCanBeRead(t *testing.T) {
	m, err := readMachine()
	require.NoError(t, err)
	assert.Positive(t, m.descriptors)
	assert.Positive(t, m.memory)
	assert.EqualValues(t, -1, number("/proc/self/none", 0))
}
