package config

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecrets(t *testing.T) {
	least := strings.Repeat("k", 32)
	testReadings(t, secrets(new([]Secret), 32), Production, []reading{
		{text: "", want: "[unset]"},
		{text: least, want: "[set: 1]"},
		{text: least + " , " + least + "l", want: "[set: 2]"},
		{text: strings.Repeat("ü", 16), want: "[set: 1]"}, // bytes count
		{text: strings.Repeat("k", 4096), want: "[set: 1]"},
		{text: least[1:], fault: "entry 1 is shorter than 32 bytes (openssl rand -base64 33 makes a good one)"},
		{text: strings.Repeat("k", 4097), fault: "entry 1 is longer than 4096 bytes"},
		{text: least + ",", fault: "entry 2 is empty"},
		{text: "a," + least + ",,b", fault: "entry 1 is shorter than 32 bytes (openssl rand -base64 33 makes a good one); entry 3 is empty; entry 4 is shorter"},
	})
	t.Run("the newest comes first", func(t *testing.T) {
		var got []Secret
		require.NoError(t, secrets(&got, 1).parse("new, old", Production))
		require.Len(t, got, 2)
		assert.Equal(t, "new", got[0].Reveal())
		assert.Equal(t, "old", got[1].Reveal())
	})
}

func TestSecretsOfSessionIDsAreReadByThemselves(t *testing.T) {
	got, err := ParseSessionIDSecrets(longSecret + "\n")
	require.NoError(t, err)
	require.Len(t, got, 1)
	assert.Equal(t, longSecret, got[0].Reveal(), "without the line's end that a file has")
	got, err = ParseSessionIDSecrets("")
	require.NoError(t, err)
	assert.Empty(t, got)
	_, err = ParseSessionIDSecrets(hidden)
	require.ErrorContains(t, err, "entry 1 is shorter than 32 bytes")
	assert.ErrorContains(t, err, "Allowed: secrets of 32 to 4096 bytes")
	assert.NotContains(t, err.Error(), hidden)
}

func TestAddressesOfTheWeb(t *testing.T) {
	testReadings(t, webURL(new(string)), Production, []reading{
		{text: "", want: ""},
		{text: "http://app:3000/api/auth/session", want: "http://app:3000/api/auth/session"},
		{text: "https://id.example.com/keys?p=a", want: "https://id.example.com/keys?p=a"},
		{text: "http://[::1]:3000", want: "http://[::1]:3000"},
		{text: "app:3000/api", fault: "is not an address of the web"},
		{text: "/api/auth/session", fault: "is not an address of the web"},
		{text: "ftp://a.example", fault: "is not an address of the web"},
		{text: "file:///etc/passwd", fault: "is not an address of the web"},
		{text: "https://", fault: "is not an address of the web"},
		{text: "https://:443", fault: "is not an address of the web"},
		{text: "https://a.example/#x", fault: "is not an address of the web"},
		{text: "https://a b/", fault: "is not an address of the web"},
		{text: "https://u:hunter2@a.example", fault: "has a user name or password (not shown)"},
	})
}

func TestCookieNames(t *testing.T) {
	same := []reading{
		{text: "authjs.session-token", want: "authjs.session-token"},
		{text: "__Secure-a", want: "__Secure-a"},
		{text: "a b", fault: "is not the name of a cookie"},
		{text: "a=b", fault: "is not the name of a cookie"},
		{text: "a;b", fault: "is not the name of a cookie"},
		{text: "größe", fault: "is not the name of a cookie"},
		{text: "a\r\nb", fault: "is not the name of a cookie"},
	}
	testReadings(t, cookie(new(string)), Production, append(same, reading{text: "", want: ""}, reading{text: "a,b", fault: "is not the name of a cookie"}))
	testReadings(t, notEmpty(list(new([]string), "names", checkCookieName)), Production, append(same,
		reading{text: "a, b", want: "a,b"}, reading{text: "", fault: "is empty"}, reading{text: "a,,b=", fault: `entry 2 is empty; entry 3 "b=" is not`}))
}

