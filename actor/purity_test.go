package actor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What DESIGN promises of this room, read from its syntax: no locks and no shared
// maps, no clock, no I/O, one goroutine, and a hub that never waits. The rules are
// in purity_rules_test.go.

// TestPurity reads every file under actor that is not a test.
func TestPurity(t *testing.T) {
	files := ownFiles(t)
	require.Greater(t, len(files), 10)
	assert.Empty(t, violations(files))
}

// TestDependencies asks the go command what is linked in, directly or not.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...").Output()
	require.NoError(t, err)
	for name := range strings.FieldsSeq(string(out)) {
		assert.True(t, name == room || strings.HasPrefix(name, room+"/"), "actor depends on %s", name)
	}
}

// TestPurityCatches feeds the rules with what they are there to refuse, and with
// what they must let pass.
func TestPurityCatches(t *testing.T) {
	const head = "package actor\n"
	tests := []struct {
		name  string
		path  string // default actor/x.go
		text  string
		fault string // empty: none
	}{
		{"a mutex", "", `import "sync"; var m sync.Mutex`, "imports sync"},
		{"a mutex by another name", "", `import s "sync"; var m s.Mutex`, "imports sync"},
		{"a pool in the outbox", "internal/outbox/x.go", `import "sync"; var p sync.Pool`, "imports sync"},
		{"an atomic", "", `import "sync/atomic"; var n atomic.Int32`, ""},
		{"a shared map", "", `import "github.com/puzpuzpuz/xsync/v3"; var m = xsync.NewMap()`, "imports github.com/puzpuzpuz/xsync/v3"},
		{"a clock", "", `import "time"; func now() any { return time.Now() }`, "time.Now"},
		{"a clock by another name", "", `import clock "time"; func now() any { return clock.Now() }`, "time.Now"},
		{"a clock as a value", "", `import "time"; var now = time.Now`, "time.Now"},
		{"a sleep", "", `import "time"; func f() { time.Sleep(1) }`, "time.Sleep"},
		{"a timer", "sse/x.go", `import "time"; var c = time.NewTimer(1)`, "time.NewTimer"},
		{"a timeout", "", `import ("context"; "time"); func f(c context.Context) { context.WithTimeout(c, time.Second) }`, "context.WithTimeout"},
		{"a package's names without the package's", "", `import . "time"; var now = Now()`, "dot import"},
		{"a duration", "", `import "time"; var d = time.Second; func f(t time.Time) { t.After(t) }`, ""},
		{"a variable that hides a package", "", `import "time"; type clock struct{ Now int }; var d time.Duration; func f(time clock) int { return time.Now }`, ""},
		{"the network", "", `import "net"; var c net.Conn`, "imports net"},
		{"HTTP", "", `import _ "net/http"`, "imports net/http"},
		{"files", "sse/x.go", `import "os"; var f *os.File`, "imports os"},
		{"a log", "", `import _ "log/slog"`, "imports log/slog"},
		{"system calls", "", `import _ "syscall"`, "imports syscall"},
		{"unsafe memory", "", `import _ "unsafe"`, "imports unsafe"},
		{"C", "", `import "C"`, "imports C"},
		{"fasthttp", "", `import _ "github.com/valyala/fasthttp"`, "imports github.com/valyala/fasthttp"},
		{"the room above", "", `import _ "` + module + `/transport/wire"`, "imports " + module + "/transport/wire"},
		{"the rooms below", "", `import (_ "` + room + `/sse"; _ "` + room + `/internal/outbox")`, ""},
		{"sse that imports the hub", "sse/x.go", `import _ "` + room + `"`, "imports " + room},
		{"sse that imports its neighbour", "sse/x.go", `import _ "` + room + `/internal/outbox"`, "imports " + room + "/internal/outbox"},
		{"an outbox that imports sse", "internal/outbox/x.go", `import _ "` + room + `/sse"`, ""},
		{"an outbox that imports its neighbour", "internal/outbox/x.go", `import _ "` + room + `/internal/history"`, "imports " + room + "/internal/history"},

		{"a goroutine", "", `func f() { go f() }`, "go statement in f"},
		{"a goroutine in a method of the same name", "", `type other struct{}; func (o *other) Start() { go o.Start() }`, "go statement in other.Start"},
		{"the hub's goroutine", "", `func (h *Hub) Start() { go h.run() }; func (h *Hub) run() {}`, ""},
		{"a goroutine of a variable's", "", `var f = func() { go f() }`, "go statement in f"},
		{"a second goroutine of the hub's", "", `func (h *Hub) Start() { go h.run(); go h.run() }; func (h *Hub) run() {}`, "2 go statements"},

		{"a send in the hub", "", hub(`func f() { c <- 1 }`), "waits in f"},
		{"a receive in the hub", "", hub(`func f() { <-c }`), "waits in f"},
		{"a receive as a value", "", hub(`func f() int { return 1 + <-c }`), "waits in f"},
		{"a receive in a function's function", "", hub(`func f() { g() }; func g() { func() { <-c }() }`), "waits in g"},
		{"a receive in a method that is handed on", "", hub(`func f() { h(x.m) }; func h(func()) {}; func (x *X) m() { <-c }`), "waits in X.m"},
		{"a receive in a variable's function", "", hub(`var f = func() { <-c }`), "waits in f"},
		{"a range over a channel", "", hub(`func f() { for range c { } }`), "waits in f"},
		{"a range over a channel of a field's", "", hub(`type T struct{ in chan int }; func f(t T) { for v := range t.in { _ = v } }`), "waits in f"},
		{"a select without a default", "", hub(`func f() { select { case <-c: case c <- 1: } }`), "waits in f"},
		{"a select for ever", "", hub(`func f() { select {} }`), "waits in f"},
		{"a receive in a clause's body", "", hub(`func f() { select { case <-c: <-c; default: } }`), "waits in f"},
		{"a channel that comes from a channel", "", hub(`func f() { select { case <-<-cc: default: } }`), "waits in f"},
		{"a send of what is received", "", hub(`func f() { select { case c <- <-c: default: } }`), "waits in f"},
		{"a second select in run", "", `func (h *Hub) run() { select { case <-c: }; <-c }; var c chan int`, "waits in Hub.run"},
		{"a select with a default", "", hub(`func f() { select { case <-c: case c <- 1: default: } }`), ""},
		{"a range over a slice of channels", "", hub(`type T struct{ all []chan int }; func f(t T) { for _, reply := range t.all { reply <- 1 } }`), ""},
		{"an answer", "", hub(`func f(reply chan int, m struct{ reply chan int }) { reply <- 1; m.reply <- 1 }`), ""},
		{"a receive elsewhere", "", hub(`func f() {}; func elsewhere() { <-c }`), ""},
		{"a reply without room", "", `func ask() { reply := make(chan int); _ = reply }`, "no room"},
		{"a reply with room", "", `func ask() { reply := make(chan int, 1); _ = reply }`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.path == "" {
				tt.path = "x.go"
			}
			got := violations([]goFile{parse(t, tt.path, head+tt.text)})
			if tt.fault == "" {
				assert.Empty(t, got)
			} else {
				assert.Contains(t, strings.Join(got, "\n"), tt.fault)
			}
		})
	}
}

// hub is a package whose hub calls f.
func hub(rest string) string {
	return `var c chan int; var cc chan chan int; func (h *Hub) run() { select { case <-c: }; f() }; ` + rest
}

func ownFiles(t *testing.T) (files []goFile) {
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files = append(files, parse(t, filepath.ToSlash(name), nil))
		}
		return err
	})
	require.NoError(t, err)
	return files
}

func parse(t *testing.T, name string, text any) goFile {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, 0) // with objects, which tell a variable from a package of its name
	require.NoError(t, err)
	return goFile{name: name, dir: path.Dir(name), set: set, tree: tree}
}

// goFile is one file, by its path below actor.
type goFile struct {
	name, dir string
	set       *token.FileSet
	tree      *ast.File
}
