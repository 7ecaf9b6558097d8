package disk

import (
	"context"
	"sync"
)

// door lets readers to the database, but not while it is closed and opened again. It is no
// sync.RWMutex: who waits at it can give up.
type door struct {
	life   context.Context // ends when it is closed for good
	mu     sync.Mutex
	closed chan struct{} // nil: it is open; else it is closed when the door opens
	inside sync.WaitGroup
}

// enter waits until the door is open. Who got in leaves.
func (d *door) enter(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.mu.Lock()
		if d.life.Err() != nil {
			d.mu.Unlock()
			return errClosed
		}
		closed := d.closed
		if closed == nil {
			d.inside.Add(1)
			d.mu.Unlock()
			return nil
		}
		d.mu.Unlock()
		select {
		case <-closed:
		case <-ctx.Done():
		case <-d.life.Done():
		}
	}
}

func (d *door) leave() { d.inside.Done() }

// close lets nobody in any more, and waits for those who are.
func (d *door) close() {
	d.mu.Lock()
	d.closed = make(chan struct{})
	d.mu.Unlock()
	d.inside.Wait()
}

func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.closed)
	d.closed = nil
}
