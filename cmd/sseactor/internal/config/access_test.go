package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOrigins(t *testing.T) {
	testReadings(t, origins(new([]string)), Production, []reading{
		{text: "https://app.example.com", want: "https://app.example.com"},
		{text: "http://localhost:3000 , https://a.example", want: "http://localhost:3000,https://a.example"},
		{text: "http://[::1]:3000", want: "http://[::1]:3000"},
		{text: "capacitor://localhost", want: "capacitor://localhost"},
		{text: "https://xn--bcher-kva.example", want: "https://xn--bcher-kva.example"},
		{text: "", want: ""},
		{text: "*", fault: `entry 1 "*" has a *`},
		{text: "https://*.example.com", fault: "has a *"},
		{text: "https://a.example/", fault: `goes on after the host; write "https://a.example"`},
		{text: "https://a.example/app", fault: "goes on after the host"},
		{text: "https://a.example?", fault: "goes on after the host"},
		{text: "https://a.example#x", fault: "goes on after the host"},
		{text: "https://A.example", fault: `not as browsers send it; write "https://a.example"`},
		{text: "HTTPS://a.example/", fault: `write "https://a.example"`},
		{text: "https://bücher.example", fault: "xn-- form"},
		{text: "https://a.example:443", fault: `write "https://a.example"`},
		{text: "http://a.example:80", fault: `write "http://a.example"`},
		{text: "https://a.example:", fault: `has the port ""`},
		{text: "https://a.example:0", fault: `has the port "0"`},
		{text: "https://a.example:65536", fault: `has the port "65536"`},
		{text: "a.example", fault: "is not scheme://host[:port]"},
		{text: "a.example:8080", fault: "is not scheme://host[:port]"},
		{text: "//a.example", fault: "is not scheme://host[:port]"},
		{text: "https://", fault: "is not scheme://host[:port]"},
		{text: "https://:80", fault: "is not scheme://host[:port]"},
		{text: "https://a b", fault: "is not scheme://host[:port]"},
		{text: "null", fault: "is not scheme://host[:port]"},
		{text: "https://a.example,,b", fault: "entry 2 is empty; entry 3"},
		{text: "https://a.example,https://u:hunter2@a.example", fault: "has a user name or password (not shown)"},
	})
}

func TestTopicPatterns(t *testing.T) {
	testReadings(t, list(new([]string), "topics", checkTopicPattern), Production, []reading{
		{text: "*", want: "*"},
		{text: "news, scores.*", want: "news,scores.*"},
		{text: strings.Repeat("ü", 128), want: strings.Repeat("ü", 128)},
		{text: strings.Repeat("ü", 129), fault: "has 129 characters; at most 128"},
		{text: "a*b", fault: "has a * that is not its last character"},
		{text: "a**", fault: "has a * that is not its last character"},
		{text: "a\x07", fault: "has a control character"},
		{text: "a\xff", fault: "is not valid UTF-8"},
		{text: "a,", fault: "entry 2 is empty"},
	})
}

func TestAPIKeysAreRead(t *testing.T) {
	key := func(c string) string { return strings.Repeat(c, 16) }
	var got []APIKey
	require.NoError(t, apiKeys(&got).parse("shop:"+key("k")+", ops-1:"+key("=")+":admin+metrics+admin", Production))
	assert.Equal(t, []APIKey{
		{"shop", NewSecret(key("k")), []Scope{ScopePublish, ScopeMetrics}},
		{"ops-1", NewSecret(key("=")), []Scope{ScopeAdmin, ScopeMetrics}},
	}, got)
}

func TestAPIKeysThatAreRefused(t *testing.T) {
	k := "kkkkkkkkkkkkkkkk"
	testReadings(t, apiKeys(new([]APIKey)), Production, []reading{
		{text: "", want: "[unset]"},
		{text: "a:" + k + ",b:l" + k, want: "[set: 2]"},
		{text: "a:" + k[1:], fault: "entry 1 has a key that is shorter than 16 characters"},
		{text: "a:" + strings.Repeat("k", 257), fault: "is longer than 256 characters"},
		{text: "a:" + k + " k", fault: "has a blank or a character outside printable ASCII"},
		{text: "a:" + k + "ü", fault: "outside printable ASCII"},
		{text: "a:" + k + "\x7f", fault: "outside printable ASCII"},
		{text: k, fault: "has no colon between name and key"},
		{text: ":" + k, fault: "has a name that is not 1 to 64"},
		{text: "a b:" + k, fault: "has a name that is not"},
		{text: strings.Repeat("n", 65) + ":" + k, fault: "has a name that is not"},
		{text: "a:" + k + ":", fault: "something else than publish, metrics or admin"},
		{text: "a:" + k + ":publish+root", fault: "something else than publish, metrics or admin"},
		{text: "a:" + k + ":publish:admin", fault: "a key can't contain a colon"},
		{text: "a:" + k + ",a:l" + k, fault: "entry 2 has the name of an entry before it"},
		{text: "a:" + k + ",b:" + k, fault: "entry 2 has the key of an entry before it"},
		{text: "a:" + k + ",", fault: "entry 2 is empty"},
		{text: "x,a:" + k + ",y", fault: "entry 1 has no colon between name and key; entry 3 has no colon"},
	})
}

func TestTokens(t *testing.T) {
	testReadings(t, token(new(Secret)), Production, []reading{
		{text: "0123456789abcdef", want: "[set]"},
		{text: "0123456789abcde", fault: "is shorter than 16 characters"},
		{text: "0123456789 abcdef", fault: "has a blank"},
		{text: "", want: "[unset]"},
	})
}
