package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
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

// posted is what a publisher is told.
type posted struct {
	Code      string
	Persisted bool
	Event     struct{ ID string }
}

func post(t testing.TB, url, body string) (int, posted) {
	t.Helper()
	r, err := http.NewRequest("POST", url+"/api/sse", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+testKey)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var p posted
	require.NoError(t, json.Unmarshal(answer, &p), "%s", answer)
	return resp.StatusCode, p
}

// mustKeep publishes persistent events for a user, and gives their ids.
func mustKeep(t testing.TB, url string, from, through int) (ids []string) {
	t.Helper()
	for n := from; n <= through; n++ {
		status, p := post(t, url, fmt.Sprintf(`{"data":"event %d","userId":"7","persistent":true}`, n))
		require.Equal(t, 200, status, p.Code)
		require.True(t, p.Persisted)
		ids = append(ids, p.Event.ID)
	}
	return ids
}

// mailbox reads the user's mailbox in a directory that no server has open.
func mailbox(t testing.TB, dir string) (ids, data []string) {
	t.Helper()
	store, err := disk.Open(disk.Options{Dir: dir, Damaged: func(where string, err error) { assert.NoError(t, err, where) }})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	endless := sse.Sequence{Milliseconds: math.MaxUint64}
	page, err := store.ReadAfter(context.Background(), journal.Box{Kind: journal.User, Name: "7"}, sse.Sequence{}, endless, journal.Limit{Records: 1000, Bytes: 1 << 20})
	require.NoError(t, err)
	for _, r := range page.Records {
		ids = append(ids, r.ID.String())
		data = append(data, r.Event.Data)
	}
	return ids, data
}

// What was answered with persisted is there, whatever happens to the process.
func TestPersistentEventsSurviveAKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var all []string
	for round := range 3 {
		p := startServerProcess(t, "--data-dir", dir)
		opened := p.err.wait(t, `"msg":"journal opened".*"records":(\d+),.*"damaged":0`)
		assert.Equal(t, fmt.Sprint(len(all)), opened[1])
		ids := mustKeep(t, p.url, 10*round, 10*round+9)
		if len(all) > 0 {
			last, err := sse.ParseSequence(all[len(all)-1])
			require.NoError(t, err)
			next, err := sse.ParseSequence(ids[0])
			require.NoError(t, err)
			assert.True(t, last.Less(next), "ids go on increasing")
		}
		all = append(all, ids...)
		require.NoError(t, p.cmd.Process.Kill())
		p.exited(t)
	}
	ids, data := mailbox(t, dir)
	assert.Equal(t, all, ids)
	for n, text := range data {
		assert.Equal(t, fmt.Sprintf("event %d", n), text)
	}
}

func TestADeploymentKeepsMailboxesAndHistory(t *testing.T) {
	dir := t.TempDir()
	history := filepath.Join(dir, "history")
	p := startServer(t, "--data-dir", dir)
	ids := mustKeep(t, p.url, 1, 3)
	post(t, p.url, `{"data":"live","userId":"7"}`)
	require.NoError(t, p.end())
	assert.FileExists(t, history)

	p = startServer(t, "--data-dir", dir)
	assert.NoFileExists(t, history, "it would miss what is sent from now on")
	_, fields := get(t, p.url+"/api/sse/metrics", testKey)
	kept := fields["history"].(map[string]any)
	assert.Equal(t, 4.0, kept["events"])
	assert.Equal(t, 3.0, fields["journal"].(map[string]any)["records"])
	ids = append(ids, mustKeep(t, p.url, 4, 4)...)
	require.NoError(t, p.end())
	got, _ := mailbox(t, dir)
	assert.Equal(t, ids, got)
}

// A server that can't listen has sent nothing: the next one goes on from where the last was.
func TestAStartThatFailsKeepsTheHistory(t *testing.T) {
	dir := t.TempDir()
	p := startServer(t, "--data-dir", dir)
	post(t, p.url, `{"data":"live","userId":"7"}`)
	require.NoError(t, p.end())

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for range 2 {
		_, _, err = do(t, serve, nil, "", "--mode", "development", "--addr", taken.Addr().String(), "--data-dir", dir)
		require.ErrorContains(t, err, "(setting addr)")
	}
	p = startServer(t, "--data-dir", dir)
	_, fields := get(t, p.url+"/api/sse/metrics", testKey)
	assert.Equal(t, 1.0, fields["history"].(map[string]any)["events"])
	require.NoError(t, p.end())
}

func TestAHistoryThatCantBeUsedIsNoReasonNotToStart(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "history"), []byte("what is this?"), 0o600))
	p := startServer(t, "--data-dir", dir)
	p.err.wait(t, `"level":"WARN","msg":"the history begins anew`)
	_, fields := get(t, p.url+"/api/sse/metrics", testKey)
	assert.Equal(t, 0.0, fields["history"].(map[string]any)["events"])
	require.NoError(t, p.end())
}

