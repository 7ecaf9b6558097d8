package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFaultsRead(t *testing.T) {
	one := &Faults{List: []Fault{{Setting: "retry", Source: "--retry", Problem: "is empty", Allowed: "1s to 2s", Fix: "for example --retry=1s"}}}
	assert.Equal(t, "the configuration has 1 fault:\n- retry (from --retry): is empty. Allowed: 1s to 2s. Fix: for example --retry=1s", one.Error())

	two := &Faults{List: append(one.List, Fault{Source: "sse.conf:3", Problem: "has no ="}, Fault{Setting: "api-keys", Source: "default", Problem: "none is set"})}
	assert.Equal(t, []string{"the configuration has 3 faults:", "- retry (from --retry): is empty. Allowed: 1s to 2s. Fix: for example --retry=1s",
		"- sse.conf:3: has no =", "- api-keys (by default): none is set"}, strings.Split(two.Error(), "\n"))

	fault, ok := errors.AsType[Fault](error(two))
	require.True(t, ok, "a single fault can be had with errors.As")
	assert.Equal(t, "retry", fault.Setting)
	assert.Len(t, two.Unwrap(), 3)
}

func TestDidYouMean(t *testing.T) {
	all := settings(new(Config))
	for name, want := range map[string]string{
		"max-client": "max-clients", "MAX_CLIENTS": "max-clients", "maxclients": "max-clients", "adress": "", "adr": "addr",
		"metrics-tokne": "metrics-token", "reset": "", "x": "", "": "", strings.Repeat("a", 1000): "", "log": "", "pod": "", "tls-crt": "tls-cert",
	} {
		got := ""
		if s := closest(name, all); s != nil {
			got = s.name
		}
		assert.Equal(t, want, got, "%.20q", name)
	}
	assert.Equal(t, 3, distance("kitten", "sitting", 10))
	assert.Equal(t, 2, distance("kitten", "sitting", 2))
	assert.Equal(t, 0, distance("retry", "retry", 3))
}

func TestOnlyNamesThatLookLikeSettingsAreShown(t *testing.T) {
	assert.Equal(t, `"max-client"`, quoteName("max-client"))
	assert.Equal(t, "an empty name", quoteName(""))
	for _, name := range []string{"c2VjcmV0", "abc123", "a.b", strings.Repeat("a", 33), "größe"} {
		assert.Equal(t, "a name (not shown: it may be part of a secret)", quoteName(name))
	}
}
