package auth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// patterns reads what a test writes; never nil, since nil is no bound.
func patterns(texts ...string) []auth.Pattern {
	return append([]auth.Pattern{}, must(auth.ParsePatterns(texts))...)
}

func TestGrants(t *testing.T) {
	everything := `{"subscribe":{"topics":["orders.*","news"],"users":["7"],"sessions":["abc"]},
		"publish":{"topics":["orders.*"],"users":["8"],"sessions":["def"],"events":["order.*"]},"scopes":["metrics","admin"]}`
	for sentence, c := range map[string]struct {
		sse  string
		want auth.Identity // without Expires
	}{
		"everything": {everything, auth.Identity{
			UserID: "7", Scopes: []auth.Scope{auth.Metrics, auth.Admin, auth.Publish},
			Reads: auth.Reach{Topics: patterns("orders.*", "news"), Users: patterns("7"), Sessions: patterns("abc")},
			Sends: &auth.Sends{Events: patterns("order.*"), To: &auth.Reach{Topics: patterns("orders.*"), Users: patterns("8"), Sessions: patterns("def")}},
		}},
		"nothing":                        {`{}`, auth.Identity{UserID: "7"}},
		"nothing to read":                {`{"subscribe":{}}`, auth.Identity{UserID: "7"}},
		"an empty list to read":          {`{"subscribe":{"topics":[]}}`, auth.Identity{UserID: "7", Reads: auth.Reach{Topics: patterns()}}},
		"topics alone":                   {`{"subscribe":{"topics":["a"]}}`, auth.Identity{UserID: "7", Reads: auth.Reach{Topics: patterns("a")}}},
		"every topic":                    {`{"subscribe":{"topics":["*"]}}`, auth.Identity{UserID: "7", Reads: auth.Reach{Topics: patterns("*")}}},
		"no scopes":                      {`{"scopes":[]}`, auth.Identity{UserID: "7"}},
		"a scope":                        {`{"scopes":["metrics"]}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Metrics}}},
		"to publish without bounds":      {`{"scopes":["publish"]}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}}},
		"to publish to everybody":        {`{"publish":{"everybody":true}}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}}},
		"to publish some events to all":  {`{"publish":{"everybody":true,"events":["a"]}}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}, Sends: &auth.Sends{Events: patterns("a")}}},
		"to publish no events to all":    {`{"publish":{"everybody":true,"events":[]}}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}, Sends: &auth.Sends{Events: patterns()}}},
		"to publish to a topic":          {`{"publish":{"topics":["a"]}}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}, Sends: &auth.Sends{To: &auth.Reach{Topics: patterns("a")}}}},
		"to publish to a topic, not all": {`{"publish":{"topics":["a"],"everybody":false}}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}, Sends: &auth.Sends{To: &auth.Reach{Topics: patterns("a")}}}},
		"to publish to no topic":         {`{"publish":{"topics":[]}}`, auth.Identity{UserID: "7", Scopes: []auth.Scope{auth.Publish}, Sends: &auth.Sends{To: &auth.Reach{Topics: patterns()}}}},
		"a hundred patterns":             {`{"subscribe":{"topics":[` + strings.Repeat(`"a",`, 99) + `"b"]}}`, auth.Identity{UserID: "7", Reads: auth.Reach{Topics: patterns(append(strings.Split(strings.Repeat("a ", 98)+"a", " "), "b")...)}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			token := hs.token(fmt.Sprintf(`{"sub":"7","exp":%d,"sse":%s}`, at(time.Hour), c.sse))
			id, ok, err := ask(atNoon(t, auth.TokenOptions{}), token)
			require.NoError(t, err)
			assert.True(t, ok)
			c.want.Expires = noon.Add(time.Hour).Local()
			assert.Equal(t, c.want, id)
		})
	}
}

// What is not understood gives nothing: a bound that is misspelled must not be no bound.
func TestAGrantThatIsNotUnderstoodMakesTheTokenWrong(t *testing.T) {
	tooMany := "[" + strings.Repeat(`"a",`, 100) + `"a"]`
	for sentence, sse := range map[string]string{
		"null":                                `null`,
		"a text":                              `"publish"`,
		"a list":                              `[]`,
		"true":                                `true`,
		"a field that is not known":           `{"subscribe":{},"read":{}}`,
		"a field in capitals":                 `{"Subscribe":{}}`,
		"a field twice":                       `{"scopes":[],"scopes":["admin"]}`,
		"subscribe that is null":              `{"subscribe":null}`,
		"subscribe that is a list":            `{"subscribe":["orders"]}`,
		"subscribe to events":                 `{"subscribe":{"events":["a"]}}`,
		"subscribe to everybody":              `{"subscribe":{"everybody":true}}`,
		"topics misspelled":                   `{"subscribe":{"topic":["a"]}}`,
		"topics that are null":                `{"subscribe":{"topics":null}}`,
		"topics that are a text":              `{"subscribe":{"topics":"a"}}`,
		"a topic that is a number":            `{"subscribe":{"topics":["a",7]}}`,
		"a topic that is null":                `{"subscribe":{"topics":["a",null]}}`,
		"an empty topic":                      `{"subscribe":{"topics":["a",""]}}`,
		"an asterisk in the middle":           `{"subscribe":{"topics":["a*b"]}}`,
		"a control character":                 `{"subscribe":{"topics":["a\n"]}}`,
		"a pattern that is too long":          `{"subscribe":{"topics":["` + strings.Repeat("a", 129) + `"]}}`,
		"more patterns than may be":           `{"subscribe":{"topics":` + tooMany + `}}`,
		"more users than may be":              `{"subscribe":{"users":` + tooMany + `}}`,
		"publish that is null":                `{"publish":null}`,
		"publish that is true":                `{"publish":true}`,
		"publish to nobody":                   `{"publish":{}}`,
		"publish events to nobody":            `{"publish":{"events":["a"]}}`,
		"publish to everybody: no":            `{"publish":{"everybody":false}}`,
		"publish to everybody: null":          `{"publish":{"everybody":null}}`,
		"publish to a topic, and null":        `{"publish":{"everybody":null,"topics":["a"]}}`,
		"publish to everybody: a text":        `{"publish":{"everybody":"true"}}`,
		"publish to everybody and a topic":    `{"publish":{"everybody":true,"topics":["a"]}}`,
		"publish to everybody and no topic":   `{"publish":{"everybody":true,"topics":[]}}`,
		"events misspelled":                   `{"publish":{"everybody":true,"event":["a"]}}`,
		"events that are null":                `{"publish":{"everybody":true,"events":null}}`,
		"events that are too many":            `{"publish":{"everybody":true,"events":` + tooMany + `}}`,
		"sessions that are an object":         `{"publish":{"topics":["a"],"sessions":{}}}`,
		"a scope that is not known":           `{"scopes":["write"]}`,
		"a scope in capitals":                 `{"scopes":["Admin"]}`,
		"a scope twice":                       `{"scopes":["metrics","metrics"]}`,
		"scopes in a text, as OAuth has them": `{"scopes":"publish admin"}`,
		"scopes that are null":                `{"scopes":null}`,
		"a scope that is null":                `{"scopes":[null]}`,
		"too many scopes":                     `{"scopes":` + strings.ReplaceAll(tooMany, `"a"`, `"admin"`) + `}`,
		"the scope publish beside bounds":     `{"scopes":["publish"],"publish":{"topics":["a"]}}`,
		"the scope publish beside everybody":  `{"scopes":["publish"],"publish":{"everybody":true}}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			token := hs.token(fmt.Sprintf(`{"sub":"7","exp":%d,"sse":%s}`, at(time.Hour), sse))
			requireRefused(t, auth.ErrRejected, atNoon(t, auth.TokenOptions{}), token)
		})
	}
}

