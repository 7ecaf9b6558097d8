package transport

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for sentence, c := range map[string]struct {
		trusted []netip.Prefix
		header  []string
		want    string
	}{
		"nobody is trusted":                       {nil, []string{"X-Forwarded-For: 1.2.3.4"}, "127.0.0.1:"},
		"a proxy says who it is":                  {trusted, []string{"X-Forwarded-For: 1.2.3.4"}, "1.2.3.4"},
		"a proxy says nothing":                    {trusted, nil, "127.0.0.1:"},
		"what the client made up is left of it":   {trusted, []string{"X-Forwarded-For: 6.6.6.6, 1.2.3.4"}, "1.2.3.4"},
		"two proxies":                             {trusted, []string{"X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.7"}, "1.2.3.4"},
		"two proxies in two lines":                {trusted, []string{"X-Forwarded-For: 6.6.6.6, 1.2.3.4", "X-Forwarded-For: 10.0.0.7"}, "1.2.3.4"},
		"proxies all the way":                     {trusted, []string{"X-Forwarded-For: 10.0.0.9, 10.0.0.7"}, "10.0.0.9"},
		"with a port":                             {trusted, []string{"X-Forwarded-For: 1.2.3.4:5678"}, "1.2.3.4"},
		"IPv6":                                    {trusted, []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
		"IPv6 in brackets":                        {trusted, []string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1"},
		"IPv6 behind an IPv6 proxy":               {trusted, []string{"X-Forwarded-For: 2001:db8::1, fd00::1"}, "2001:db8::1"},
		"IPv4 dressed as IPv6":                    {trusted, []string{"X-Forwarded-For: ::ffff:1.2.3.4"}, "1.2.3.4"},
		"nonsense":                                {trusted, []string{"X-Forwarded-For: unknown"}, "127.0.0.1:"},
		"nonsense left of a proxy":                {trusted, []string{"X-Forwarded-For: <script>, 10.0.0.7"}, "10.0.0.7"},
		"empty":                                   {trusted, []string{"X-Forwarded-For: "}, "127.0.0.1:"},
		"others' header fields are not looked at": {trusted, []string{"X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4"}, "127.0.0.1:"},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := startRig(t, func(o *Options) { o.TrustedProxies = c.trusted })
			r.open("sessionId=s", c.header...)
			assert.Contains(t, r.call("GET", "/api/sse/admin/clients", "", key(opsKey)).body, `"address":"`+c.want)
		})
	}
}

func TestStreamsOfOneAddress(t *testing.T) {
	r := startRig(t, func(o *Options) {
		o.Hub.MaxPerNetwork = 1
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	from := func(address string) string { return "X-Forwarded-For: " + address }
	r.open("sessionId=1", from("2001:db8:0:1::1"))
	r.open("sessionId=2", from("2001:db8:0:2::1"))
	r.open("sessionId=3", from("1.2.3.4"))
	r.open("sessionId=4", from("1.2.3.5"))
	for _, again := range []string{"2001:db8:0:1::2", "1.2.3.4"} {
		resp := r.call("GET", "/api/sse?sessionId=5", "", from(again))
		assert.Equal(t, 429, resp.StatusCode, again)
		assert.Contains(t, resp.body, `"code":"TOO_MANY_STREAMS"`)
		assert.NotEmpty(t, resp.Header.Get("Retry-After"))

		browser := r.dialStream("sessionId=5", from(again))
		assert.Contains(t, browser.head, "200 OK", "EventSource would never come back after another status")
		e := browser.next()
		assert.Equal(t, "error", e.name)
		assert.Contains(t, e.data, "TOO_MANY_STREAMS")
		assert.NotEmpty(t, e.retry)
		browser.end()
	}
}
