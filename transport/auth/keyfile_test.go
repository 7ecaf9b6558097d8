package auth

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hashed is a key's hash as it stands in a file.
func hashed(secret string) string {
	hash := HashKey(secret)
	return "sha256:" + hex.EncodeToString(hash[:])
}

func TestAFileOfKeys(t *testing.T) {
	file := strings.Join([]string{
		"# the app",
		"app " + hashed("a") + " publish+metrics",
		"",
		"  \torders\t" + hashed("b") + "   publish topics=orders.*,stock events=order.created # until May",
		"app " + hashed("c") + " admin+admin",
		"room " + hashed("d") + " publish topics=room#1,#2 users=7 sessions=s-*",
		"#" + "app " + hashed("e") + " admin",
	}, "\r\n")
	keys, err := ParseKeys([]byte("\ufeff" + file))
	require.NoError(t, err)
	assert.Equal(t, []Key{
		{Name: "app", Hash: HashKey("a"), Scopes: []Scope{Publish, Metrics}},
		{Name: "orders", Hash: HashKey("b"), Scopes: []Scope{Publish}, Sends: &Sends{Events: parsed("order.created"), To: &Reach{Topics: parsed("orders.*", "stock")}}},
		{Name: "app", Hash: HashKey("c"), Scopes: []Scope{Admin}},
		{Name: "room", Hash: HashKey("d"), Scopes: []Scope{Publish}, Sends: &Sends{To: &Reach{Topics: parsed("room#1", "#2"), Users: parsed("7"), Sessions: parsed("s-*")}}},
	}, keys)
}

func TestAKeyOfAFileLetsItsHolderIn(t *testing.T) {
	keys, err := ParseKeys([]byte("app " + hashed(appKey) + " publish events=a\n"))
	require.NoError(t, err)
	id, ok, err := NewKeys(keys).Authenticate(t.Context(), Credentials{Authorization: "Bearer " + appKey})
	require.NoError(t, err)
	assert.True(t, ok)
	assert.NoError(t, Policy{}.MaySend(id, "a", Addressees{}))
	assert.Error(t, Policy{}.MaySend(id, "b", Addressees{}))
}

func TestALineIsReadAsItWasWritten(t *testing.T) {
	for sentence, key := range map[string]Key{
		"a key":            {Name: "app", Hash: HashKey("a"), Scopes: Scopes()},
		"bounds of events": {Name: "a.b_c-D9", Hash: HashKey("b"), Scopes: []Scope{Publish}, Sends: NewSends(nil, nil, nil, parsed("a", "b*"))},
		"all bounds":       {Name: "x", Hash: HashKey("c"), Scopes: []Scope{Publish}, Sends: NewSends(parsed("t#1", "u.*"), parsed("é", "*"), parsed("s"), parsed("e=f"))},
	} {
		t.Run(sentence, func(t *testing.T) {
			read, err := ParseKeys([]byte(key.Line() + "\n"))
			require.NoError(t, err)
			assert.Equal(t, []Key{key}, read)
		})
	}
}

func TestAnEmptyFileHasNoKeys(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# nobody", "\ufeff"} {
		keys, err := ParseKeys([]byte(text))
		assert.NoError(t, err)
		assert.Empty(t, keys)
	}
}

