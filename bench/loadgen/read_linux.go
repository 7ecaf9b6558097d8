package loadgen

import "syscall"

// serve does what epoll said of a stream.
func (w *worker) serve(s *Stream, events uint32) {
	switch s.phase {
	case connecting:
		w.connected(s)
	case heading, streaming:
		w.read(s)
	case stalled:
		// Only HUP and ERR reach a stream without interest, and RDHUP once.
		if events&(syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
			w.end(s, EndReset)
		}
	}
}

// read takes what has arrived behind what was left of the time before. One read
// for an event of epoll: where there is more, epoll says so again.
func (w *worker) read(s *Stream) {
	kept := copy(w.buf, s.carry)
	room := w.buf[kept:]
	if s.sever > 0 {
		room = room[:min(len(room), s.sever)]
	}
	n, errno := receive(s.fd, room)
	switch {
	case errno == syscall.EAGAIN:
	case errno == syscall.ECONNRESET:
		w.end(s, EndReset)
	case errno != 0:
		w.failed(s, errno)
	case n == 0:
		w.eof(s)
	default:
		w.tally(s).Bytes += int64(n)
		w.take(s, kept, n)
		w.severAfter(s, n)
	}
}

// severAfter hangs up once a stream that is to be severed has read enough.
func (w *worker) severAfter(s *Stream, n int) {
	if s.sever == 0 || s.phase != heading && s.phase != streaming {
		return
	}
	if s.sever -= n; s.sever == 0 {
		w.end(s, EndSevered)
	}
}

func (w *worker) eof(s *Stream) {
	switch {
	case s.phase == heading || len(s.carry) > 0 || s.framing != UntilClose:
		w.end(s, EndCut)
	default:
		w.end(s, EndEOF)
	}
}

// take works through the buffer, of which the first kept bytes were seen before.
func (w *worker) take(s *Stream, kept, n int) {
	now := Now()
	b := w.buf[:kept+n]
	if s.phase == heading {
		head, length, err := ParseHead(b)
		if err != nil {
			w.client.note(err)
			w.end(s, EndProtocol)
			return
		}
		if length == 0 {
			w.putAside(s, b)
			return
		}
		s.Status, s.RetryAfter = head.Status, head.RetryAfter
		if head.Status != 200 || !head.EventsType {
			w.end(s, EndStatus)
			return
		}
		s.phase, s.framing, s.left = streaming, head.Framing, head.Length
		b, kept = b[length:], 0
		if w.client.options.OpenOnHead {
			w.opened(s, now)
		}
	}
	body, last, ok := w.body(s, b, kept)
	if !ok {
		return
	}
	rest := w.blocks(s, body, now)
	switch {
	case last && len(rest) > 0:
		w.end(s, EndCut)
	case last:
		w.end(s, EndEOF)
	case len(rest) == len(w.buf):
		w.end(s, EndProtocol)
	default:
		w.putAside(s, rest)
	}
}

// body takes the transfer coding off what is new in b; last says that the body
// ends here.
func (w *worker) body(s *Stream, b []byte, kept int) (body []byte, last, ok bool) {
	switch s.framing {
	case Chunked:
		fresh, last, err := s.chunks.strip(b[kept:])
		if err != nil {
			w.client.note(err)
			w.end(s, EndProtocol)
			return nil, false, false
		}
		return b[:kept+len(fresh)], last, true
	case Length:
		fresh := min(len(b)-kept, s.left)
		s.left -= fresh
		return b[:kept+fresh], s.left == 0, true
	}
	return b, false, true
}

// blocks works through all complete blocks and gives the rest.
func (w *worker) blocks(s *Stream, b []byte, now int64) (rest []byte) {
	for len(b) > 0 {
		n := w.parser.Next(b, &w.block)
		if n == 0 {
			break
		}
		w.dispatch(s, &w.block, now)
		b = b[n:]
	}
	return b
}

// putAside keeps the start of an incomplete block for the next read. The
// buffers go round among the streams: few have something kept at one time.
func (w *worker) putAside(s *Stream, rest []byte) {
	switch {
	case len(rest) == 0:
		if s.carry != nil && len(w.spare) < 1024 && cap(s.carry) <= 16<<10 {
			w.spare = append(w.spare, s.carry[:0])
		}
		s.carry = nil
	case s.carry == nil && len(w.spare) > 0:
		last := len(w.spare) - 1
		s.carry, w.spare = append(w.spare[last], rest...), w.spare[:last]
	default:
		s.carry = append(s.carry[:0], rest...)
	}
}

