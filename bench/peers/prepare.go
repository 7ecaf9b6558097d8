//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// need is what a system needs before it can start.
type need int

const (
	needSSEActor need = iota
	needFloor
	needNchan
	needPeers
	needNode
)

// prepared is where everything is.
type prepared struct {
	dir      string // for what this run leaves behind
	module   string // this module's
	sseactor string
	floor    string
	peers    string
	nginx    string
}

// prepare builds what the systems need. It says at once all that is missing.
func prepare(ctx context.Context, dir string, chosen []system) (*prepared, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	p := &prepared{
		dir: dir, module: filepath.Dir(strings.TrimSpace(string(mod))),
		sseactor: filepath.Join(dir, "sseactor"), floor: filepath.Join(dir, "floor"), peers: filepath.Join(dir, "golang"),
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	root := filepath.Dir(filepath.Dir(p.module))
	makers := map[need]func() error{
		needSSEActor: func() error { return build(ctx, root, "go", "build", "-o", p.sseactor, "./cmd/sseactor") },
		needFloor:    func() error { return build(ctx, p.module, "cc", "-O2", "-o", p.floor, "floor/floor.c") },
		needPeers:    func() error { return build(ctx, p.module, "go", "build", "-o", p.peers, "./golang") },
		needNode: func() error {
			return build(ctx, filepath.Join(p.module, "node"), "npm", "ci", "--no-audit", "--no-fund", "--omit=dev")
		},
		needNchan: p.findNginx,
	}
	var all []error
	for _, s := range chosen {
		if do, ok := makers[s.needs]; ok {
			all = append(all, do())
			delete(makers, s.needs)
		}
	}
	return p, errors.Join(all...)
}

func build(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

func (p *prepared) findNginx() (err error) {
	const missing = "nchan needs nginx and its module: apt-get install nginx-light libnginx-mod-nchan"
	if p.nginx, err = exec.LookPath("nginx"); err != nil {
		if p.nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return errors.New(missing)
		}
	}
	if _, err := os.Stat("/usr/share/nginx/modules/ngx_nchan_module.so"); err != nil {
		if _, err := os.Stat("/usr/lib/nginx/modules/ngx_nchan_module.so"); err != nil {
			return errors.New(missing)
		}
	}
	return nil
}
