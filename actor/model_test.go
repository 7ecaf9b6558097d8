package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sseactor/sseactor/actor/sse"
)

// model is what the hub must do, in its simplest form: each send goes at once to
// all who are there and match. It knows nothing of groups, slices or writers.
type model struct {
	clients map[string]*modelled
	names   []string // of those who are there
	sent    int
}

// modelled is one client in the model.
type modelled struct {
	info   Info
	due    []sent // what it should get, in order
	left   bool   // it went by itself: it may have got only the first of these
	ended  bool   // it was ended: it gets all of these, and a farewell
	joined int
}

// sent is one event.
type sent struct {
	text     string
	priority sse.Priority
}

func (m *model) matches(t Target, c Info) bool {
	switch {
	case len(t.ClientIDs) > 0:
		return slices.Contains(t.ClientIDs, c.ID)
	case t.UserID == "" && t.SessionID == "" && len(t.Topics) == 0:
		return true
	}
	return t.UserID != "" && t.UserID == c.UserID ||
		t.SessionID != "" && t.SessionID == c.SessionID ||
		slices.ContainsFunc(t.Topics, func(topic string) bool { return slices.Contains(c.Topics, topic) })
}

func (m *model) send(t Target, priority sse.Priority) (text string, receivers int) {
	m.sent++
	text = fmt.Sprintf("event %d", m.sent)
	for _, name := range m.names {
		if c := m.clients[name]; m.matches(t, c.info) {
			c.due = append(c.due, sent{text, priority})
			receivers++
		}
	}
	return text, receivers
}

func (m *model) join(info Info) {
	m.clients[info.ID] = &modelled{info: info, joined: m.sent}
	m.names = append(m.names, info.ID)
}

func (m *model) remove(i int) *modelled {
	c := m.clients[m.names[i]]
	m.names[i] = m.names[len(m.names)-1]
	m.names = m.names[:len(m.names)-1]
	return c
}

// expire takes out those that the hub has ended because their sessions have.
func (m *model) expire(w *world) {
	for i := len(m.names) - 1; i >= 0; i-- {
		if Reason(w.peers[m.names[i]].reason.Load()) == ReasonExpired {
			m.remove(i).ended = true
		}
	}
}

func newModel() *model { return &model{clients: make(map[string]*modelled)} }

// someInfo is a client of a population in which some groups are larger than a
// slice and others small.
func someInfo(random *rand.Rand, id string) Info {
	info := Info{ID: id}
	if random.IntN(2) == 0 {
		info.UserID = fmt.Sprint("user", random.IntN(40))
	}
	if random.IntN(2) == 0 {
		info.SessionID = someSession(random)
	}
	if random.IntN(20) > 0 {
		info.Topics = append(info.Topics, "most")
	}
	for _, topic := range []string{"some", "few"} {
		if random.IntN(3) == 0 {
			info.Topics = append(info.Topics, topic)
		}
	}
	return info
}

// someSession is one that many have, or few, or one client alone.
func someSession(random *rand.Rand) string {
	return fmt.Sprint("session", random.IntN(10)*random.IntN(500))
}

// someTarget is any kind of target; most are swept.
func someTarget(random *rand.Rand, m *model) (t Target) {
	switch random.IntN(10) {
	case 0, 1, 2:
	case 3, 4:
		t.Topics = []string{"most"}
	case 5:
		t.Topics = []string{"some", "most", "few"}
		t.UserID = fmt.Sprint("user", random.IntN(40))
	case 6:
		t.Topics = []string{"few"}
		t.SessionID = someSession(random)
	case 7:
		t.UserID = fmt.Sprint("user", random.IntN(40))
	case 8:
		t.SessionID = someSession(random)
	case 9:
		for range 1 + random.IntN(5) {
			t.ClientIDs = append(t.ClientIDs, m.names[random.IntN(len(m.names))])
		}
		t.UserID = "user1" // does not count
	}
	return t
}

// events gives the texts of the publishers' events that p got, and its ids; and
// the server's own events apart.
func (p *peer) events() (texts []string, ids []sse.Sequence, own []string) {
	for _, block := range p.received() {
		text, isEvent := strings.CutPrefix(block, "data: ")
		text, id, whole := strings.Cut(text, "\nid: ")
		if !isEvent || !whole || !strings.HasSuffix(id, "\n\n") {
			own = append(own, block)
			continue
		}
		texts = append(texts, text)
		sequence, _ := sse.ParseSequence(strings.TrimSpace(id))
		ids = append(ids, sequence)
	}
	return texts, ids, own
}
