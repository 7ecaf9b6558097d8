package actor

// quota is how many streams one user, one session or one address may have.
//
// Streams that are ending do not count at first: a client whose stream was ended may come
// back at once, before the old connection is closed. But together with them there are
// never more than twice as many, or somebody could have any number of streams, by having
// them ended and not reading the farewell.
//
// Not safe for concurrent use; the hub goroutine owns it.
type quota struct {
	of      string // in a Welcome
	most    int
	name    func(*Client) string  // whose a stream is; empty: nobody's, which is not counted
	open    func(name string) int // how many of somebody's are open
	ending  tally                 // how many are ending
	refused *uint64               // in Stats
}

// newQuotas gives those that the options ask for: none costs nothing.
func newQuotas(s *state) (quotas []quota) {
	for _, q := range []quota{
		{of: "user", most: s.opts.MaxPerUser, name: (*Client).user, open: s.index.users.count, refused: &s.stats.RefusedUser},
		{of: "session", most: s.opts.MaxPerSession, name: (*Client).session, open: s.index.sessions.count, refused: &s.stats.RefusedSession},
		{of: "address", most: s.opts.MaxPerNetwork, name: (*Client).network, open: s.networks.count, refused: &s.stats.RefusedNetwork},
	} {
		if q.most > 0 {
			quotas = append(quotas, q)
		}
	}
	return quotas
}

// exceeded is the quota that c would exceed; nil: none.
func (s *state) exceeded(c *Client) *quota {
	for i := range s.quotas {
		q := &s.quotas[i]
		name := q.name(c)
		if name == "" {
			continue
		}
		if open := q.open(name); open >= q.most || open+q.ending.count(name) >= 2*q.most {
			return q
		}
	}
	return nil
}

// leaving counts c among those that are ending, and gone no longer.
func (s *state) leaving(c *Client) {
	for i := range s.quotas {
		s.quotas[i].ending.add(s.quotas[i].name(c))
	}
}

func (s *state) gone(c *Client) {
	for i := range s.quotas {
		s.quotas[i].ending.remove(s.quotas[i].name(c))
	}
}

// tally counts by names. The empty name is not counted.
type tally struct{ counts map[string]int }

func (t *tally) count(name string) int { return t.counts[name] }

func (t *tally) add(name string) {
	if name == "" {
		return
	}
	if t.counts == nil {
		t.counts = make(map[string]int)
	}
	t.counts[name]++
}

// remove takes back an add.
func (t *tally) remove(name string) {
	if name == "" {
		return
	}
	if t.counts[name]--; t.counts[name] > 0 {
		return
	}
	delete(t.counts, name)
	if len(t.counts) == 0 {
		t.counts = nil // a map gives no memory back
	}
}
