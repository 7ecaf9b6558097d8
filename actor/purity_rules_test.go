package actor

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	module = "github.com/sseactor/sseactor"
	room   = module + "/actor"
)

// forbiddenImports, each with all that is below it.
var forbiddenImports = []string{"C", "crypto/tls", "log", "net", "os", "plugin", "runtime", "syscall", "testing", "unsafe"}

// forbiddenNames of packages that are allowed otherwise.
var forbiddenNames = map[string][]string{
	"time":    {"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "NewTimer", "NewTicker", "Tick"},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// mayWait are the functions of the hub's goroutine with one select that waits.
var mayWait = map[string]string{
	"Hub.run":     "the loop itself: it waits for the next message",
	"Hub.killAll": "after the last message: it waits for writers, which wait for nothing",
}

// violations says where files break the rules of this room.
func violations(files []goFile) (all []string) {
	for _, f := range files {
		all = append(all, f.badImports()...)
		all = append(all, f.badNames()...)
		all = append(all, f.badReplies()...)
	}
	all = append(all, badGoroutines(files)...)
	return append(all, waits(files)...)
}

func (f goFile) at(n ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", f.name, f.set.Position(n.Pos()).Line) + fmt.Sprintf(format, args...)
}

func importPath(i *ast.ImportSpec) string {
	p, _ := strconv.Unquote(i.Path.Value)
	return p
}

func (f goFile) badImports() (bad []string) {
	for _, i := range f.tree.Imports {
		p := importPath(i)
		if i.Name != nil && i.Name.Name == "." {
			bad = append(bad, f.at(i, "dot import of %s hides what is used of it", p))
		}
		if !f.mayImport(p) {
			bad = append(bad, f.at(i, "imports %s", p))
		}
	}
	return bad
}

// mayImport is STYLE's table.
func (f goFile) mayImport(p string) bool {
	if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
		switch {
		case f.dir == "sse":
			return false
		case strings.HasPrefix(f.dir, "internal/"):
			return p == room+"/sse"
		}
		return p == room+"/sse" || strings.HasPrefix(p, room+"/internal/")
	}
	if p == "sync" {
		return false // sync/atomic is no lock
	}
	for _, no := range forbiddenImports {
		if p == no || strings.HasPrefix(p, no+"/") {
			return false
		}
	}
	return true
}

func (f goFile) badNames() (bad []string) {
	packages := make(map[string]string) // by their names in this file
	for _, i := range f.tree.Imports {
		name := path.Base(importPath(i))
		if i.Name != nil {
			name = i.Name.Name
		}
		packages[name] = importPath(i)
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			// An identifier that was declared in this file is no package.
			if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil {
				if p := packages[x.Name]; slices.Contains(forbiddenNames[p], s.Sel.Name) {
					bad = append(bad, f.at(s, "%s.%s", p, s.Sel.Name))
				}
			}
		}
		return true
	})
	return bad
}

// badReplies finds channels called reply that the hub might have to wait for.
func (f goFile) badReplies() (bad []string) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != 1 || nameOf(a.Lhs[0]) != "reply" {
			return true
		}
		call, ok := a.Rhs[0].(*ast.CallExpr)
		if !ok || nameOf(call.Fun) != "make" {
			return true
		}
		if len(call.Args) < 2 || !isPositive(call.Args[1]) {
			bad = append(bad, f.at(a, "this reply has no room for the answer"))
		}
		return true
	})
	return bad
}

func isPositive(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	return ok && l.Kind == token.INT && l.Value != "0"
}

func badGoroutines(files []goFile) (bad []string) {
	count := 0
	eachFunction(files, func(f goFile, d *ast.FuncDecl) {
		ast.Inspect(d, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				count++
				if functionName(d) != "Hub.Start" {
					bad = append(bad, f.at(g, "go statement in %s", functionName(d)))
				}
			}
			return true
		})
	})
	if count > 1 {
		bad = append(bad, fmt.Sprintf("%d go statements; the hub is one", count))
	}
	return bad
}

