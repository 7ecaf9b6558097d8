package transport

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// clientAddress is where a request comes from. Behind proxies that are trusted it is
// what they say in X-Forwarded-For, read from the right: each proxy adds the address
// that it saw, and what stands left of the first one that is not trusted may be made up.
func (s *Server) clientAddress(ctx *fasthttp.RequestCtx) netip.Addr {
	address := addressOf(ctx.RemoteAddr())
	if len(s.opts.TrustedProxies) == 0 || !s.trusted(address) {
		return address
	}
	lines := ctx.Request.Header.PeekAll("X-Forwarded-For")
	for _, line := range slices.Backward(lines) {
		hops := strings.Split(string(line), ",")
		for _, hop := range slices.Backward(hops) {
			before, ok := parseHop(strings.TrimSpace(hop))
			if !ok {
				return address // whoever wrote this is the last that is known
			}
			if address = before; !s.trusted(address) {
				return address
			}
		}
	}
	return address
}

func (s *Server) trusted(address netip.Addr) bool {
	return slices.ContainsFunc(s.opts.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// parseHop reads an address, to which some proxies add a port.
func parseHop(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}

func addressOf(peer net.Addr) netip.Addr {
	if tcp, ok := peer.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	address, _ := parseHop(peer.String())
	return address
}

// network is what counts as one address for a limit: of IPv6 the /64, of which each
// household has at least one (RFC 6177).
func network(address netip.Addr) string {
	if !address.IsValid() {
		return ""
	}
	if address.Is4() {
		return address.String()
	}
	p, err := address.Prefix(64)
	if err != nil {
		return address.String()
	}
	return p.Addr().String()
}
