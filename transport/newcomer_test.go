package transport

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/journal"
)

// A client that is cut off before it has had any event comes back with what its greeting
// said, and acknowledges nothing by it that it has not had.
func TestAClientThatIsCutOffBeforeItsFirstEventMissesNothing(t *testing.T) {
	onEachStore(t, func(t *testing.T, newMailboxes func(t *testing.T) journal.Store) {
		for _, before := range []int{0, 1} {
			r := accessRigWith(t, func(o *Options) { o.Journal = newMailboxes(t) })
			for range before {
				r.publish(`{"data":"before it came","userId":"alice"}`)
			}
			c := r.dialStream("", page("alice")...)
			var greeting struct{ LastEventID string }
			require.NoError(t, json.Unmarshal([]byte(c.next().data), &greeting))
			c.leave(r)
			r.publish(`{"data":"live","userId":"alice"}`)
			r.publish(`{"data":"kept","userId":"alice","persistent":true}`)
			again, told := r.connect("lastEventId="+greeting.LastEventID, page("alice")...)
			assert.Equal(t, "resumed 2", told.String())
			assert.Equal(t, []string{"live", "kept"}, again.events(2))
			again.nothingBefore(r)
		}
	})
}
