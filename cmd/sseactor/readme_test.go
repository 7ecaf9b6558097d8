package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/transport"
)

var update = flag.Bool("update", false, "write the README's tables anew")

// The README's tables are made from the code that they describe.
func TestReadme(t *testing.T) {
	const path = "../../README.md"
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	after := string(before)
	for name, table := range map[string]string{
		"settings": config.MarkdownTable(),
		"metrics":  metricsTable(),
	} {
		after = replaceBetween(t, after, name, table)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(after), 0o644))
		return
	}
	assert.Equal(t, after, string(before), "run: make readme")
}

func replaceBetween(t *testing.T, text, name, table string) string {
	begin, end := "<!-- "+name+": made by make readme -->\n", "<!-- end of "+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	require.True(t, ok, "the README has no %q", begin)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, "the README has no %q", end)
	return head + begin + "\n" + strings.TrimSpace(table) + "\n\n" + end + tail
}

// metricsTable has a row for each metric; the values of a label share one.
func metricsTable() string {
	var b strings.Builder
	b.WriteString("| metric | kind | meaning |\n| --- | --- | --- |\n")
	for _, m := range transport.MetricsTable() {
		if m.Help == "" {
			continue
		}
		name, label, labelled := strings.Cut(m.Name, "{")
		if labelled {
			label, _, _ = strings.Cut(label, "=")
			name += "{" + label + "}"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, m.Kind, m.Help)
	}
	return b.String()
}
