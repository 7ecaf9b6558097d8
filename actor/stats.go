package actor

import (
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Stats is the hub's account of itself at one moment. Counters count since the
// start or the last reset.
type Stats struct {
	// Now.
	Clients  int // open streams
	Ending   int // asked to end, not yet closed
	Users    int // with an open stream
	Sessions int
	Topics   int
	Draining bool
	Inbox    int // sends waiting to be taken
	Sweeping int // sends with many receivers under way
	Missed   int // clients not yet told of a gap
	LastID   sse.Sequence

	HistoryEvents int // kept for streams that resume
	HistoryBytes  int // what they take, about
	Replaying     int // streams that do not yet have all that they missed

	// Since the start.
	Registered      uint64 // streams let in
	RefusedFull     uint64 // streams not let in: MaxClients
	RefusedDraining uint64 // streams not let in: draining
	RefusedTooMany  uint64 // streams not let in: too many of one user, session or address
	RefusedUser     uint64 // of those: MaxPerUser
	RefusedSession  uint64 // of those: MaxPerSession
	RefusedNetwork  uint64 // of those: MaxPerNetwork
	Events          uint64 // events taken from publishers
	Deliveries      uint64 // outboxes they were put into
	DroppedLow      uint64 // deliveries dropped by the slow-consumer policy
	DroppedNormal   uint64
	DroppedHigh     uint64 // deliveries of high-priority and persistent events that ended a stream
	DroppedRate     uint64 // deliveries dropped because a stream had too many (EventRate)
	Discarded       uint64 // deliveries dropped with the streams so ended
	Undelivered     uint64 // deliveries that waited when their stream closed
	Heartbeats      uint64
	Replayed        uint64           // of the deliveries, those of events that a stream had missed
	Resumes         [verdicts]uint64 // by what could be done; those who asked for nothing and got nothing are not counted
	Notices         uint64           // gaps told
	Pauses          uint64           // times sends had to wait for the writers
	Ended           [reasons]uint64
}

// Dropped is how many deliveries were dropped in all.
func (s Stats) Dropped() uint64 {
	return s.DroppedLow + s.DroppedNormal + s.DroppedHigh + s.DroppedRate + s.Discarded
}

func (s *state) snapshot(inbox int) Stats {
	now := s.stats
	now.Inbox = inbox
	now.Clients = len(s.index.all.members)
	now.Ending = s.endings.open
	now.Users = s.index.users.len()
	now.Sessions = s.index.sessions.len()
	now.Topics = len(s.index.topics)
	now.Draining = s.draining
	now.Sweeping = len(s.sweeps.waiting)
	now.Missed = s.gaps.untold
	now.LastID = s.lastID
	now.HistoryEvents, now.HistoryBytes = s.history.Len(), s.history.Bytes()
	now.Replaying = len(s.replays.active)
	return now
}

// ClientStats is what List tells of one stream.
type ClientStats struct {
	Info
	LastWrite    time.Time // of the last successful write, to a tick
	QueuedFrames int
	QueuedBytes  int
	Delivered    uint64 // publishers' events taken for it that no longer wait: written, or being written
	Dropped      uint64
	RateLimited  uint64 // of those, because they were too many for it
}

func (s *state) describe(c *Client) ClientStats {
	n, size := c.out.Waiting()
	var lost losses
	if c.lost != nil {
		lost = *c.lost
	}
	return ClientStats{
		Info:         c.Info(),
		LastWrite:    s.opts.Start.Add(time.Duration(c.out.LastWrite()) * TickInterval),
		QueuedFrames: n,
		QueuedBytes:  size,
		Delivered:    c.accepted - min(uint64(n), c.accepted),
		Dropped:      lost.dropped,
		RateLimited:  lost.limited,
	}
}

// Filter chooses clients: those that have all of the given properties; the zero
// Filter chooses all.
type Filter struct {
	ClientID  string
	UserID    string
	SessionID string
	Topic     string
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

func (s *state) chosen(f Filter, c *Client) bool {
	return (f.ClientID == "" || f.ClientID == c.id()) &&
		(f.UserID == "" || f.UserID == c.user()) &&
		(f.SessionID == "" || f.SessionID == c.session()) &&
		(f.Topic == "" || s.index.topics[f.Topic] != nil && c.in(s.index.topics[f.Topic]))
}

// Page is a part of the answer to List.
type Page struct {
	Clients []ClientStats
	Next    int // the cursor for the next page; zero: there is none
}

// maxPage bounds what one List costs the hub.
const maxPage = 1000

// list walks from the newest client to the oldest: a departure moves a client
// that was listed, so one may be listed twice but none is missed.
func (s *state) list(f Filter, cursor, limit int) Page {
	if f.ClientID != "" {
		var page Page
		if c := s.index.byID.get(f.ClientID); c != nil && s.chosen(f, c) {
			page.Clients = []ClientStats{s.describe(c)}
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
	var page Page
	at, looked := cursor, 0
	for ; at > 0 && len(page.Clients) < limit && looked < 10*maxPage; looked++ {
		at--
		if s.chosen(f, members[at]) {
			page.Clients = append(page.Clients, s.describe(members[at]))
		}
	}
	page.Next = at
	return page
}
