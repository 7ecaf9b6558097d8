package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
)

// keptJournal makes a journal, closed.
func keptJournal(t *testing.T, dir string) {
	s, err := disk.Open(disk.Options{Dir: dir})
	require.NoError(t, err)
	ann, visit := journal.Box{Kind: journal.User, Name: "ann"}, journal.Box{Kind: journal.Session, Name: "visit-secret"}
	name, err := sse.ParseName("order")
	require.NoError(t, err)
	own, err := sse.ParseID("order-1")
	require.NoError(t, err)
	expires := time.Now().Add(time.Hour)
	require.NoError(t, s.Append(t.Context(), []journal.Record{
		{ID: sse.Sequence{Milliseconds: 1_795_600_000_000}, Event: sse.Event{Name: name, ID: own, Data: `{"a":"<1>"}`, Retry: 2 * time.Second, Priority: sse.High, TTL: time.Hour}, Boxes: []journal.Box{ann, visit}, Expires: expires},
		{ID: sse.Sequence{Milliseconds: 1_795_600_000_000, N: 7}, Event: sse.Event{Data: "two\nlines"}, Boxes: []journal.Box{ann, {Kind: journal.Everybody}}, Expires: expires},
	}))
	require.NoError(t, s.Advance(t.Context(), []journal.Position{{Box: ann, Device: "phone"}, {Box: ann, Device: "desk"}, {Box: visit}}, time.Now()))
	require.NoError(t, s.Close())
}

func TestAJournalIsInspected(t *testing.T) {
	dir := t.TempDir()
	keptJournal(t, dir)
	out, errs, err := do(t, readJournal, nil, "", "inspect", "--dir", dir)
	require.NoError(t, err)
	assert.Empty(t, errs)
	assert.Contains(t, out, "format:   1\nrecords:  4 in 3 boxes, ")
	assert.Contains(t, out, "oldest:   1795600000000-0 (2026-11-25T")
	assert.Contains(t, out, "newest:   1795600000000-7 (")
	assert.Contains(t, out, "devices:  3\nlargest boxes:\n")
	assert.Regexp(t, `  user "ann" +2 records +\d+ B +2 devices\n`, out)
	assert.Regexp(t, `  session "visi"… +1 records`, out)
	assert.Regexp(t, `  everybody +1 records`, out)
	assert.NotContains(t, out, "secret")
	out, _, err = do(t, readJournal, []string{envDataDir + "=" + dir}, "", "verify")
	require.NoError(t, err)
	assert.Equal(t, "4 records are whole\n", out)
}

func TestAJournalIsExported(t *testing.T) {
	dir := t.TempDir()
	keptJournal(t, dir)
	out, errs, err := do(t, readJournal, nil, "", "export", "--dir", dir)
	require.NoError(t, err)
	assert.Empty(t, errs)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	require.Len(t, lines, 4)
	assert.Regexp(t, `^{"id":"1795600000000-0","box":{"kind":"user","name":"ann"},"expires":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","event":{"event":"order","id":"order-1","data":"{\\"a\\":\\"<1>\\"}","retry":2000,"priority":"high","ttl":3600}}$`, lines[0])
	assert.Regexp(t, `^{"id":"1795600000000-7","box":{"kind":"user","name":"ann"},.*"event":{"event":"message","data":"two\\nlines","priority":"normal"}}$`, lines[1])
	assert.Contains(t, lines[2], `"box":{"kind":"session","name":"visit-secret"}`)
	assert.Contains(t, lines[3], `"box":{"kind":"everybody"}`)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, readJournal(ended, []string{"export", "--dir", dir}, stdio{out: &strings.Builder{}, err: &strings.Builder{}}), context.Canceled)
}

func TestADamagedJournalIsVerified(t *testing.T) {
	dir := t.TempDir()
	keptJournal(t, dir)
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	text, err := os.ReadFile(logs[0])
	require.NoError(t, err)
	text[len(text)/2]++
	require.NoError(t, os.WriteFile(logs[0], text, 0o600))
	for range 2 {
		out, errs, err := do(t, readJournal, nil, "", "verify", "--dir", dir)
		require.ErrorContains(t, err, "damaged")
		assert.Contains(t, errs, "damaged: "+filepath.Base(logs[0])+": not whole from byte ")
		assert.Contains(t, out, " records are whole\n")
	}
	after, err := os.ReadFile(logs[0])
	require.NoError(t, err)
	assert.Equal(t, text, after, "it is left as it is")
}

func TestAJournalThatCannotBeReadIsSaidToBe(t *testing.T) {
	dir := t.TempDir()
	s, err := disk.Open(disk.Options{Dir: dir})
	require.NoError(t, err)
	for sentence, c := range map[string]struct {
		args  []string
		fault string
	}{
		"a server has it open":        {[]string{"inspect", "--dir", dir}, "another process has it open, and only one can; stop the server"},
		"there is none":               {[]string{"verify", "--dir", t.TempDir()}, "there is no journal in it"},
		"there is no such directory":  {[]string{"export", "--dir", filepath.Join(dir, "none")}, "no such file"},
		"no directory is given":       {[]string{"verify"}, "--dir: it is not given"},
		"nothing is asked for":        {nil, "journal takes one of inspect, verify and export"},
		"something else is asked for": {[]string{"erase"}, "journal takes one of inspect, verify and export"},
		"there is more":               {[]string{"verify", "--dir", dir, "more"}, "journal takes one of inspect, verify and export"},
	} {
		t.Run(sentence, func(t *testing.T) {
			out, _, err := do(t, readJournal, nil, "", c.args...)
			require.ErrorContains(t, err, c.fault)
			assert.Empty(t, out)
		})
	}
	require.NoError(t, s.Close())
	_, help, err := do(t, readJournal, nil, "", "--help")
	require.Error(t, err)
	assert.Contains(t, help, "usage: sseactor journal COMMAND --dir DIR")
	assert.Contains(t, help, "  verify ")
}
