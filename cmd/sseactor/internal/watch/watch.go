// Package watch has files read again when they change, so that keys and certificates are
// replaced without a restart.
//
// It asks the file system at an interval. Notifications of the system would come sooner,
// and not at all for what matters most: files on a network, and the symbolic links that
// Kubernetes swaps under a mounted secret.
package watch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Source is one thing that is read from a file, or from several that belong together as
// a certificate and its key do.
type Source struct {
	Name    string // of the settings that name the files, for errors and the log
	Message string // what the log says when they were read again
	Paths   []string
	// Use takes what the files hold, in the order of Paths, in the place of what they
	// held before, and gives what the log should say of it: names and values as for
	// slog. An error must have changed nothing and must repeat no secret.
	Use func(contents [][]byte) (said []any, err error)
}

// Watcher reads sources, and reads them again when they change. What is gone, can't be
// read or is refused by Use changes nothing: what was there before stays. That is logged
// as an error, once for each change.
type Watcher struct {
	log      *slog.Logger
	interval time.Duration
	watched  []*watched

	reads, faults atomic.Uint64

	quit  chan struct{}
	ended sync.Once
	done  sync.WaitGroup
}

// watched is a source and what is known of its files. Only Read and Check touch it.
type watched struct {
	Source
	states states
	rested bool              // was read since it came to rest
	used   [sha256.Size]byte // of what is in use; not that itself, which may be a private key
	faulty bool              // what is in use is not what the files hold
	told   string            // the fault that was logged since the last change
}

// New watches sources. Nothing is read yet.
func New(log *slog.Logger, interval time.Duration, sources ...Source) *Watcher {
	w := &Watcher{log: log, interval: interval, quit: make(chan struct{})}
	for _, s := range sources {
		w.watched = append(w.watched, &watched{Source: s})
	}
	return w
}

// Read reads every source for the first time. The error has all that are faulty. It is
// called once, before Start.
func (w *Watcher) Read() error {
	var faults []error
	for _, s := range w.watched {
		s.states = look(s.Paths)
		contents, err := readAll(s.Paths)
		if err == nil {
			_, err = s.use(contents)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	return errors.Join(faults...)
}

// Start starts the goroutine that calls Check at each interval, until Stop.
func (w *Watcher) Start() { w.done.Go(w.run) }

// Stop ends the goroutine and waits for it. It may be called twice.
func (w *Watcher) Stop() {
	w.ended.Do(func() { close(w.quit) })
	w.done.Wait()
}

func (w *Watcher) run() {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.Check()
		case <-w.quit:
			return
		}
	}
}

// Check looks at every source, and reads those that have changed and then were left
// alone from one Check to the next: a file that is being written could look like one
// with less in it, and a key's line without its end is a key without its bounds. It is
// not to be called while the Watcher runs.
func (w *Watcher) Check() {
	for _, s := range w.watched {
		if now := look(s.Paths); !now.same(s.states) {
			s.states, s.rested, s.told = now, false, ""
			continue
		}
		if !s.rested {
			w.readAgain(s)
		}
	}
}

func (w *Watcher) readAgain(s *watched) {
	contents, err := readAll(s.Paths)
	if err != nil {
		w.failed(s, err) // and try again: it need not be the file, a descriptor may be wanting
		return
	}
	s.rested = true
	if !s.faulty && hash(contents) == s.used {
		return
	}
	said, err := s.use(contents)
	if err != nil {
		w.failed(s, err)
		return
	}
	s.faulty = false
	w.reads.Add(1)
	w.log.Info(s.Message, append([]any{"from", s.Name}, said...)...)
}

func (w *Watcher) failed(s *watched, err error) {
	s.faulty = true
	if s.told == err.Error() {
		return
	}
	s.told = err.Error()
	w.faults.Add(1)
	w.log.Error("a file that has changed can't be used; what it held before stays", "from", s.Name, "error", err)
}

// Counts is how often sources were read again, and how often they could not be. Any
// goroutine.
func (w *Watcher) Counts() (reads, faults uint64) { return w.reads.Load(), w.faults.Load() }

func (s *watched) use(contents [][]byte) ([]any, error) {
	said, err := s.Use(contents)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(s.Paths, ", "), err)
	}
	s.used = hash(contents)
	return said, nil
}

// hash is of hashes, so that what moves from one file to the next is a change.
func hash(contents [][]byte) [sha256.Size]byte {
	var all []byte
	for _, c := range contents {
		sum := sha256.Sum256(c)
		all = append(all, sum[:]...)
	}
	return sha256.Sum256(all)
}