// dispatch counts a block and, if it is an application event, enters it into
// the stream's ledger.
func (w *worker) dispatch(s *Stream, block *Block, now int64) {
	c := w.tally(s)
	s.Comments += block.Comments
	c.Comments += block.Comments
	if block.Odd != 0 {
		for i := range c.Odd {
			if block.Odd&(1<<i) != 0 {
				c.Odd[i]++
			}
		}
	}
	if block.Retry >= 0 {
		s.Retry = block.Retry
	}
	if !block.HasData {
		return
	}
	before := s.Faults
	switch string(block.Name) {
	case "connection":
		w.greeted(s, block, now)
	case "heartbeat":
		s.Heartbeats++
		c.Heartbeats++
	case "error":
		s.Errors++
		c.Errors++
		s.Code, s.Farewell = w.intern(jsonText(block.Data, "code")), block.Retry
	default:
		w.application(s, block, now)
		addFaults(&c.Faults, s.Faults, before)
		return
	}
	if block.HasID {
		s.ControlID++
		c.Faults.ControlID++
	}
}

func (w *worker) greeted(s *Stream, block *Block, now int64) {
	c := w.tally(s)
	s.Connections++
	if s.Opened > 0 && string(jsonText(block.Data, "status")) == "replayed" {
		s.Replays++
		c.Replays++
		w.miscounted(s, s.replay.told(jsonCount(block.Data, "replayed")))
		return
	}
	if s.Opened > 0 {
		told := jsonCount(block.Data, "dropped")
		s.Told += told
		c.Told += told
		c.Notices++
		return
	}
	s.ClientID = string(jsonText(block.Data, "clientId"))
	resume, to, said := readResume(block.Data)
	if said {
		s.replay.begin(to, resume.Replayed)
	} else if s.asked {
		resume.Verdict = Unsaid
	}
	s.Resume = resume
	c.Verdicts[resume.Verdict]++
	w.opened(s, now)
}

func (w *worker) opened(s *Stream, now int64) {
	c := w.tally(s)
	s.Opened = now
	w.inFlight--
	c.Connecting--
	c.Open++
	c.Opened++
	if s.Stall {
		w.stall(s)
	}
}

// stall stops reading. RDHUP is not asked for: a peer that is stuck does not
// see that either.
func (w *worker) stall(s *Stream) {
	if s.phase == streaming && w.listen(s, 0) == nil {
		s.phase = stalled
	}
}

// resume reads on.
func (w *worker) resume(s *Stream) {
	if s.phase == stalled && w.listen(s, syscall.EPOLLIN) == nil {
		s.phase = streaming
	}
}

func (w *worker) application(s *Stream, block *Block, now int64) {
	count := s.Ledger.count
	tag, id, numbered := s.Ledger.receive(block.ID, block.Data, &s.Faults)
	came := s.replay.came
	s.Miscounted += s.replay.event(id, id != Sequence{})
	w.tally(s).Replayed += s.replay.came - came
	if s.Resumes && block.HasID {
		s.lastID = append(s.lastID[:0], block.ID...)
	}
	if s.Ledger.count == count {
		return
	}
	s.LastEvent = now
	w.tally(s).Events++
	if tag.N >= len(w.arrivals) {
		return
	}
	w.latency[s.Group].Record(now - tag.At)
	a := &w.arrivals[tag.N]
	if numbered && a.Count > 0 && a.ID != id {
		s.Renumbered++
	}
	if a.Count == 0 {
		a.ID = id
	}
	a.Count++
	a.Last = now
}

func (w *worker) miscounted(s *Stream, n int) {
	s.Miscounted += n
	w.tally(s).Faults.Miscounted += n
}

// intern keeps one copy of each error code.
func (w *worker) intern(b []byte) string {
	s, ok := w.codes[string(b)]
	if !ok {
		s = string(b)
		w.codes[s] = s
	}
	return s
}

// addFaults adds to the sum what a stream's faults grew by.
func addFaults(sum *Faults, after, before Faults) {
	if after == before {
		return
	}
	sum.Duplicates += after.Duplicates - before.Duplicates
	sum.Swapped += after.Swapped - before.Swapped
	sum.Disorder += after.Disorder - before.Disorder
	sum.Renumbered += after.Renumbered - before.Renumbered
	sum.Damaged += after.Damaged - before.Damaged
	sum.Untagged += after.Untagged - before.Untagged
	sum.NoID += after.NoID - before.NoID
	sum.Miscounted += after.Miscounted - before.Miscounted
}
