//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// town is members of which two are of each user, twenty in each room and a hundred on
// each floor.
func town(n int) []member {
	members := make([]member, n)
	for i := range members {
		members[i] = member{
			user:    fmt.Sprintf("user-%d", i/2),
			session: fmt.Sprintf("session-%d", i),
			topics:  []string{fmt.Sprintf("room-%d", i/20), fmt.Sprintf("floor-%d", i/100)},
		}
	}
	return members
}

// somethingFor draws an event for some of a town: a user, a session, a topic, a union,
// in which some match twice, or everybody.
func somethingFor(r *rand.Rand, members []member) loadgen.Event {
	m := members[r.IntN(len(members))]
	switch n := r.IntN(1000); {
	case n < 250:
		return loadgen.Event{Event: "to-user", UserID: m.user}
	case n < 500:
		return loadgen.Event{Event: "to-session", SessionID: m.session}
	case n < 800:
		return loadgen.Event{Event: "to-topic", Topics: m.topics[:1]}
	case n < 900:
		return loadgen.Event{Event: "to-topic", Topics: m.topics[1:]}
	case n < 950:
		return loadgen.Event{Event: "to-topics", Topics: m.topics}
	case n < 995:
		other := members[r.IntN(len(members))]
		return loadgen.Event{Event: "to-union", UserID: other.user, SessionID: m.session, Topics: m.topics[:1]}
	}
	return loadgen.Event{Event: "to-all"}
}
