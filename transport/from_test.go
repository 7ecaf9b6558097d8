package transport

import (
	"context"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/transport/auth"
)

// noting notes who counts as one caller.
type noting struct {
	mu   sync.Mutex
	from []string
}

func (n *noting) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.from = append(n.from, c.From)
	return auth.Identity{}, false, nil
}

func TestAnAuthenticatorIsToldTheNetworkOfTheClient(t *testing.T) {
	who := &noting{}
	r := startRig(t, func(o *Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		o.Authenticator = who
	})
	for _, address := range []string{"1.2.3.4", "2001:db8:0:1::7", "6.6.6.6, 1.2.3.5"} {
		r.call("GET", "/api/sse/metrics", "", "Cookie: a=b", "X-Forwarded-For: "+address)
	}
	r.call("GET", "/api/sse/metrics", "", "Cookie: a=b")
	who.mu.Lock()
	defer who.mu.Unlock()
	assert.Equal(t, []string{"1.2.3.4", "2001:db8:0:1::", "1.2.3.5", "127.0.0.1"}, who.from)
}
