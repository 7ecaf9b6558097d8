package embed

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deadlined is a ResponseWriter whose deadlines are those of a socket: a later one takes
// the place of the one before, passed or not.
type deadlined struct {
	*httptest.ResponseRecorder
	before func(time.Time) // is called with each deadline before it holds
	holds  time.Time
	wrote  bool
}

func (w *deadlined) SetWriteDeadline(t time.Time) error {
	w.before(t)
	w.holds = t
	return nil
}

func (w *deadlined) Write(p []byte) (int, error) {
	w.wrote = true
	return len(p), nil
}

// Close cuts a Write short by a deadline. One that is about to set its own must not undo
// that: it would wait for a peer that does not read for as long as ClientTimeout.
func TestAWriteThatHasNotBegunIsCutShortToo(t *testing.T) {
	w := &deadlined{ResponseRecorder: httptest.NewRecorder(), before: func(time.Time) {}}
	c, err := newResponse(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.NoError(t, err)
	own := time.Now().Add(time.Hour)
	require.NoError(t, c.SetWriteDeadline(own))
	w.before = func(d time.Time) {
		if d.Equal(own) {
			require.NoError(t, c.Close())
			assert.True(t, w.holds.Before(time.Now()), "it is cut short")
		}
	}
	_, err = c.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
	assert.False(t, w.wrote)
	c.wait()
}
