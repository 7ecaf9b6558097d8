package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/transport/auth"
)

// serve runs the server until ctx ends, and then drains it.
func serve(ctx context.Context, args []string, std stdio) error {
	c, err := config.Load(args, std.env, os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		if err := config.Help(std.out); err != nil {
			return err
		}
		return flag.ErrHelp
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	log := newLogger(c, std.err)
	key, err := developmentKey(c)
	if err != nil {
		return err
	}
	app, err := newApp(c, log)
	if err != nil {
		return err
	}
	defer app.close()
	app.paced = std.getenv("GOGC") == ""
	if err := app.start(); err != nil {
		return err
	}
	log.Info("sseactor is serving", "version", versionText(), "mode", c.Mode, "address", app.public.Addr().String(),
		"descriptors", descriptorLimit(), "max_clients", c.MaxClients, "processors", runtime.GOMAXPROCS(0), "settings", c)
	if limit := descriptorLimit(); limit > 0 && limit < uint64(c.MaxClients)+reservedDescriptors {
		log.Warn("fewer descriptors than max-clients needs; raise the limit (ulimit -n) or lower max-clients",
			"descriptors", limit, "max_clients", c.MaxClients)
	}
	warn(c, log)
	if key != "" {
		invite(std.out, app.url(), app.adminURL(), key)
	}
	return app.runUntil(ctx)
}

// reservedDescriptors is how many descriptors are needed beside the streams':
// publishers, listeners, the runtime's own.
const reservedDescriptors = 64

func newLogger(c *config.Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == config.LogText {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// developmentKey gives a development server that has no API key one, and returns
// it so that it can be shown. With dev-key-file it stays the same over restarts.
func developmentKey(c *config.Config) (string, error) {
	if c.Mode != config.Development || len(c.APIKeys) > 0 || c.APIKeysFile != "" {
		return "", nil
	}
	secret := ""
	if c.DevKeyFile != "" {
		kept, err := os.ReadFile(c.DevKeyFile)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("read the development key: %w", err)
		}
		secret = strings.TrimSpace(string(kept))
		if secret != "" && !auth.IsSecret(secret) { // a mistyped name must not cost somebody a file
			return "", fmt.Errorf("read the development key: %s holds something else; remove it or name another file (setting dev-key-file)", c.DevKeyFile)
		}
	}
	if secret == "" {
		secret = auth.NewSecret()
		if c.DevKeyFile != "" {
			err := os.WriteFile(c.DevKeyFile, []byte(secret), 0o600)
			if err = errors.Join(err, os.Chmod(c.DevKeyFile, 0o600)); err != nil { // it may have been there, and open to others
				return "", fmt.Errorf("keep the development key: %w", err)
			}
		}
	}
	c.APIKeys = []config.APIKey{{Name: "development", Key: config.NewSecret(secret),
		Scopes: []config.Scope{config.ScopePublish, config.ScopeMetrics, config.ScopeAdmin}}}
	return secret, nil
}

// invite shows somebody who is trying the server what to paste.
func invite(w io.Writer, url, admin, key string) {
	fmt.Fprintf(w, `
Try it:     %[1]s/demo#key=%[3]s
Dashboard:  %[2]s/admin#key=%[3]s

or in two terminals:

  curl -N '%[1]s/api/sse?sessionId=demo'

  curl %[1]s/api/sse -H 'Authorization: Bearer %[3]s' \
    -d '{"event":"notification","data":{"message":"Hello World"},"sessionId":"demo"}'

This key was made for development. Stop the server with Ctrl-C.

`, url, admin, key)
}
