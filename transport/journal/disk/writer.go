package disk

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/transport/journal"
)

// writer is the goroutine that alone changes the database. When the disk hangs, it does;
// whoever has asked it for something can give up, and readers go on.
type writer struct {
	life context.Context // ends with Close
	end  context.CancelFunc
	jobs chan *job
	gone chan struct{} // closed once nothing is written any more; nil: nothing ever is
}

// queuedJobs is how many may wait; beyond it callers wait for room, as long as their
// contexts allow.
const queuedJobs = 256

func (w *writer) init() {
	w.life, w.end = context.WithCancel(context.Background())
	w.jobs = make(chan *job, queuedJobs)
}

// job is what the writer is asked for: something to do, or positions to be noted, which
// are noted together with those of others.
type job struct {
	do        func() error
	positions []journal.Position
	now       time.Time
	refused   error // why some of the positions are not noted

	claimed atomic.Bool // by the writer, who begins it, or by a caller who gives up
	done    chan error
}

func newJob(do func() error) *job { return &job{do: do, done: make(chan error, 1)} }

// claim reports whether the caller is the one who says what becomes of the job.
func (j *job) claim() bool { return j.claimed.CompareAndSwap(false, true) }

// ask has a job done, and waits for the outcome as long as ctx allows. A job that has not
// begun by then is not done.
func (w *writer) ask(ctx context.Context, j *job) error {
	if err := w.put(ctx, j); err != nil {
		return err
	}
	answered, err := w.wait(ctx, j)
	if !answered {
		j.claim()
	}
	return err
}

// see is ask, but what has begun is waited for, whatever ctx says.
func (w *writer) see(ctx context.Context, j *job) error {
	if err := w.put(ctx, j); err != nil {
		return err
	}
	answered, err := w.wait(ctx, j)
	if answered || j.claim() {
		return err
	}
	_, err = w.wait(context.Background(), j)
	return err
}

// put puts a job into the queue.
func (w *writer) put(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.life.Err() != nil {
		return errClosed
	}
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.life.Done():
		return errClosed
	}
}

// wait gives the outcome of a job in the queue, or why there is none yet.
func (w *writer) wait(ctx context.Context, j *job) (answered bool, err error) {
	select {
	case err := <-j.done:
		return true, err
	case <-ctx.Done():
		return false, ctx.Err()
	case <-w.gone:
	}
	select {
	case err := <-j.done: // the last
		return true, err
	default:
		return true, errClosed
	}
}

// asking is how long is waited for what has no context.
const asking = time.Second

// askSoon is ask for what has no context.
func (s *Store) askSoon(do func() error) error {
	patience := asking
	if s.options.patience > 0 {
		patience = s.options.patience
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.writer.ask(ctx, newJob(do))
}

// start starts it.
func (w *writer) start(run func()) {
	w.gone = make(chan struct{})
	go func() {
		defer close(w.gone)
		run()
	}()
}

// stop ends it, once what is under way is done.
func (w *writer) stop() {
	w.end()
	if w.gone != nil {
		<-w.gone
	}
}

// write is the writer, until Close.
func (s *Store) write() {
	w := &s.writer
	for {
		select {
		case j := <-w.jobs:
			for j != nil {
				j = s.work(j)
			}
		case <-w.life.Done():
			return
		}
	}
}

// work does a job, and those behind it that can be done with it. It returns the one that
// can't.
func (s *Store) work(j *job) (rest *job) {
	if j.do != nil {
		if s.writer.life.Err() == nil && j.claim() {
			j.done <- j.do()
		}
		return nil
	}
	var together []*job
	for positions := 0; j != nil && j.do == nil && positions < notedAtOnce; {
		if j.claim() {
			together = append(together, j)
			positions += len(j.positions)
		}
		select {
		case j = <-s.writer.jobs:
		default:
			j = nil
		}
	}
	s.note(together)
	return j
}
