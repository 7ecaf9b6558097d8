package actor

import "time"

// Info says whose stream it is. It does not change while the stream is open.
type Info struct {
	ID        string // unique among all clients ever
	UserID    string // empty: not signed in
	SessionID string // empty: none
	Topics    []string
	Address   string    // of the peer, for people to read
	Agent     string    // User-Agent, for people to read; best one string for all that have the same
	Since     time.Time // kept without its location

	// Expires is when the session ends that the stream was opened with; the stream is
	// ended then. It is kept in whole milliseconds, without its location. Zero: never.
	Expires time.Time
	// Network is what counts as one address for Options.MaxPerNetwork; empty: the stream
	// is not counted.
	Network string
}

// packed is an Info without its topics in less than half the memory, of which there
// is one for each client: its own strings are one.
type packed struct {
	text  string    // the id, the user, the session and the address
	ends  [3]uint32 // where the first three end
	agent string
	since int64 // nanoseconds since the Unix epoch; zero: not given
}

func pack(i Info) packed {
	p := packed{text: i.ID + i.UserID + i.SessionID + i.Address, agent: i.Agent}
	end := 0
	for at, part := range [...]string{i.ID, i.UserID, i.SessionID} {
		end += len(part)
		p.ends[at] = uint32(end)
	}
	if !i.Since.IsZero() {
		p.since = i.Since.UnixNano()
	}
	return p
}

func (p *packed) id() string      { return p.text[:p.ends[0]] }
func (p *packed) user() string    { return p.text[p.ends[0]:p.ends[1]] }
func (p *packed) session() string { return p.text[p.ends[1]:p.ends[2]] }

func (p *packed) unpack() Info {
	i := Info{ID: p.id(), UserID: p.user(), SessionID: p.session(), Address: p.text[p.ends[2]:], Agent: p.agent}
	if p.since != 0 {
		i.Since = time.Unix(0, p.since).UTC()
	}
	return i
}
