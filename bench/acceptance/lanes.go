//go:build linux

package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
)

// lanes runs several publishers at a time and waits for all of them. Within a
// lane one post waits for the answer to the one before; that is what makes its
// order a promise.
func lanes(n int, publish func(lane int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for lane := range n {
		all.Go(func() { errs[lane] = publish(lane) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// patient posts an event again while the server answers that it is too busy,
// and counts how often it did.
func patient(ctx context.Context, s *server, busy *atomic.Int64, event func() loadgen.Event) (loadgen.Answer, error) {
	for {
		answer, err := s.Publish(ctx, event())
		var status *loadgen.StatusError
		if !errors.As(err, &status) || status.Status != 503 && status.Status != 429 {
			return answer, err
		}
		busy.Add(1)
		if err := process.Pause(ctx, 10*time.Millisecond); err != nil {
			return answer, err
		}
	}
}