func TestEachFaultOfAFileIsNamedByItsLine(t *testing.T) {
	good := "app " + hashed("a") + " publish"
	for sentence, c := range map[string]struct{ line, fault string }{
		"a name alone":                         {"s3cret", "write name, hash and scopes"},
		"a key without scopes":                 {"app " + hashed("b"), "write name, hash and scopes"},
		"a key itself":                         {"app sse_s3cret publish", "never the key"},
		"a hash without its kind":              {"app " + strings.TrimPrefix(hashed("b"), "sha256:") + " publish", "never the key"},
		"a hash of another kind":               {"app md5:" + strings.Repeat("a", 64) + " publish", "never the key"},
		"a hash that is too short":             {"app " + hashed("b")[:70] + " publish", "never the key"},
		"a hash that is too long":              {"app " + hashed("b") + "00 publish", "never the key"},
		"a hash with other letters":            {"app sha256:" + strings.Repeat("g", 64) + " publish", "never the key"},
		"a name with other letters":            {"ä " + hashed("b") + " publish", "the name is not"},
		"a name that is too long":              {strings.Repeat("x", 65) + " " + hashed("b") + " publish", "the name is not"},
		"an unknown scope":                     {"app " + hashed("b") + " s3cret", "the scopes are not"},
		"a scope in capitals":                  {"app " + hashed("b") + " Publish", "the scopes are not"},
		"a scope too many":                     {"app " + hashed("b") + " publish+", "the scopes are not"},
		"scopes with commas":                   {"app " + hashed("b") + " publish,admin", "the scopes are not"},
		"a bound that is none":                 {"app " + hashed("b") + " publish s3cret", "only topics"},
		"a bound of another name":              {"app " + hashed("b") + " publish topic=s3cret", "only topics"},
		"a bound twice":                        {"app " + hashed("b") + " publish topics=a topics=s3cret", "topics is given twice"},
		"a bound of nothing":                   {"app " + hashed("b") + " publish topics=", "topics: a pattern is empty"},
		"a bound that ends in a comma":         {"app " + hashed("b") + " publish topics=s3cret,", "topics: a pattern is empty"},
		"a pattern that is none":               {"app " + hashed("b") + " publish users=s3*cret", "users: a pattern has a *"},
		"a bound of a key that can't publish":  {"app " + hashed("b") + " metrics topics=s3cret", "scope publish"},
		"a key that is there already":          {"other " + hashed("a") + " publish", "on a line before"},
		"a key that is there in other letters": {"other sha256:" + strings.ToUpper(strings.TrimPrefix(hashed("a"), "sha256:")) + " admin", "on a line before"},
		"a control character in a name":        {"a\x00b " + hashed("b") + " publish", "the name is not"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := ParseKeys([]byte(good + "\n# a comment\n" + c.line + "\n"))
			require.ErrorContains(t, err, "line 3: ")
			assert.ErrorContains(t, err, c.fault)
			for _, part := range strings.FieldsFunc(c.line, func(r rune) bool { return strings.ContainsRune(" ,+=:", r) }) {
				if len(part) > 7 || strings.Contains(part, "s3") {
					assert.NotContains(t, err.Error(), part, "nothing of a line is repeated: it may be a key")
				}
			}
		})
	}
}

func TestAllFaultsOfAFileAreNamedTogether(t *testing.T) {
	_, err := ParseKeys([]byte("a\napp " + hashed("a") + " publish\nb\n\nc\n"))
	for _, line := range []string{"line 1: ", "line 3: ", "line 5: "} {
		assert.ErrorContains(t, err, line)
	}
	assert.NotContains(t, err.Error(), "line 2")
}

func TestAFileThatIsNoTextHasNoKeys(t *testing.T) {
	keys, err := ParseKeys([]byte("app " + hashed("a") + " publish\n\xff"))
	assert.Error(t, err)
	assert.Nil(t, keys)
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte("# keys\napp " + hashed("a") + " publish+metrics\norders " + hashed("b") + " publish topics=orders.*,stock events=e users=u sessions=s # x"))
	f.Add([]byte("app " + hashed("a") + " admin\napp " + hashed("a") + " admin"))
	f.Add([]byte("app sse_0123 publish\r\n\ufeff\x00\xff"))
	f.Add([]byte("app " + hashed("a") + " publish topics=#,a=b*"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := ParseKeys(text)
		if err != nil {
			return
		}
		lines := make([]string, len(keys))
		for i, key := range keys {
			assert.NoError(t, CheckKeyName(key.Name))
			assert.NotEmpty(t, key.Scopes)
			lines[i] = key.Line()
		}
		again, err := ParseKeys([]byte(strings.Join(lines, "\n") + "\n"))
		assert.NoError(t, err)
		assert.Equal(t, keys, again)
	})
}
