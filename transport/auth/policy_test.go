package auth

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPolicy(t *testing.T) {
	visitor, publisher, operator := Identity{}, Identity{Service: "app", Scopes: []Scope{Publish, Metrics}}, Identity{Service: "ops", Scopes: []Scope{Admin}}
	for sentence, c := range map[string]struct {
		public []string
		who    Identity
		topic  string
		want   bool
	}{
		"nothing is public by default":                 {nil, visitor, "news", false},
		"a named topic":                                {[]string{"scores", "news"}, visitor, "news", true},
		"a topic that begins with a named one":         {[]string{"news"}, visitor, "news.eu", false},
		"a topic that ends with a named one":           {[]string{"news"}, visitor, "my-news", false},
		"capitals are other letters":                   {[]string{"news"}, visitor, "News", false},
		"a topic under a prefix":                       {[]string{"news.*"}, visitor, "news.eu", true},
		"the prefix itself":                            {[]string{"news.*"}, visitor, "news.", true},
		"what comes before the prefix's end":           {[]string{"news.*"}, visitor, "news", false},
		"another topic that begins alike":              {[]string{"news.*"}, visitor, "newsflash", false},
		"an asterisk lets every topic through":         {[]string{"*"}, visitor, "anything", true},
		"a publisher is a visitor here":                {[]string{"news"}, publisher, "orders", false},
		"a publisher may read what is public":          {[]string{"news"}, publisher, "news", true},
		"the scope admin may read all":                 {nil, operator, "orders", true},
		"an empty name is no pattern for all":          {[]string{""}, visitor, "news", false},
		"a pattern is taken as it is, not as a glob":   {[]string{"n?ws"}, visitor, "news", false},
		"an asterisk in the middle is only a letter":   {[]string{"n*s"}, visitor, "news", false},
		"a signed-in user has no more than the policy": {[]string{"news"}, Identity{UserID: "7"}, "orders", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.want, Policy{PublicTopics: c.public}.MaySubscribe(c.who, c.topic))
		})
	}
}

func TestScopesListsAll(t *testing.T) {
	assert.ElementsMatch(t, []Scope{Publish, Metrics, Admin}, Scopes())
}
