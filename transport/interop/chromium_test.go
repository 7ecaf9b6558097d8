package interop

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func chromiumMissing() error {
	if err := nodeMissing(); err != nil {
		return err
	}
	_, err := program("CHROMIUM", "chromium")
	return err
}

// openChromium reads with the EventSource of a page in headless Chromium, the
// page being of the server's own origin.
func openChromium(t testing.TB, url string) *reading {
	t.Helper()
	return openChromiumFrom(t, url, "")
}

// openChromiumFrom is openChromium with a page at that base; empty: the server's.
func openChromiumFrom(t testing.TB, url, base string) *reading {
	t.Helper()
	return runBrowser(t, "chromium.mjs", order{URL: url, Names: eventNames(), Page: base})
}

// runBrowser runs a script that drives Chromium.
func runBrowser(t testing.TB, script string, o order) *reading {
	t.Helper()
	var err error
	o.Chromium, err = program("CHROMIUM", "chromium")
	require.NoError(t, err)
	// Not t.TempDir(): a process of Chromium's that ends late may still write
	// there, and that is no failure. TestMain removes what is left.
	o.Profile, err = os.MkdirTemp(scratch, "chromium-")
	require.NoError(t, err)
	return runScript(t, script, o)
}

// A page of another origin may read, with cookies, if its origin is allowed; if
// not, the browser sees none of the stream and does not come back.
func TestAPageOfAnotherOrigin(t *testing.T) {
	need(t, chromiumMissing())
	other := startServer(t) // another port is another origin
	s := startServer(t, "SSEACTOR_ALLOWED_ORIGINS="+other.base)
	closed := startServer(t)

	r := openChromiumFrom(t, s.streamURL("from-elsewhere"), other.base)
	r.connected(t, starting)
	e := text("an event for another origin", "hello").as("greeting")
	id := s.publish(t, e, 1)
	assert.Equal(t, []seen{e.expected(id)}, r.until(t, "greeting", arriving))

	r = openChromiumFrom(t, closed.streamURL("from-elsewhere"), other.base)
	assert.Len(t, r.until(t, "given up", starting), 1)
	assert.Zero(t, closed.active(t))
}
