package actor

// Filter chooses clients: those that have all of the given properties; the zero
// Filter chooses all.
type Filter struct {
	ClientID  string
	UserID    string
	SessionID string
	Topic     string
	// Search is a text that the client's id, user, session, address, agent or one of its
	// topics has in it, whatever the case of the letters.
	Search string
	// Slow chooses those that events were dropped for, whose outbox is half full, or whose
	// connection takes nothing at the moment.
	Slow bool
}

// scans reports whether each candidate has to be looked at closely.
func (f Filter) scans() bool { return f.Search != "" || f.Slow }

// exact is how many of the properties are whole names.
func (f Filter) exact() (n int) {
	for _, name := range [...]string{f.ClientID, f.UserID, f.SessionID, f.Topic} {
		if name != "" {
			n++
		}
	}
	return n
}

// candidates is a group that holds all that match a filter without a client's id,
// nil if nobody does: the same for the same filter, as a list's cursor is a place
// in it.
func (s *state) candidates(f Filter) *group {
	switch { // the one likely to be smallest
	case f.SessionID != "":
		return s.index.sessions.all(f.SessionID)
	case f.UserID != "":
		return s.index.users.all(f.UserID)
	case f.Topic != "":
		return s.index.topics[f.Topic]
	}
	return &s.index.all
}

// choice is a filter with what is worked out of it once for many clients.
type choice struct {
	Filter
	text pattern
	// The agent that was looked at last, and whether it has the text: agents are few.
	agent    string
	agentHas bool
}

func choose(f Filter) choice {
	ch := choice{Filter: f, text: newPattern(f.Search)}
	ch.agentHas = ch.text.in("")
	return ch
}

func (s *state) chosen(ch *choice, c *Client) bool {
	return (ch.ClientID == "" || ch.ClientID == c.id()) &&
		(ch.UserID == "" || ch.UserID == c.user()) &&
		(ch.SessionID == "" || ch.SessionID == c.session()) &&
		(ch.Topic == "" || s.index.topics[ch.Topic] != nil && c.in(s.index.topics[ch.Topic])) &&
		(!ch.Slow || s.lags(c)) &&
		(ch.Search == "" || ch.finds(c))
}

// finds reports whether one of c's texts has the one that is searched for.
func (ch *choice) finds(c *Client) bool {
	if ch.text.in(c.text) { // in one of its parts, or across two
		from := 0
		for _, end := range [...]int{int(c.ends[0]), int(c.ends[1]), int(c.ends[2]), len(c.text)} {
			if ch.text.in(c.text[from:end]) {
				return true
			}
			from = end
		}
	}
	if c.agent != ch.agent {
		ch.agent, ch.agentHas = c.agent, ch.text.in(c.agent)
	}
	if ch.agentHas {
		return true
	}
	for i := range c.topics {
		if ch.text.in(c.topics[i].topic.key) {
			return true
		}
	}
	return false
}

// lags reports whether c is what Filter.Slow calls so.
func (s *state) lags(c *Client) bool {
	frames, size := c.out.Waiting()
	return c.lost != nil || frames >= s.limits.Frames/2 || size >= s.limits.Bytes/2 || c.out.Stalled()
}

// Page is a part of the answer to List.
type Page struct {
	Clients []ClientStats
	Next    int // the cursor for the next page; zero: there is none
	Total   int // how many match, in all pages; -1: nobody knows without looking at each
}

// What one List costs the hub is bounded: so many on a page, and so many looked at for
// it, fewer if each is searched.
const (
	maxPage   = 1000
	maxLooks  = 10 * maxPage
	maxSearch = 2000
)

// list walks from the newest client to the oldest: a departure moves a client
// that was listed, so one may be listed twice but none is missed.
func (s *state) list(f Filter, cursor, limit int) Page {
	ch := choose(f)
	if f.ClientID != "" {
		var page Page
		if c := s.index.byID.get(f.ClientID); c != nil && s.chosen(&ch, c) {
			page.Clients, page.Total = []ClientStats{s.describe(c)}, 1
		}
		return page
	}
	g := s.candidates(f)
	if g == nil {
		return Page{}
	}
	members := g.members
	if cursor <= 0 || cursor > len(members) {
		cursor = len(members)
	}
	limit = max(1, min(limit, maxPage))
	page := Page{Total: len(members)}
	looks := maxLooks
	if f.scans() {
		looks = maxSearch
	}
	if f.scans() || f.exact() > 1 {
		page.Total = -1
	}
	at := cursor
	for ; at > 0 && len(page.Clients) < limit && looks > 0; looks-- {
		at--
		if s.chosen(&ch, members[at]) {
			page.Clients = append(page.Clients, s.describe(members[at]))
		}
	}
	page.Next = at
	return page
}
