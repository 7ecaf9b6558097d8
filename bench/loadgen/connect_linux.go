package loadgen

import (
	"container/heap"
	"syscall"
	"time"
)

// connectDue starts connects: those whose time has come, as many as the rate
// and the number in flight allow.
func (w *worker) connectDue() {
	now := Now()
	for len(w.later) > 0 && w.later[0].due <= now {
		w.ready = append(w.ready, heap.Pop(&w.later).(*Stream))
	}
	started := 0
	for started < len(w.ready) && w.inFlight < w.client.perWorker && w.nextAt <= now {
		s := w.ready[started]
		started++
		if s.phase != waiting {
			continue // closed before its turn
		}
		if gap := w.client.gap; gap > 0 {
			// Ahead of now by at most the gap: no burst after a pause.
			w.nextAt = max(w.nextAt+gap, now)
		}
		w.connect(s)
	}
	w.ready = w.ready[:copy(w.ready, w.ready[started:])]
}

func (w *worker) connect(s *Stream) {
	c := w.tally(s)
	c.Waiting--
	c.Connecting++
	w.inFlight++
	s.Attempts++
	s.Began = Now()
	s.phase = connecting
	fd, done, err := dial(w.client.nextSource(), w.client.options.Target, int(s.ReceiveBuffer))
	s.fd = int32(fd)
	if err != nil {
		w.failed(s, err)
		return
	}
	interest := uint32(syscall.EPOLLIN)
	if !done {
		interest = syscall.EPOLLOUT
	}
	event := syscall.EpollEvent{Events: interest, Fd: s.fd, Pad: s.place}
	if err := syscall.EpollCtl(w.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		w.failed(s, err)
		return
	}
	if done {
		w.send(s)
	}
}

// connected follows a connect that was in progress.
func (w *worker) connected(s *Stream) {
	if err := connectError(int(s.fd)); err != nil {
		w.failed(s, err)
		return
	}
	if err := w.listen(s, syscall.EPOLLIN); err != nil {
		w.failed(s, err)
		return
	}
	w.send(s)
}

// listen sets what epoll tells about the stream.
func (w *worker) listen(s *Stream, events uint32) error {
	event := syscall.EpollEvent{Events: events, Fd: s.fd, Pad: s.place}
	return syscall.EpollCtl(w.epoll, syscall.EPOLL_CTL_MOD, int(s.fd), &event)
}

// send writes the request. It fits a fresh socket's buffer whole.
func (w *worker) send(s *Stream) {
	w.request = s.appendRequest(w.request[:0], w.client.options.Path, w.client.host)
	n, err := syscall.Write(int(s.fd), w.request)
	switch {
	case err != nil:
		w.failed(s, err)
	case n < len(w.request):
		w.failed(s, syscall.EMSGSIZE)
	default:
		s.phase = heading
	}
}

func (w *worker) failed(s *Stream, err error) {
	switch err {
	case syscall.ECONNREFUSED:
		w.end(s, EndRefused)
	case syscall.ECONNRESET, syscall.EPIPE:
		w.end(s, EndReset)
	default:
		w.client.note(err)
		w.end(s, EndSystem)
	}
}

// end closes a stream from either side, settles the counts and asks the hook
// whether it comes back.
func (w *worker) end(s *Stream, why Ending) {
	c := w.tally(s)
	switch s.phase {
	case waiting:
		c.Waiting--
	case connecting, heading:
		c.Connecting--
		w.inFlight--
	case streaming, stalled:
		if s.Opened > 0 {
			c.Open--
		} else {
			c.Connecting--
			w.inFlight--
		}
	case ended:
		return
	}
	s.phase = ended
	s.Ending, s.Ended = why, Now()
	c.Ended[why]++
	w.putAside(s, nil)
	if s.fd >= 0 {
		hangUp(s.fd, why == EndAbort)
		s.fd = -1
	}
	if hook := w.client.options.OnEnd; hook != nil && why != EndLocal && why != EndAbort {
		if after, again := hook(s); again {
			w.reopen(s, after)
		}
	}
}

func (w *worker) reopen(s *Stream, after time.Duration) {
	s.restart(Now() + int64(after))
	w.enter(s)
}
