//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs are the k6 and the server that the tests run: K6 and SSEACTOR_BIN.
func programs(t *testing.T) (k6, server string) {
	t.Helper()
	return program(t, "K6"), program(t, "SSEACTOR_BIN")
}

// program skips the test when the variable names no program. On CI (REQUIRE_ALL=1)
// that is a failure: a check nobody runs proves nothing.
func program(t *testing.T, variable string) string {
	t.Helper()
	path, err := exec.LookPath(os.Getenv(variable))
	if err == nil {
		return path
	}
	if os.Getenv("REQUIRE_ALL") == "1" {
		t.Fatalf("%s: %v, and REQUIRE_ALL=1", variable, err)
	}
	t.Skipf("%s: %v (make k6-check builds it and runs this)", variable, err)
	return ""
}

// bare is an environment without what a developer has set for runs of their own.
func bare(settings ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, settings...)
}

// serve runs a server until the test ends.
func serve(t *testing.T, settings ...string) *server {
	t.Helper()
	_, program := programs(t)
	log := &syncedBuffer{}
	s, err := startServer(t.Context(), program, log, bare(settings...))
	require.NoError(t, err)
	t.Cleanup(func() {
		s.end()
		if t.Failed() {
			t.Logf("the server said:\n%s", log)
		}
	})
	return s
}

// outcome is how a run of k6 ended.
type outcome struct {
	code    int
	said    string
	metrics map[string]metric
}

// metric is one of k6's summary.
type metric struct {
	Values     map[string]float64
	Thresholds map[string]struct{ OK bool }
}

// failed are the metrics with a threshold that failed.
func (o outcome) failed() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(o.metrics)) {
		for _, threshold := range o.metrics[name].Thresholds {
			if !threshold.OK {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// try runs a script of loadtest to its end.
func try(t *testing.T, script string, environment ...string) outcome {
	t.Helper()
	k6, _ := programs(t)
	summary := filepath.Join(t.TempDir(), "summary.json")
	cmd := k6Command(k6, filepath.Join("..", "..", script+".js"), bare(append(environment, "SUMMARY_JSON="+summary)...))
	said, err := cmd.CombinedOutput()
	t.Logf("%s", bytes.TrimSpace(said))
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	o := outcome{code: cmd.ProcessState.ExitCode(), said: string(said)}
	// A run that was refused at its start has no summary.
	if text, err := os.ReadFile(summary); err == nil {
		require.NoError(t, json.Unmarshal(text, &o))
	}
	return o
}

// UnmarshalJSON takes the metrics from a summary.
func (o *outcome) UnmarshalJSON(text []byte) error {
	var summary struct{ Metrics map[string]metric }
	if err := json.Unmarshal(text, &summary); err != nil {
		return fmt.Errorf("k6's summary: %w", err)
	}
	o.metrics = summary.Metrics
	return nil
}

// syncedBuffer is written to by a process while the test reads it.
type syncedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
