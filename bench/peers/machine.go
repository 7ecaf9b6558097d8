//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// machine is what was measured on.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Arch   string `json:"arch"`
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, Linux %s, %s", m.CPU, m.Cores, m.Kernel, m.Arch)
}

func thisMachine() machine {
	m := machine{CPU: "a processor without a name", Cores: runtime.NumCPU(), Arch: runtime.GOARCH}
	text, _ := os.ReadFile("/proc/cpuinfo")
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel = strings.TrimSpace(string(release))
	return m
}

// versions are those of what was measured.
func versions(ctx context.Context, p *prepared, chosen []system) map[string]string {
	v := map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")}
	for _, s := range chosen {
		switch s.needs {
		case needSSEActor:
			v["sseactor"] = said(ctx, "git", "-C", p.module, "describe", "--always", "--dirty")
		case needNode:
			v["Node"] = strings.TrimPrefix(said(ctx, "node", "--version"), "v")
			v["better-sse"] = npmVersion(filepath.Join(p.module, "node", "node_modules", "better-sse", "package.json"))
		case needNchan:
			_, v["nginx"], _ = strings.Cut(said(ctx, p.nginx, "-v"), "nginx/")
			v["nchan (Debian's package)"] = said(ctx, "dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan")
		case needPeers:
			for line := range strings.Lines(said(ctx, p.peers, "-versions")) {
				if name, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
					v[name] = version
				}
			}
		case needFloor:
			v["cc"], _, _ = strings.Cut(said(ctx, "cc", "--version"), "\n")
		}
	}
	return v
}

func said(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(out))
}

func npmVersion(file string) string {
	var p struct{ Version string }
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return "?"
	}
	return p.Version
}
