package actor

import (
	"time"

	"github.com/sseactor/sseactor/actor/internal/history"
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
	LastID       string // of the newest event that was for it, as far as the history knows
}

func (s *state) describe(c *Client) ClientStats {
	n, size := c.out.Waiting()
	var lost losses
	if c.lost != nil {
		lost = *c.lost
	}
	info := c.Info()
	return ClientStats{
		Info:         info,
		LastWrite:    s.opts.Start.Add(time.Duration(c.out.LastWrite()) * TickInterval),
		QueuedFrames: n,
		QueuedBytes:  size,
		Delivered:    c.accepted - min(uint64(n), c.accepted),
		Dropped:      lost.dropped,
		RateLimited:  lost.limited,
		LastID:       s.newestFor(c, info),
	}
}

// newestFor gives the id of the newest event that was for c since it came; empty: the
// history has none. What c resumed with is not among them.
func (s *state) newestFor(c *Client, info Info) string {
	e := s.history.Newest(&history.Reader{User: info.UserID, Session: info.SessionID, Topics: info.Topics})
	if e == nil || e.Frame.Order() == 0 || int32(e.Frame.Order()-c.joined) <= 0 {
		return ""
	}
	return e.Frame.ID()
}
