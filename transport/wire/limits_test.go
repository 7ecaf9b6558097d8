package wire

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// small are the limits of most tests: each can be reached on one screen.
var small = Limits{EventBytes: 200, Events: 3, Topics: 4, ClientIDs: 3}

// accepted decodes a body that must be right.
func accepted(t *testing.T, body string) []Item {
	t.Helper()
	items, _, err := Decode([]byte(body), small)
	require.NoError(t, err, body)
	require.NotEmpty(t, items)
	return items
}

// refused decodes a body that must be wrong, and checks what holds for every
// fault: it is a *Fault, and nothing of the body is returned with it.
func refused(t *testing.T, body string) *Fault {
	t.Helper()
	items, _, err := Decode([]byte(body), small)
	require.Error(t, err, "%.200s", body)
	var f *Fault
	require.True(t, errors.As(err, &f), "%T is not a *Fault", err)
	require.Nil(t, items, "a fault returns nothing")
	return f
}

func times(s string, n int) string { return strings.Repeat(s, n) }

// withoutOffset leaves out where encoding/json stopped, which is sometimes a byte
// more and sometimes a byte less.
func withoutOffset(message string) string {
	return offset.ReplaceAllString(message, "at byte N: ")
}

var offset = regexp.MustCompile(`at byte \d+: `)
