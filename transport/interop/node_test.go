package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nodeMissing sees to it that the scripts in node/ can run, and installs what
// their package-lock.json names where that has not happened yet.
var nodeMissing = sync.OnceValue(func() error {
	if _, err := program("NODE", "node"); err != nil {
		return err
	}
	// npm writes this file last; one older than the lock is of an older install.
	lock, err := os.Stat("node/package-lock.json")
	if err != nil {
		return err
	}
	if done, err := os.Stat("node/node_modules/.package-lock.json"); err == nil && !done.ModTime().Before(lock.ModTime()) {
		return nil
	}
	npm, err := program("NPM", "npm")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ci := exec.CommandContext(ctx, npm, "ci", "--no-audit", "--no-fund")
	ci.Dir = "node"
	if out, err := ci.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// order is what a script is told, as JSON in its only argument.
type order struct {
	URL      string   `json:"url"`
	Names    []string `json:"names"` // of events to listen for
	Chromium string   `json:"chromium,omitempty"`
	Profile  string   `json:"profile,omitempty"` // a new empty directory
	Page     string   `json:"page,omitempty"`    // the page's origin, if not the stream's
	User     string   `json:"user,omitempty"`    // who signs in there
}

// openNode reads with a script of node/. The script prints a line of JSON for
// each event; a line on its standard input makes it close its stream, and that
// input's end makes it exit.
func openNode(script string) func(testing.TB, string) *reading {
	return func(t testing.TB, url string) *reading {
		return runScript(t, script, order{URL: url, Names: eventNames()})
	}
}

func runScript(t testing.TB, script string, o order) *reading {
	t.Helper()
	node, err := program("NODE", "node")
	require.NoError(t, err)
	arg, err := json.Marshal(o)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	cmd := exec.CommandContext(ctx, node, filepath.Join("node", script), string(arg))
	cmd.WaitDelay = 5 * time.Second
	var complaint output
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	r := newReading()
	left, exited := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(exited)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 8*maxBlock)
		for lines.Scan() {
			var said struct {
				seen
				Closed bool `json:"closed"`
			}
			switch err := json.Unmarshal(lines.Bytes(), &said); {
			case err != nil:
				fmt.Fprintf(&complaint, "not JSON: %.200s\n", lines.Bytes())
			case said.Closed:
				close(left)
			default:
				r.saw(said.Type, said.Data, said.ID)
			}
		}
		_ = cmd.Wait()
	}()
	r.ask = func(what string) {
		_, err := io.WriteString(in, what+"\n")
		require.NoError(t, err)
	}
	r.end = func() {
		_, _ = io.WriteString(in, "close\n")
		select {
		case <-left:
		case <-exited:
		case <-time.After(10 * time.Second):
		}
	}
	t.Cleanup(func() {
		defer cancel()
		r.close()
		_ = in.Close()
		select {
		case <-exited:
		case <-time.After(15 * time.Second):
			assert.Fail(t, script+" did not exit; killing it")
			cancel()
			<-exited
		}
		if t.Failed() && complaint.String() != "" {
			t.Logf("%s said:\n%s", script, complaint.tail())
		}
	})
	return r
}

// A lock file with addresses would make an install elsewhere go to this
// machine's registry.
func TestLockFileNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("node/package-lock.json")
	require.NoError(t, err)
	assert.NotContains(t, string(lock), `"resolved"`)
}