// waits finds channel operations that could make the hub's goroutine wait: in
// every function that run reaches by name, directly or not. A name stands for all
// functions and methods so called, which is too many rather than too few.
func waits(files []goFile) (bad []string) {
	type function struct {
		file goFile
		decl *ast.FuncDecl
	}
	byName := make(map[string][]function)
	eachFunction(files, func(f goFile, d *ast.FuncDecl) {
		byName[d.Name.Name] = append(byName[d.Name.Name], function{f, d})
	})
	channels := channelNames(files)
	reached := make(map[string]bool)
	queue := []string{"run"}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if reached[name] {
			continue
		}
		reached[name] = true
		for _, fn := range byName[name] {
			bad = append(bad, fn.file.waitsIn(fn.decl, channels)...)
			ast.Inspect(fn.decl, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && byName[id.Name] != nil {
					queue = append(queue, id.Name)
				}
				return true
			})
		}
	}
	return bad
}

func (f goFile) waitsIn(d *ast.FuncDecl, channels map[string]bool) (bad []string) {
	name := functionName(d)
	allowance := 0 // of selects that wait
	if mayWait[name] != "" {
		allowance = 1
	}
	fine := make(map[ast.Node]bool) // operations that do not wait, or may
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			if !hasDefault(n) {
				if allowance--; allowance < 0 {
					bad = append(bad, f.at(n, "waits in %s: a select without a default", name))
				}
			}
			for _, clause := range n.Body.List {
				fine[operation(clause.(*ast.CommClause).Comm)] = true
			}
		case *ast.SendStmt:
			if !fine[n] && nameOf(n.Chan) != "reply" {
				bad = append(bad, f.at(n, "waits in %s: a send", name))
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW && !fine[n] {
				bad = append(bad, f.at(n, "waits in %s: a receive", name))
			}
		case *ast.RangeStmt:
			if n.Value == nil && channels[nameOf(n.X)] {
				bad = append(bad, f.at(n, "waits in %s: a range over a channel", name))
			}
		}
		return true
	})
	return bad
}

func hasDefault(s *ast.SelectStmt) bool {
	return slices.ContainsFunc(s.Body.List, func(c ast.Stmt) bool { return c.(*ast.CommClause).Comm == nil })
}

// operation is the send or the receive of a select's clause.
func operation(comm ast.Stmt) ast.Node {
	switch s := comm.(type) {
	case *ast.SendStmt:
		return s
	case *ast.ExprStmt:
		return s.X
	case *ast.AssignStmt:
		return s.Rhs[0]
	}
	return nil
}

// channelNames are the names of all variables, fields, parameters and functions
// that are channels, or give one.
func channelNames(files []goFile) map[string]bool {
	names := make(map[string]bool)
	for _, f := range files {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				if isChannel(n.Type) {
					for _, name := range n.Names {
						names[name.Name] = true
					}
				}
			case *ast.ValueSpec:
				if isChannel(n.Type) {
					for _, name := range n.Names {
						names[name.Name] = true
					}
				}
			case *ast.FuncDecl:
				if r := n.Type.Results; r != nil && len(r.List) == 1 && isChannel(r.List[0].Type) {
					names[n.Name.Name] = true
				}
			}
			return true
		})
	}
	return names
}

func isChannel(e ast.Expr) bool {
	_, ok := e.(*ast.ChanType)
	return ok
}

// nameOf is the last name of x, a.x or a.x().
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		return nameOf(e.Fun)
	case *ast.ParenExpr:
		return nameOf(e.X)
	}
	return ""
}

// functionName is Type.Method, or the function's name.
func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	recv := d.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	return nameOf(recv) + "." + d.Name.Name
}

// eachFunction is called with each function, and with each variable that is one.
func eachFunction(files []goFile, do func(goFile, *ast.FuncDecl)) {
	for _, f := range files {
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				if fn.Body != nil {
					do(f, fn)
				}
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if v, ok := n.(*ast.ValueSpec); ok {
					for i, value := range v.Values {
						var body ast.BlockStmt
						body.List = []ast.Stmt{&ast.ExprStmt{X: value}}
						do(f, &ast.FuncDecl{Name: v.Names[min(i, len(v.Names)-1)], Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &body})
					}
				}
				return true
			})
		}
	}
}
