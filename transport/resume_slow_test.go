package transport

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A slow client's persistent event is not dropped for it: the Last-Event-ID of what came
// later would acknowledge it. The stream ends instead, and resumes.
func TestASlowClientMissesNothingThatIsKept(t *testing.T) {
	r := accessRigWith(t, func(o *Options) { o.Hub.OutboxFrames, o.Hub.HistoryEvents = 16, 0 })
	first := r.persist("first", user("alice"))
	c, _ := r.connect("device=phone&lastEventId="+first, page("alice")...)
	filler := strings.Repeat("x", 60<<10) // sockets take megabytes of a client that does not read
	var want []string
	for n := 0; r.streams() > 0 && n < 900; n++ {
		want = append(want, fmt.Sprint("kept ", n))
		r.persist(want[n], user("alice"))
		_, err := r.hub.Send(t.Context(), sse.NewFrame(sse.Event{Data: filler, Priority: sse.Low}), user("alice"))
		require.NoError(t, err)
	}
	var got []string
	read := func() (err error) {
		for {
			e, err := c.read()
			switch {
			case err != nil:
				return err
			case e.id != "":
				c.last = e.id
			}
			if strings.HasPrefix(e.data, "kept") {
				if got = append(got, e.data); len(got) == len(want) {
					return nil
				}
			}
		}
	}
	require.ErrorIs(t, read(), io.EOF)
	require.Less(t, len(got), len(want), "it was ended before it had all")
	c, _ = r.connect("device=phone&lastEventId="+c.last, page("alice")...)
	require.NoError(t, read())
	assert.Equal(t, want, got)
}
