package web

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The policy names script and style by their hashes: what a browser would compute
// from the page must be what it says.
func TestThePolicyLetsThePagesOwnScriptAndStyleRun(t *testing.T) {
	for element, directive := range map[string]string{"script": "script-src", "style": "style-src"} {
		m := regexp.MustCompile(`(?s)<` + element + `>(.*?)</` + element + `>`).FindSubmatch(Page)
		require.NotNil(t, m, element)
		assert.Contains(t, Policy, directive+" '"+hash(m[1])+"'")
		assert.NotContains(t, string(m[1]), "</", "it ends where it ends")
	}
	assert.Contains(t, Policy, "default-src 'none'")
	assert.NotContains(t, Policy, "unsafe")
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	page := string(Page)
	assert.NotContains(t, page, "http://")
	assert.NotContains(t, page, "https://")
	assert.NotContains(t, page, "innerHTML", "what comes in events is text")
	assert.NotRegexp(t, `\son[a-z]+=`, strings.ToLower(page), "the policy would forbid inline handlers")
	assert.NotContains(t, page, "style=")
	assert.NotContains(t, page, "page.css */")
	assert.NotContains(t, page, "page.js */")
}
