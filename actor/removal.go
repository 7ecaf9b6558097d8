package actor

// removal ends the streams that an administrator has chosen, in slices.
//
// Not safe for concurrent use; the hub goroutine owns it.
type removal struct {
	choice choice
	group  *group // that holds all who are chosen
	left   int    // of its members, so many were not yet looked at
	ended  int
	ending ending
	reply  chan<- int
}

// maxRemovals is how many may wait; beyond it their askers do.
const maxRemovals = 16

// disconnect ends the chosen clients and then says how many they were.
func (s *state) disconnect(f Filter, reply chan<- int) {
	r := &removal{choice: choose(f), reply: reply, ending: ending{reason: ReasonAdmin, code: CodeDisconnected,
		message: "disconnected by an administrator"}}
	if f.ClientID != "" {
		if c := s.index.byID.get(f.ClientID); c != nil && s.chosen(&r.choice, c) && s.end(c, &r.ending) {
			r.ended = 1
		}
		reply <- r.ended
		return
	}
	if f != (Filter{}) { // everybody is Reset's or Drain's business
		r.group = s.candidates(f)
	}
	if r.group == nil {
		reply <- 0
		return
	}
	r.left = len(r.group.members)
	s.removes = append(s.removes, r)
	if s.removable() {
		s.removeSlice() // of the first, which may be this one: few are ended at once
	}
}

// removable reports whether streams may be ended now.
func (s *state) removable() bool { return len(s.removes) > 0 && !s.writers.congested() }

// removeSlice looks at one slice of clients.
func (s *state) removeSlice() {
	r := s.removes[0]
	for range sliceSize {
		// From the end: who is moved when one is taken out was looked at already, or
		// came since.
		r.left = min(r.left, len(r.group.members))
		if r.left == 0 {
			s.removes[0] = nil
			s.removes = s.removes[1:]
			r.reply <- r.ended
			return
		}
		if s.writers.congested() {
			return
		}
		r.left--
		if c := r.group.members[r.left]; s.chosen(&r.choice, c) && s.end(c, &r.ending) {
			r.ended++
		}
	}
}
