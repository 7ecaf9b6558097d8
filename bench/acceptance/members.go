//go:build linux

package main

import (
	"strings"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// member is a stream that events can be addressed to.
type member struct {
	user    string
	session string
	topics  []string
	client  string
}

// spec is the stream of a member, opened with the API key: that may read any user's.
func (m member) spec() loadgen.Spec {
	return loadgen.Spec{
		User: m.user, Session: m.session, Topics: strings.Join(m.topics, ","),
		Header: "Authorization: Bearer " + key + "\r\n",
	}
}

func specsOf(members []member, change func(*loadgen.Spec)) []loadgen.Spec {
	specs := make([]loadgen.Spec, len(members))
	for i, m := range members {
		specs[i] = m.spec()
		change(&specs[i])
	}
	return specs
}

// directory says which members an event is for. It repeats what is promised of an
// event's targets and shares nothing with the server's way to find them.
type directory struct {
	all                                []int
	byUser, bySession, byTopic, byName map[string][]int
}

func newDirectory(members []member) *directory {
	d := &directory{nil, map[string][]int{}, map[string][]int{}, map[string][]int{}, map[string][]int{}}
	for i, m := range members {
		d.all = append(d.all, i)
		d.byUser[m.user] = append(d.byUser[m.user], i)
		d.bySession[m.session] = append(d.bySession[m.session], i)
		d.byName[m.client] = append(d.byName[m.client], i)
		for _, t := range m.topics {
			d.byTopic[t] = append(d.byTopic[t], i)
		}
	}
	return d
}

// receivers gives the places of the members that an event is for, some more than once:
// those of clientIds alone if given, else the union of user, session and topics, and
// everybody where there is none of them.
func (d *directory) receivers(e loadgen.Event, yield func(int)) {
	give := func(to []int) {
		for _, i := range to {
			yield(i)
		}
	}
	switch {
	case len(e.ClientIDs) > 0:
		for _, id := range e.ClientIDs {
			give(d.byName[id])
		}
	case e.UserID == "" && e.SessionID == "" && len(e.Topics) == 0:
		give(d.all)
	default:
		if e.UserID != "" {
			give(d.byUser[e.UserID])
		}
		if e.SessionID != "" {
			give(d.bySession[e.SessionID])
		}
		for _, t := range e.Topics {
			give(d.byTopic[t])
		}
	}
}
