package actor

// pause is the hub's patience with its writers: the server being behind is no
// reason to drop what a healthy client could have had. When the outbox of a client
// fills that no peer holds up, no sends are taken until it has been seen to.
//
// Not safe for concurrent use; the hub goroutine owns it.
type pause struct {
	client *Client // whose outbox fills; nil: no pause
	until  uint64  // and that many batches are to be finished
}

func (s *state) paused() bool { return s.pause.client != nil }

// press begins a pause for c, unless there is one.
func (s *state) press(c *Client) {
	if !s.paused() {
		s.pause = pause{client: c, until: s.writers.handed}
		s.stats.Pauses++
	}
}

// goOn ends the pause if the writers have done all that they had when it began, and
// the client has been written to since, by whomever. That the client is still
// behind does not last: an owner that the peer holds up parks, or says that it is
// aside.
func (s *state) goOn() {
	if !s.paused() {
		return
	}
	s.writers.waiting.Store(true) // before looking, or progress between the two would be missed
	if s.writers.caughtUp(s.pause.until) && !s.pause.client.out.Behind(s.limits) {
		s.writers.waiting.Store(len(s.replays.active) > 0)
		s.pause = pause{}
	}
}