func TestClaims(t *testing.T) {
	testReadings(t, claim(new(string)), Production, []reading{
		{text: "sub", want: "sub"},
		{text: "user.id", want: "user.id"},
		{text: "https://a/claim", want: "https://a/claim"},
		{text: "", fault: "is empty"},
		{text: ".", fault: "is not the name of a field"},
		{text: "user.", fault: "is not the name of a field"},
		{text: ".id", fault: "is not the name of a field"},
		{text: "user..id", fault: "is not the name of a field"},
		{text: "a\x00", fault: "is not the name of a field"},
	})
}

func TestWords(t *testing.T) {
	testReadings(t, words(new(string)), Production, []reading{
		{text: "", want: ""},
		{text: "https://id.example.com, Größe", want: "https://id.example.com, Größe"},
		{text: "a\nb", fault: "has a control character"},
	})
}

func TestPrefixes(t *testing.T) {
	testReadings(t, prefixes(new([]netip.Prefix)), Production, []reading{
		{text: "", want: ""},
		{text: "10.0.0.0/8, 127.0.0.1", want: "10.0.0.0/8,127.0.0.1/32"},
		{text: "::1, fd00::/8", want: "::1/128,fd00::/8"},
		{text: "::ffff:10.0.0.1", want: "10.0.0.1/32"}, // as the server sees such a peer
		{text: "0.0.0.0/0", want: "0.0.0.0/0"},         // there is a warning
		{text: "10.0.0.1/8", fault: `"10.0.0.1/8" has bits behind its length; write "10.0.0.0/8"`},
		{text: "::ffff:10.0.0.0/104", fault: "is IPv4 written as IPv6"},
		{text: "10.0.0.0/33", fault: "is neither an IP address nor a network"},
		{text: "10.0.0", fault: "is neither an IP address nor a network"},
		{text: "fe80::1%eth0", fault: "is neither an IP address nor a network"},
		{text: "proxy.internal", fault: "is neither an IP address nor a network"},
		{text: "10.0.0.1,,x", fault: `entry 2 is empty; entry 3 "x" is neither`},
	})
}

func TestTopicsOfUsers(t *testing.T) {
	testReadings(t, list(new([]string), "topics", checkUserTopicPattern), Production, []reading{
		{text: "user.{userId}", want: "user.{userId}"},
		{text: "user.{userId}.*", want: "user.{userId}.*"},
		{text: "{userId}", want: "{userId}"},
		{text: "news.*,*", want: "news.*,*"},
		{text: "{userId}" + strings.Repeat("x", 120), want: "{userId}" + strings.Repeat("x", 120)},
		{text: "{userId}" + strings.Repeat("x", 121), fault: "has 129 characters; at most 128"},
		{text: "user.{userId}*", fault: "has * right behind {userId}: the user 1 would read what is the user 12's; put a separator between"},
		{text: "{userId}*", fault: "has * right behind {userId}"},
		{text: "{userId}.{userId}", fault: "has more than one {userId}"},
		{text: "user.{userid}", fault: "has a brace that is not part of {userId}"},
		{text: "user.{id}", fault: "has a brace that is not part of {userId}"},
		{text: "user.{userId", fault: "has a brace that is not part of {userId}"},
		{text: "{{userId}}", fault: "or another brace"},
		{text: "a*.{userId}", fault: "has a * that is not its last character"},
		{text: "a\x01{userId}", fault: "has a control character"},
		{text: "a,", fault: "entry 2 is empty"},
	})
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost": true, "http://localhost:3000/x": true, "http://127.0.0.1": true, "http://127.9.9.9:1": true, "http://[::1]:3000": true,
		"http://app:3000": false, "http://localhost.example.com": false, "http://127.0.0.1.example.com": false, "http://10.0.0.1": false, "http://[": false, "": false,
	} {
		assert.Equal(t, want, loopback(address), fmt.Sprintf("%q", address))
	}
}

