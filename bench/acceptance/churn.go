//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// churnPerMinute is how many streams come, and as many go, in a minute.
const churnPerMinute = 1100

// churnPool is how many of them are open at a time, about: each stays five
// seconds on average.
const churnPool = 90

// churn has streams come and go until ctx ends, half of them by FIN and half by
// RST, each in a room and on a floor that live streams are in too. It gives all
// that there were; the last of them are still open.
func churn(ctx context.Context, c *loadgen.Client, group uint8, live int) []*loadgen.Stream {
	r := rand.New(rand.NewPCG(11, 11))
	ticker := time.NewTicker(time.Minute / churnPerMinute)
	defer ticker.Stop()
	var all, open []*loadgen.Stream
	for {
		select {
		case <-ctx.Done():
			return all
		case <-ticker.C:
		}
		i := r.IntN(live)
		came := c.Open(loadgen.Spec{
			Session: fmt.Sprintf("churn-%05d", len(all)),
			Topics:  strings.Join([]string{roomOf(i), floorOf(i)}, ","),
			Group:   group,
		})
		all, open = append(all, came...), append(open, came...)
		if len(open) <= churnPool {
			continue
		}
		n := r.IntN(len(open))
		leaves := open[n]
		open[n] = open[len(open)-1]
		open = open[:len(open)-1]
		if len(all)%2 == 0 {
			c.Close(leaves)
		} else {
			c.Abort(leaves)
		}
	}
}
