package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

func TestAKeyIsShownOnceBesideItsLine(t *testing.T) {
	for sentence, c := range map[string]struct {
		args []string
		line string // behind the hash
	}{
		"with the scopes of the setting api-keys": {[]string{"--name", "app"}, "publish+metrics"},
		"with scopes":                    {[]string{"--name", "app", "--scopes", "admin+publish"}, "admin+publish"},
		"with every bound":               {[]string{"--name", "app", "--topics", "a,b.*", "--users", "7", "--sessions", "s-*", "--events", "x"}, "publish+metrics topics=a,b.* users=7 sessions=s-* events=x"},
		"with a bound in two parts":      {[]string{"--name", "app", "--events", "a", "--events", "b"}, "publish+metrics events=a,b"},
		"with a name of every character": {[]string{"--name", "App-1_x.y", "--scopes=metrics"}, "metrics"},
	} {
		t.Run(sentence, func(t *testing.T) {
			out, errs, err := do(t, makeKey, nil, "", c.args...)
			require.NoError(t, err)
			assert.Empty(t, errs)
			m := regexp.MustCompile(`^the key, which is shown this once:\n(sse_[0-9a-f]{64})\n\nits line for the file of the setting api-keys-file:\n(.*)\n$`).FindStringSubmatch(out)
			require.NotNil(t, m, out)
			assert.Regexp(t, ` sha256:[0-9a-f]{64} `+regexp.QuoteMeta(c.line)+"$", m[2])
			assert.NotContains(t, m[2], m[1])
			keys, err := auth.ParseKeys([]byte(m[2] + "\n"))
			require.NoError(t, err)
			require.Len(t, keys, 1)
			assert.Equal(t, auth.HashKey(m[1]), keys[0].Hash)
		})
	}
}

// Whatever a pattern has in it, the line bounds the key by that and nothing else, or there
// is no line.
func TestALineSaysWhatWasAskedFor(t *testing.T) {
	for _, text := range []string{"a", "ü", "a#b", "#", "a=b", "topics=x", "a b", "a #b", " a", "a ", "\u00a0", "\u2028", "a\ufeff", "*", "#*", "=", "sha256:x", `"a"`, "a\\"} {
		pattern, err := auth.ParsePattern(text)
		require.NoError(t, err, "%q", text)
		key := auth.Key{Name: "app", Scopes: []auth.Scope{auth.Publish}, Sends: auth.NewSends([]auth.Pattern{pattern, auth.Exactly("z")}, nil, nil, nil)}
		line, err := keyLine(key, "publish")
		if err != nil {
			assert.Empty(t, line, "%q", text)
			continue
		}
		again, err := auth.ParseKeys([]byte("# ours\n" + line + "\n"))
		require.NoError(t, err, "%q", text)
		require.Len(t, again, 1, "%q", text)
		assert.Equal(t, key.Sends, again[0].Sends, "%q", text)
	}
}

func TestAKeyIsAddedToAFile(t *testing.T) {
	other := auth.Key{Name: "other", Hash: auth.HashKey("x"), Scopes: []auth.Scope{auth.Metrics}}.Line()
	for sentence, before := range map[string]string{
		"that is there":                 "# ours\n" + other + "\n",
		"that is empty":                 "",
		"whose last line has no end":    other,
		"whose last line is a comment":  other + "\n# the end",
		"that has a key with this name": strings.Replace(other, "other", "app", 1) + "\n",
	} {
		t.Run(sentence, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "keys")
			require.NoError(t, os.WriteFile(file, []byte(before), 0o640))
			link := file + "-link"
			require.NoError(t, os.Symlink(file, link))
			out, errs, err := do(t, makeKey, nil, "", "--name", "app", "--file", link)
			require.NoError(t, err)
			secret := strings.TrimSuffix(out, "\n")
			assert.True(t, auth.IsSecret(secret), "the key, and nothing else")
			assert.NotContains(t, errs, secret)

			after, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(string(after), before), "nothing that was there is changed")
			assert.NotContains(t, string(after), secret)
			keys, err := auth.ParseKeys(after)
			require.NoError(t, err)
			assert.Len(t, keys, strings.Count(before, "sha256:")+1)
			assert.Equal(t, auth.HashKey(secret), keys[len(keys)-1].Hash)

			info, err := os.Lstat(link)
			require.NoError(t, err)
			assert.NotZero(t, info.Mode()&os.ModeSymlink, "a link stays one")
			info, err = os.Stat(file)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
		})
	}
	t.Run("that is not there, for its owner alone", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		for range 2 {
			_, _, err := do(t, makeKey, nil, "", "--name", "app", "--file", file)
			require.NoError(t, err)
		}
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		keys, err := auth.ParseKeys(text)
		require.NoError(t, err)
		assert.Len(t, keys, 2, "an old one and a new one, of the same name")
	})
}

func TestAFileThatAKeyCannotBeAddedToIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	const precious = "-----BEGIN PRIVATE KEY-----\nhunter2\n"
	file := filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(file, []byte(precious), 0o600))
	for sentence, c := range map[string]struct{ file, fault string }{
		"it holds something else": {file, "is faulty, and is left as it is: line 1: "},
		"it is a folder":          {dir, "not a file"},
		"its folder is not there": {filepath.Join(dir, "no", "keys"), "no such file"},
	} {
		t.Run(sentence, func(t *testing.T) {
			out, errs, err := do(t, makeKey, nil, "", "--name", "app", "--file", c.file)
			require.ErrorContains(t, err, "add the key to the file: ")
			assert.ErrorContains(t, err, c.fault)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Empty(t, out+errs, "no key is shown that is nowhere")
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, precious, string(kept))
		})
	}
}

func TestKeysThatAreAddedAtOnceAreAllThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	const n = 50
	var adding sync.WaitGroup
	for range n {
		adding.Go(func() {
			_, _, err := do(t, makeKey, nil, "", "--name", "app", "--file", file)
			assert.NoError(t, err)
		})
	}
	adding.Wait()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	keys, err := auth.ParseKeys(text)
	require.NoError(t, err)
	assert.Len(t, keys, n)
}
