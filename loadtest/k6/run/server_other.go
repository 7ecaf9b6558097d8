//go:build !linux

package main

import (
	"context"
	"errors"
	"io"
	"os/exec"
)

// server stands for one that can't be started here.
type server struct{}

func startServer(context.Context, string, io.Writer, []string) (*server, error) {
	return nil, errors.New("a server of its own needs Linux; set BASE_URL and API_KEY")
}

func (*server) environment() []string { return nil }

func (*server) end() {}

func dieTogether(*exec.Cmd) {}
