//go:build linux

package main

import (
	"context"
	"sync"
	"time"
)

// succession is a server that is killed and started again at its address, over and
// over, as its publishers see it. Safe for concurrent use.
type succession struct {
	settings []string

	mu      sync.Mutex
	server  *server
	changed chan struct{} // closed at the next start
}

func (b *bench) succession(ctx context.Context, settings ...string) (*succession, error) {
	s, err := b.start(ctx, settings...)
	return &succession{settings: settings, server: s, changed: make(chan struct{})}, err
}

// current is the server of now, and a channel that is closed when there is another.
func (u *succession) current() (*server, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.server, u.changed
}

// kill ends the server by SIGKILL.
func (u *succession) kill() {
	s, _ := u.current()
	s.kill()
}

// restart starts the next one, and says how long it took until it was ready.
func (u *succession) restart(ctx context.Context, b *bench) (time.Duration, error) {
	began := time.Now()
	s, err := b.startAt(ctx, u.server.addr, u.settings...)
	took := time.Since(began)
	if err != nil {
		return took, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.server = s
	close(u.changed)
	u.changed = make(chan struct{})
	return took, nil
}
