package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// envSessionIDSecret is the server's own setting: whoever signs has what it checks with.
const envSessionIDSecret = "SSEACTOR_SESSION_ID_SECRET"

// longestSigned bounds for how long a sessionId is good.
const longestSigned = 10 * 366 * 24 * time.Hour

// signSessionID prints a sessionId that a server with the same secret lets in.
func signSessionID(_ context.Context, args []string, std stdio) error {
	f := newFlags("session-id", "SESSION", std)
	secretFile := f.String("secret-file", "", "a file that holds the secret; else it is taken from the environment as "+envSessionIDSecret)
	ttl := f.Duration("ttl", time.Hour, "how long it is good: a stream that it has opened ends then")
	if err := parseFlags(f, args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		f.Usage()
		return fmt.Errorf("%w: session-id takes one argument, the session, behind the flags", errUsage)
	}
	session := f.Arg(0)
	if err := wire.CheckSessionID(session); err != nil {
		return fmt.Errorf("%w: SESSION: %w", errUsage, err)
	}
	if *ttl < time.Second || *ttl > longestSigned {
		return fmt.Errorf("%w: --ttl: %v; 1s to %v", errUsage, *ttl, longestSigned)
	}
	text := std.getenv(envSessionIDSecret)
	if *secretFile != "" {
		b, err := os.ReadFile(*secretFile)
		if err != nil {
			return fmt.Errorf("read the secret: %w", err)
		}
		text = string(b)
	}
	secrets, err := config.ParseSessionIDSecrets(text)
	if err == nil && len(secrets) == 0 {
		err = errors.New("there is none; give --secret-file, or " + envSessionIDSecret + " in the environment")
	}
	if err != nil {
		return fmt.Errorf("%w: the secret: %w", errUsage, err)
	}
	id, err := auth.NewSessionIDs(reveal(secrets)...).Sign(session, time.Now().Add(*ttl))
	if err != nil {
		return fmt.Errorf("%w: SESSION: %w", errUsage, err)
	}
	_, err = fmt.Fprintln(std.out, id)
	return err
}
