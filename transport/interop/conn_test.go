package interop

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"github.com/sseactor/sseactor/transport"
)

// The server's own connections, against the conformance tests that the Go project
// keeps for every net.Conn.
func TestConnectionsAreLikeAnyOther(t *testing.T) {
	nettest.TestConn(t, func() (ours, theirs net.Conn, stop func(), err error) {
		ln, err := transport.Listen("127.0.0.1:0", time.Minute)
		if err != nil {
			return nil, nil, nil, err
		}
		theirs, err = net.Dial("tcp", ln.Addr().String())
		if err != nil {
			return nil, nil, nil, errors.Join(err, ln.Close())
		}
		ours, err = ln.Accept()
		return ours, theirs, func() {
			_ = ours.Close()
			_ = theirs.Close()
			require.NoError(t, ln.Close())
		}, err
	})
}
