package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/transport/auth"
)

func TestWhatIsSaidOfThoseWhoAreAsked(t *testing.T) {
	var said bytes.Buffer
	var keys error
	var sessions auth.RemoteSessionStats
	o := &outside{
		log:      slog.New(slog.NewTextHandler(&said, nil)),
		keys:     func() error { return keys },
		sessions: func() auth.RemoteSessionStats { return sessions },
	}
	lines := func() int {
		said.Reset()
		o.look()
		return strings.Count(said.String(), "\n")
	}
	assert.Zero(t, lines(), "all is well")
	keys = errors.New("status 500")
	assert.Equal(t, 1, lines())
	assert.Contains(t, said.String(), "status 500")
	assert.Zero(t, lines(), "once is enough")
	keys = errors.New("no answer")
	assert.Equal(t, 1, lines())
	keys = nil
	assert.Equal(t, 1, lines(), "it is over")
	sessions.Failed, sessions.Nameless = 3, 2
	assert.Equal(t, 2, lines())
	assert.Zero(t, lines(), "no more of them")
}

func TestThoseWhoAreAskedAreLookedAtNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		o := &outside{log: slog.New(slog.DiscardHandler), keys: func() error { looks++; return nil }}
		o.start()
		time.Sleep(3*outsideInterval + time.Second)
		o.stop()
		assert.Equal(t, 3, looks)
	})
}

func TestNobodyIsAskedAndNothingRuns(t *testing.T) {
	o := &outside{}
	o.start()
	o.stop()
}
