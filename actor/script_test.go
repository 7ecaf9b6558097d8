package actor

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what came out into testdata/*.txt")

// The scripts in testdata teach the hub's protocol: commands, a line of dashes,
// and what came of them. They run on a state without any goroutine; the commands
// are in commands_test.go. After a change:
//
//	go test ./actor -run TestScripts -update && git diff actor/testdata
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			after := runScript(t, string(text))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(after), 0o644))
				return
			}
			want, got := strings.Split(string(text), "\n\n"), strings.Split(after, "\n\n")
			require.Len(t, got, len(want))
			for i := range want {
				if want[i] != got[i] {
					assert.Failf(t, "another outcome", "expected:\n%s\n\ncame out:\n%s", want[i], got[i])
				}
			}
		})
	}
}

const dashes = "----"

// runScript gives the script back with what came out now.
func runScript(t *testing.T, text string) string {
	s := &script{t: t}
	var out strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteString("\n")
		}
		commands, _, found := strings.Cut(paragraph+"\n", dashes+"\n")
		out.WriteString(commands)
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				require.True(t, found, "no %s behind %q", dashes, line)
				s.do(line)
			}
		}
		if found {
			out.WriteString(dashes + "\n")
			out.WriteString(s.output())
		}
	}
	return out.String()
}