func TestServicesWithoutANameAreNotOne(t *testing.T) {
	tokens := atNoon(t, auth.TokenOptions{})
	name := func(claims fields) string {
		claims = claims.with(fields{"exp": at(time.Hour), "sse": fields{"publish": fields{"topics": []string{"a"}}}})
		id, ok, err := ask(tokens, hs.token(claims))
		require.NoError(t, err)
		require.True(t, ok)
		return id.Service
	}
	one := name(fields{"jti": "1"})
	assert.Regexp(t, "^token#[0-9a-f]{32}$", one)
	assert.Equal(t, one, name(fields{"jti": "1"}), "the same token is the same service")
	assert.NotEqual(t, one, name(fields{"jti": "2"}))
	assert.NotEqual(t, one, name(fields{"sub": strings.TrimPrefix(one, "token#")}))
	assert.NotEqual(t, one, name(fields{"sub": one}), "no sub can be another's name")
	assert.Equal(t, name(fields{"sub": "s", "jti": "1"}), name(fields{"sub": "s", "jti": "2"}), "a service with a name keeps it")
}

func TestWhoTheHolderOfGrantsIs(t *testing.T) {
	publish, read := fields{"publish": fields{"everybody": true}}, fields{"subscribe": fields{"sessions": []string{"abc"}}}
	for sentence, c := range map[string]struct {
		claims   fields
		rejected bool
		user     string
		service  string
	}{
		"a user":                              {fields{"sub": "s", "id": "7"}, false, "7", ""},
		"a user who may publish":              {fields{"sub": "s", "id": "7", "sse": publish}, false, "7", ""},
		"a service that may publish":          {fields{"sub": "s", "sse": publish}, false, "", "token:s"},
		"a service that may see metrics":      {fields{"sub": "s", "sse": fields{"scopes": []string{"metrics"}}}, false, "", "token:s"},
		"a visitor who may read":              {fields{"sse": read}, false, "", ""},
		"a visitor with a sub":                {fields{"sub": "s", "sse": read}, false, "", ""},
		"a service whose name can't be one":   {fields{"sub": "s\n", "sse": publish}, true, "", ""},
		"a user whose name can't be one":      {fields{"sub": "s", "id": "", "sse": publish}, true, "", ""},
		"nobody":                              {fields{}, true, "", ""},
		"nobody who may do nothing":           {fields{"sse": fields{}}, true, "", ""},
		"nobody who may read nothing":         {fields{"sse": fields{"subscribe": fields{"topics": []string{}}}}, true, "", ""},
		"somebody else's user without grants": {fields{"sub": "s"}, true, "", ""},
		"grants where nobody looks for them":  {fields{"publish": fields{"everybody": true}, "scopes": []string{"admin"}}, true, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := atNoon(t, auth.TokenOptions{UserClaim: "id"})
			token := hs.token(fields{"exp": at(time.Hour)}.with(c.claims))
			if c.rejected {
				requireRefused(t, auth.ErrRejected, tokens, token)
				return
			}
			id, ok, err := ask(tokens, token)
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, c.user, id.UserID)
			assert.Equal(t, c.service, id.Service)
		})
	}
}

func TestATokenMaySendWhatItSays(t *testing.T) {
	token := hs.token(good.with(fields{"sse": fields{"publish": fields{"topics": []string{"orders.*"}, "events": []string{"order.*"}}}}))
	id, _, err := ask(atNoon(t, auth.TokenOptions{}), token)
	require.NoError(t, err)
	for sentence, c := range map[string]struct {
		event string
		to    auth.Addressees
		ok    bool
	}{
		"its event to its topic":        {"order.new", auth.Addressees{Topics: []string{"orders.7"}}, true},
		"its event to everybody":        {"order.new", auth.Addressees{}, false},
		"its event to another topic":    {"order.new", auth.Addressees{Topics: []string{"orders.7", "news"}}, false},
		"its event to its own user":     {"order.new", auth.Addressees{UserID: "7"}, false},
		"another event":                 {"price", auth.Addressees{Topics: []string{"orders.7"}}, false},
		"an event without a name":       {"", auth.Addressees{Topics: []string{"orders.7"}}, false},
		"its event to a topic and more": {"order.new", auth.Addressees{Topics: []string{"orders.7"}, SessionID: "abc"}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.ok, auth.Policy{}.MaySend(id, c.event, c.to) == nil)
		})
	}
}