func TestWithoutADirectoryMailboxesAreOfTheProcess(t *testing.T) {
	p := startServer(t)
	status, answer := post(t, p.url, `{"data":1,"userId":"7","persistent":true}`)
	assert.Equal(t, 200, status)
	assert.False(t, answer.Persisted, "it would not survive")
	_, fields := get(t, p.url+"/api/sse/metrics", testKey)
	sum := fields["journal"].(map[string]any)
	assert.Equal(t, 1.0, sum["records"])
	assert.Equal(t, false, sum["durable"])
	require.NoError(t, p.end())
	assert.NotContains(t, p.err.String(), "journal opened")
}

func TestDirectoriesThatCantBeUsed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	newer := filepath.Join(dir, "newer")
	require.NoError(t, os.Mkdir(newer, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(newer, "JOURNAL"), []byte("sseactor journal, format 999\n"), 0o600))
	used := filepath.Join(dir, "used")
	store, err := disk.Open(disk.Options{Dir: used})
	require.NoError(t, err)
	defer store.Close()
	for sentence, c := range map[string]struct{ dir, want string }{
		"a file":                   {file, "not a directory"},
		"below a file":             {filepath.Join(file, "x"), "not a directory"},
		"of a newer version":       {newer, "written by a newer sseactor"},
		"that another server uses": {used, "another process has it open, and only one can"},
		"that nobody can make":     {"/proc/none/of/this", "make the directory"},
	} {
		t.Run(sentence, func(t *testing.T) {
			checkLeaks(t)
			public := freeAddr(t)
			_, _, err := do(t, serve, nil, "", "--mode", "development", "--addr", public, "--data-dir", c.dir)
			require.Error(t, err)
			assert.ErrorContains(t, err, "setting data-dir: ")
			assert.ErrorContains(t, err, c.want)
			assert.NotErrorIs(t, err, errUsage, "the configuration is right; something else is not")
			again, err := net.Listen("tcp", public)
			require.NoError(t, err)
			require.NoError(t, again.Close())
		})
	}
}

func TestTwoServersOnOneDirectory(t *testing.T) {
	dir := t.TempDir()
	first := startServerProcess(t, "--data-dir", dir)
	second := startProcess(t, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
	assert.Equal(t, exitFailed, second.exited(t))
	assert.Contains(t, second.err.String(), "another process has it open, and only one can")
	mustKeep(t, first.url, 1, 1)
}

func TestTheBoundsOfMailboxesHold(t *testing.T) {
	for _, args := range [][]string{nil, {"--data-dir", t.TempDir()}} {
		p := startServer(t, append(args, "--mailbox-events", "2")...)
		for range 5 {
			post(t, p.url, `{"data":1,"userId":"7","persistent":true}`)
		}
		_, fields := get(t, p.url+"/api/sse/metrics", testKey)
		assert.Equal(t, 2.0, fields["journal"].(map[string]any)["records"])
		require.NoError(t, p.end())
	}
	p := startServer(t, "--mailbox-memory", "1MiB", "--mailbox-events", "100000")
	data := strings.Repeat("x", 60_000)
	status := 200
	var answer posted
	for n := 0; status == 200 && n < 100; n++ {
		status, answer = post(t, p.url, fmt.Sprintf(`{"data":%q,"userId":"user %d","persistent":true}`, data, n))
	}
	assert.Equal(t, 503, status)
	assert.Equal(t, "JOURNAL_FULL", answer.Code)
	status, _ = post(t, p.url, `{"data":"live","userId":"7"}`)
	assert.Equal(t, 200, status)
	status, _ = get(t, p.url+"/readyz", "")
	assert.Equal(t, 200, status)
	require.NoError(t, p.end())
}

func TestThereIsNoHistoryWhereItIsOff(t *testing.T) {
	p := startServer(t, "--history-events", "0")
	post(t, p.url, `{"data":1}`)
	_, fields := get(t, p.url+"/api/sse/metrics", testKey)
	assert.Equal(t, 0.0, fields["history"].(map[string]any)["events"])
	require.NoError(t, p.end())
}

// A second signal must not wait for the journal.
func TestASecondSignalEndsAtOnceWithAJournal(t *testing.T) {
	dir := t.TempDir()
	p := startServerProcess(t, "--data-dir", dir, "--shutdown-delay", "1m", "--shutdown-grace", "2m")
	ids := mustKeep(t, p.url, 1, 5)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	p.err.wait(t, `"msg":"shutting down"`)
	began := time.Now()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	assert.Equal(t, exitFailed, p.exited(t))
	assert.Less(t, time.Since(began), 10*time.Second)
	got, _ := mailbox(t, dir)
	assert.Equal(t, ids, got)
}

func TestDamageIsToldAndNotWithoutEnd(t *testing.T) {
	out := &output{}
	d := damageLog{log: newLogger(loaded(t), out)}
	for range 10 * maxDamageLines {
		d.found("a place", io.ErrUnexpectedEOF)
	}
	assert.Equal(t, maxDamageLines+1, strings.Count(out.String(), "level=ERROR"))
	assert.Contains(t, out.String(), "more places")
}