func TestVariablesThatTheAppHasTooAreRead(t *testing.T) {
	for sentence, c := range map[string]struct {
		args, environ []string
		file          string
		want, from    string
	}{
		"none of them":                      {nil, nil, "", "", ""},
		"Auth.js's":                         {nil, []string{"AUTH_SECRET=b"}, "", "b", "AUTH_SECRET"},
		"NextAuth's":                        {nil, []string{"NEXTAUTH_SECRET=c"}, "", "c", "NEXTAUTH_SECRET"},
		"Auth.js's wins over NextAuth's":    {nil, []string{"NEXTAUTH_SECRET=c", "AUTH_SECRET=b"}, "", "b", "AUTH_SECRET"},
		"so it does in the other order":     {nil, []string{"AUTH_SECRET=b", "NEXTAUTH_SECRET=c"}, "", "b", "AUTH_SECRET"},
		"the setting's own wins over both":  {nil, []string{"SSEACTOR_AUTH_SECRET=a", "AUTH_SECRET=b", "NEXTAUTH_SECRET=c"}, "", "a", "SSEACTOR_AUTH_SECRET"},
		"a flag wins over all":              {[]string{"--auth-secret=f"}, []string{"SSEACTOR_AUTH_SECRET=a", "AUTH_SECRET=b"}, "", "f", "--auth-secret"},
		"the environment wins over a file":  {[]string{"--config=sse.conf"}, []string{"AUTH_SECRET=b"}, "auth-secret = d", "b", "AUTH_SECRET"},
		"a file, if there is no other":      {[]string{"--config=sse.conf"}, nil, "auth-secret = d", "d", "sse.conf:1"},
		"an empty one is none":              {nil, []string{"AUTH_SECRET=", "NEXTAUTH_SECRET=c"}, "", "c", "NEXTAUTH_SECRET"},
		"blanks are none either":            {nil, []string{"AUTH_SECRET=  ", "NEXTAUTH_SECRET="}, "", "", ""},
		"the own one, empty, means none":    {nil, []string{"SSEACTOR_AUTH_SECRET=", "AUTH_SECRET=b"}, "", "", "SSEACTOR_AUTH_SECRET"},
		"a line end behind it is not of it": {nil, []string{"AUTH_SECRET=b\n"}, "", "b", "AUTH_SECRET"},
		"a comma is a letter of Auth.js's":  {nil, []string{"AUTH_SECRET=b, c,,d"}, "", "b, c,,d", "AUTH_SECRET"},
		"a comma is a letter of NextAuth's": {nil, []string{"NEXTAUTH_SECRET=,c"}, "", ",c", "NEXTAUTH_SECRET"},
		"a name that only begins the same":  {nil, []string{"AUTH_SECRET_2=b"}, "", "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := load(t, c.args, append(c.environ, testEnv), c.file)
			text, from := "", ""
			if len(got.AuthSecrets) > 0 {
				text = got.AuthSecrets[0].Reveal()
				assert.Len(t, got.AuthSecrets, 1)
			}
			for _, ch := range got.changes {
				if ch.name == "auth-secret" {
					from = ch.from
				}
			}
			assert.Equal(t, c.want, text)
			assert.Equal(t, c.from, from)
		})
	}
	t.Run("a faulty one is said by its name", func(t *testing.T) {
		got := faultsOf(t, nil, []string{testEnv, "NEXTAUTH_SECRET=" + strings.Repeat("a", 4097)}, "")
		require.Len(t, got, 1)
		assert.Equal(t, "auth-secret (from NEXTAUTH_SECRET): has 4097 bytes. Allowed: a secret of 1 to 4096 bytes. Fix: for example SSEACTOR_AUTH_SECRET=SECRET", got[0].Error())
	})
	t.Run("the setting's own is a list", func(t *testing.T) {
		got := load(t, nil, []string{testEnv, "SSEACTOR_AUTH_SECRET=a, b", "AUTH_SECRET=c,d"}, "")
		require.Len(t, got.AuthSecrets, 2)
		assert.Equal(t, []string{"a", "b"}, []string{got.AuthSecrets[0].Reveal(), got.AuthSecrets[1].Reveal()})
	})
}
