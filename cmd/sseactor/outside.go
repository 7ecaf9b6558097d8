package main

import (
	"log/slog"
	"sync"
	"time"

	"github.com/sseactor/sseactor/transport/auth"
)

// outside tells the log how those fare whom the server asks about callers: where keys of
// tokens are published, and the app's session endpoint. The answer to a caller says
// nothing of it, and with keys that are known already nobody else would notice.
type outside struct {
	log      *slog.Logger
	keys     func() error                   // why keys could not be had; nil: they could. nil func: nobody is asked
	sessions func() auth.RemoteSessionStats // nil: nobody is asked

	keysFault string
	before    auth.RemoteSessionStats

	quit chan struct{}
	done sync.WaitGroup
}

// outsideInterval is how often it looks.
const outsideInterval = 10 * time.Second

// start starts the goroutine, if there is anybody to look at.
func (o *outside) start() {
	o.quit = make(chan struct{})
	if o.keys != nil || o.sessions != nil {
		o.done.Go(o.run)
	}
}

// stop ends the goroutine.
func (o *outside) stop() {
	close(o.quit)
	o.done.Wait()
}

func (o *outside) run() {
	ticker := time.NewTicker(outsideInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			o.look()
		case <-o.quit:
			return
		}
	}
}

// look says what has changed.
func (o *outside) look() {
	if o.keys != nil {
		fault := ""
		if err := o.keys(); err != nil {
			fault = err.Error()
		}
		switch {
		case fault == o.keysFault:
		case fault == "":
			o.log.Info("the keys of tokens can be had again")
		default:
			o.log.Error("the keys of tokens can't be had (setting jwt-jwks-url); those that are known go on for a day", "error", fault)
		}
		o.keysFault = fault
	}
	if o.sessions != nil {
		now := o.sessions()
		if n := now.Failed - o.before.Failed; n > 0 {
			o.log.Error("the app's session endpoint did not say whose sessions these are (setting session-url)", "sessions", n)
		}
		if n := now.Nameless - o.before.Nameless; n > 0 {
			o.log.Error("sessions of signed-in users had no user id: the app's session callback must add it (settings session-url and user-claim)", "sessions", n)
		}
		o.before = now
	}
}
