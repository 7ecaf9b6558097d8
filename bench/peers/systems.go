//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// system is a server that is measured.
type system struct {
	name  string
	about string // its configuration, for the table's notes
	needs need   // what must be built or installed before
	// command starts it on a port of 127.0.0.1. It answers GET /healthz, and
	// GET /api/sse?sessionId=… with a stream.
	command func(p *prepared, port int, targeted bool) (*exec.Cmd, error)
	// path and body are what publishes data to a session, or to all if that is
	// empty.
	publish func(session, data string) (path, body string)
	// greets: a stream starts with a connection event, which says that it is
	// registered. Else it is taken for open when its head has come.
	greets bool
	// baseline: not one of the peers but what they are all compared with.
	baseline bool
}

// key is the API key of the measured sseactor.
const key = "0123456789abcdef0123456789abcdef"

var systems = []system{
	{
		name: "sseactor", about: "default settings, in production mode; only max-clients is raised, to 20,000", needs: needSSEActor, greets: true,
		publish: asJSON,
		command: func(p *prepared, port int, _ bool) (*exec.Cmd, error) {
			cmd := exec.Command(p.sseactor)
			cmd.Env = append(plainEnv(),
				"SSEACTOR_ADDR=127.0.0.1:"+strconv.Itoa(port), "SSEACTOR_MAX_CLIENTS=20000", "SSEACTOR_API_KEYS=bench:"+key)
			return cmd, nil
		},
	},
	{
		name: "floor", about: "C, one thread, one epoll, one send() for each client and event, and nothing else", needs: needFloor,
		greets: true, baseline: true, publish: asJSON,
		command: func(p *prepared, port int, _ bool) (*exec.Cmd, error) {
			return exec.Command(p.floor, strconv.Itoa(port)), nil
		},
	},
	{
		name: "nchan", about: "nginx with 1 worker, no stored messages, channels for all and for the session", needs: needNchan,
		publish: asNchan, command: nchan(1),
	},
	{
		name: "nchan ×2", about: "the same with a worker for each core", needs: needNchan,
		publish: asNchan, command: nchan(2),
	},
	{
		name: "centrifuge", about: "its SSE handler, subscriptions on the server's side, no history", needs: needPeers,
		publish: asJSON, command: golang("centrifuge"),
	},
	{
		name: "go-sse", about: "its provider Joe, no replay", needs: needPeers,
		publish: asJSON, command: golang("go-sse"),
	},
	{
		name: "r3labs", about: "AutoReplay off; one stream for all, or one for each session", needs: needPeers,
		publish: asJSON, command: golang("r3labs"),
	},
	{
		name: "better-sse", about: "a channel for all, and the session's push", needs: needNode,
		publish: asJSON, command: node("better-sse.mjs"), greets: true,
	},
	{
		name: "Node route", about: "a Map of responses and a write to each, as a Next.js app would", needs: needNode,
		publish: asJSON, command: node("route.mjs"), greets: true,
	},
}

func asJSON(session, data string) (path, body string) {
	if session == "" {
		return "/api/sse", `{"data":"` + data + `"}`
	}
	return "/api/sse", `{"sessionId":"` + session + `","data":"` + data + `"}`
}

func asNchan(session, data string) (path, body string) {
	if session == "" {
		return "/pub?id=all", data
	}
	return "/pub?id=s_" + session, data
}

// request is the whole request that publishes data.
func (s *system) request(b []byte, session, data string) []byte {
	path, body := s.publish(session, data)
	return fmt.Appendf(b, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, key, len(body), body)
}

func (s *system) client(target loadgen.Options) (*loadgen.Client, error) {
	target.OpenOnHead = !s.greets
	return loadgen.New(target)
}

func plainEnv() []string { return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")} }

func golang(kind string) func(*prepared, int, bool) (*exec.Cmd, error) {
	return func(p *prepared, port int, targeted bool) (*exec.Cmd, error) {
		return exec.Command(p.peers, "-kind", kind, "-addr", "127.0.0.1:"+strconv.Itoa(port), fmt.Sprintf("-targeted=%t", targeted)), nil
	}
}

func node(script string) func(*prepared, int, bool) (*exec.Cmd, error) {
	return func(p *prepared, port int, _ bool) (*exec.Cmd, error) {
		cmd := exec.Command("node", filepath.Join(p.module, "node", script), strconv.Itoa(port))
		cmd.Env = append(plainEnv(), "NODE_ENV=production")
		return cmd, nil
	}
}

func nchan(workers int) func(*prepared, int, bool) (*exec.Cmd, error) {
	return func(p *prepared, port int, _ bool) (*exec.Cmd, error) {
		dir, err := os.MkdirTemp(p.dir, "nchan-")
		if err != nil {
			return nil, err
		}
		// nginx's workers may run as another user.
		if err := os.Chmod(dir, 0o755); err != nil {
			return nil, err
		}
		template, err := os.ReadFile(filepath.Join(p.module, "nchan", "nginx.conf"))
		if err != nil {
			return nil, err
		}
		conf := strings.NewReplacer("$DIR", dir, "$PORT", strconv.Itoa(port), "$WORKERS", strconv.Itoa(workers)).Replace(string(template))
		file := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			return nil, err
		}
		return exec.Command(p.nginx, "-p", "/usr/share/nginx", "-c", file), nil
	}
}
