package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBothPagesAreThereAndAllThatTheyLoad(t *testing.T) {
	files := Files()
	loads := regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	for _, name := range []string{Demo, Admin} {
		page := string(files[name].Plain)
		require.NotEmpty(t, page, name)
		found := 0
		for _, m := range loads.FindAllStringSubmatch(page, -1) {
			if strings.HasPrefix(m[1], "data:") || strings.HasPrefix(m[1], "#") {
				continue
			}
			asset, ok := strings.CutPrefix(m[1], "/assets/")
			assert.True(t, ok, "%s loads %s", name, m[1])
			assert.NotEmpty(t, files[asset].Plain, "%s loads %s", name, m[1])
			found++
		}
		assert.NotZero(t, found, "%s loads nothing", name)
	}
}

func TestEveryFileHasAKnownTypeAndAName(t *testing.T) {
	for name, f := range Files() {
		assert.NotEmpty(t, f.Type, "%s: no type is known for it", name)
		assert.Regexp(t, `^[a-z0-9.-]+$`, name, "fixed names, no hashes: the browser asks whether it is still the same")
		assert.NotEmpty(t, f.Plain, name)
	}
}

var (
	address = regexp.MustCompile(`https?://[\w.\[-][^\s"'` + "`" + `)<>]*`) // "http://" alone names nothing
	// What looks like an address elsewhere and is none: XML's names for languages, and this
	// machine, which is where the utilities' server is by default.
	names = regexp.MustCompile(`^http://www\.w3\.org/(2000/svg|1999/xlink|1999/xhtml|1998/Math/MathML|XML/1998/namespace)$|^http://(127\.0\.0\.1|localhost)(:\d+)?(/|$)`)
	// Those to the end of a line are looked at: "//" may be in a string.
	comment = regexp.MustCompile(`(?s)/\*.*?\*/|<!--.*?-->`)
)

func TestThePagesNeedNothingFromElsewhere(t *testing.T) {
	for name, f := range Files() {
		if strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".png") {
			continue // nobody runs it
		}
		text := comment.ReplaceAllString(string(f.Plain), "")
		for _, a := range address.FindAllString(text, -1) {
			assert.Regexp(t, names, a, "%s names it", name)
		}
		assert.NotContains(t, text, "sourceMappingURL", name)
	}
}

// What the policy would forbid, and a browser would leave out without a word.
func TestThePagesHaveNothingInline(t *testing.T) {
	for _, name := range []string{Demo, Admin} {
		page := strings.ToLower(string(Files()[name].Plain))
		assert.NotRegexp(t, `\son[a-z]+\s*=`, page, "%s: an inline handler", name)
		assert.NotRegexp(t, `\sstyle\s*=`, page, "%s: an inline style", name)
		assert.NotContains(t, page, "<style", name)
		assert.NotContains(t, page, "javascript:", name)
		for _, m := range regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`).FindAllStringSubmatch(page, -1) {
			assert.Contains(t, m[1], "src=", "%s: an inline script", name)
			assert.Empty(t, strings.TrimSpace(m[2]), name)
		}
	}
	assert.Contains(t, Policy, "default-src 'none'")
	assert.NotContains(t, Policy, "unsafe")
}

func TestWhatIsCompressedIsTheSame(t *testing.T) {
	zipped := 0
	for name, f := range Files() {
		if f.Zipped == nil {
			continue
		}
		zipped++
		assert.Less(t, len(f.Zipped), len(f.Plain), name)
		assert.NotEqual(t, f.PlainTag, f.ZippedTag, name)
		r, err := gzip.NewReader(bytes.NewReader(f.Zipped))
		require.NoError(t, err)
		plain, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(f.Plain, plain), name)
	}
	assert.NotZero(t, zipped)
}

func TestATagIsOfTheBytes(t *testing.T) {
	a, again, b := newFile("x", []byte("a")), newFile("y", []byte("a")), newFile("x", []byte("b"))
	assert.Equal(t, a.PlainTag, again.PlainTag)
	assert.NotEqual(t, a.PlainTag, b.PlainTag)
	assert.Regexp(t, `^"[A-Za-z0-9_-]{16}"$`, a.PlainTag)
	assert.Nil(t, a.Zipped, "it would be longer")
}
