package transport

import (
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/sseactor/sseactor"

// The table of shared/STYLE.md, "package | may import | never": which packages of
// ours each may depend on, and what it must not depend on however indirectly. A
// pattern ends in "..." for what is below.
var dependencies = map[string]struct{ ours, never []string }{
	"actor/sse":        {nil, []string{"net", "log/slog", "github.com/..."}},
	"actor/internal/*": {[]string{"actor/sse"}, []string{"net", "log/slog", "github.com/..."}},
	"actor":            {[]string{"actor/sse", "actor/internal/..."}, []string{"net", "log/slog", "github.com/..."}},

	"transport/auth":                {nil, []string{"github.com/valyala/fasthttp"}},
	"transport/wire":                {[]string{"actor", "actor/sse", "actor/internal/..."}, []string{"github.com/valyala/fasthttp"}},
	"transport/stream":              {[]string{"actor", "actor/sse", "actor/internal/..."}, []string{"github.com/valyala/fasthttp"}},
	"transport/journal":             {[]string{"actor", "actor/sse", "actor/internal/..."}, []string{"net", "github.com/..."}},
	"transport/journal/memory":      {[]string{"actor", "actor/sse", "actor/internal/...", "transport/journal"}, []string{"net", "github.com/..."}},
	"transport/journal/disk":        {[]string{"actor", "actor/sse", "actor/internal/...", "transport/journal"}, []string{"github.com/valyala/fasthttp"}},
	"transport/journal/journaltest": {[]string{"actor", "actor/sse", "actor/internal/...", "transport/journal"}, []string{"github.com/valyala/fasthttp"}},
	"transport/handover":            {[]string{"actor", "actor/sse", "actor/internal/..."}, []string{"net", "github.com/..."}},
	"transport/sseutils":            {[]string{"actor/sse"}, []string{"github.com/..."}},
	// A program that embeds the hub carries no HTTP server, disk or sign-in of ours.
	"transport/embed":     {[]string{"actor", "actor/sse", "actor/internal/...", "transport/stream", "transport/wire", "transport/sseutils"}, notEmbedded},
	"transport/embed/*":   {[]string{"actor", "actor/sse", "actor/internal/...", "transport/stream", "transport/wire", "transport/sseutils", "transport/embed"}, notEmbedded},
	"transport/monitor":   {nil, []string{"net", "log/slog", "github.com/..."}},
	"transport/ratelimit": {nil, []string{"net", "github.com/valyala/fasthttp"}},
	"transport/web":       {nil, []string{"net", "github.com/valyala/fasthttp"}},
	"transport":           {[]string{"actor/...", "actor", "transport/..."}, []string{module + "/cmd/..."}},

	"cmd/sseactor/internal/*": {nil, []string{"github.com/valyala/fasthttp"}},
	"cmd/sseactor":            {[]string{"actor/...", "actor", "transport/...", "transport", "cmd/sseactor/internal/..."}, nil},
}

var notEmbedded = []string{"github.com/valyala/...", "github.com/VictoriaMetrics/...", "github.com/cockroachdb/...", "github.com/go-jose/..."}

// directly is what a package must not name itself, though what it uses may.
var directly = map[string][]string{
	"actor/sse":        {"os"},
	"actor":            {"os", "net", "net/http", "log", "log/slog"},
	"actor/internal/*": {"os", "time", "net", "log/slog"},
}

func TestImportsGoOneWay(t *testing.T) {
	tree := goList(t, "{{.ImportPath}}\t{{join .Imports \" \"}}\t{{join .Deps \" \"}}", module+"/actor/...", module+"/transport/...", module+"/cmd/...")
	used := map[string]bool{}
	for _, line := range tree {
		columns := strings.Split(line, "\t")
		name := strings.TrimPrefix(columns[0], module+"/")
		rule := ruleFor(name)
		if !assert.NotEmpty(t, rule, "%s has no line in the table: write one", name) {
			continue
		}
		used[rule] = true
		for dep := range strings.FieldsSeq(columns[2]) {
			if ours, ok := strings.CutPrefix(dep, module+"/"); ok {
				assert.True(t, anyMatches(dependencies[rule].ours, ours), "%s depends on %s", name, ours)
				continue
			}
			assert.False(t, anyMatches(dependencies[rule].never, dep), "%s depends on %s", name, dep)
		}
		for imported := range strings.FieldsSeq(columns[1]) {
			assert.NotContains(t, directly[rule], imported, "%s imports it", name)
		}
	}
	for rule := range dependencies {
		assert.True(t, used[rule], "no package is what the table calls %s", rule)
	}
}

// The rooms below transport know each other by small interfaces only, but for embed: it
// makes a server of them for another program, as transport does for ours.
func TestLeafRoomsDoNotKnowEachOther(t *testing.T) {
	for _, line := range goList(t, "{{.ImportPath}}\t{{join .Deps \" \"}}", module+"/transport/...", module+"/actor/internal/...") {
		name, deps, _ := strings.Cut(line, "\t")
		if name == module+"/transport" || name == module+"/transport/embed" {
			continue
		}
		for dep := range strings.FieldsSeq(deps) {
			assert.NotEqual(t, path.Dir(name), path.Dir(dep), "%s depends on %s", name, dep)
		}
	}
}

func ruleFor(name string) string {
	if _, ok := dependencies[name]; ok {
		return name
	}
	if rule := path.Dir(name) + "/*"; dependencies[rule].ours != nil || dependencies[rule].never != nil {
		return rule
	}
	return ""
}

func anyMatches(patterns []string, name string) bool {
	for _, p := range patterns {
		if prefix, ok := strings.CutSuffix(p, "..."); ok && strings.HasPrefix(name, prefix) || p == name {
			return true
		}
	}
	return false
}

func goList(t *testing.T, format string, packages ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-f", format}, packages...)...).Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
