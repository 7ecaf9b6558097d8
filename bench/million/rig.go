//go:build linux

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

const (
	scratchSize = 64 << 10 // as the server's writers have
	fairRounds  = 4
)

// rig is a hub and what the server puts around it. Safe for concurrent use.
type rig struct {
	options
	hub     *actor.Hub
	streams []atomic.Pointer[stream]
	writers []*writer
	base    int64 // resident bytes before the first client
	named   atomic.Uint64
	aside   atomic.Uint64          // publishers' events that no writer wrote
	watch   atomic.Pointer[func()] // called before each tick

	running sync.WaitGroup
	over    chan struct{} // ends the clock
}

// writer is one stream writer's count, on a cache line of its own.
type writer struct {
	events atomic.Uint64
	_      [56]byte
}

func start(o options) (*rig, error) {
	r := &rig{options: o, over: make(chan struct{}),
		streams: make([]atomic.Pointer[stream], o.clients), writers: make([]*writer, runtime.GOMAXPROCS(0))}
	var err error
	r.hub, err = actor.New(actor.Options{
		Start: time.Now(), Writers: len(r.writers), HeartbeatInterval: o.heartbeat,
		// With room for those that come before others have gone.
		MaxClients: o.clients + 10_000,
	})
	if err != nil {
		return nil, err
	}
	if r.base, err = resident(); err != nil {
		return nil, err
	}
	r.hub.Start()
	for i := range r.writers {
		r.writers[i] = new(writer)
		r.running.Go(func() { r.write(r.writers[i]) })
	}
	r.running.Go(r.tick)
	return r, nil
}

func (r *rig) end() {
	r.hub.Stop()
	close(r.over)
	r.running.Wait()
}

// write is one stream writer.
func (r *rig) write(w *writer) {
	var written actor.Written
	scratch := make([]byte, 0, scratchSize)
	for b := range r.hub.Batches() {
		for _, e := range b.Entries {
			r.flush(e.Client, e.Frame, scratch, &written)
		}
		w.events.Store(written.Frames)
		r.hub.Finish(b)
		runtime.Gosched() // as the server's do
	}
}

// flush is any owner's part.
func (r *rig) flush(c *actor.Client, first *sse.Frame, scratch []byte, written *actor.Written) {
	outcome := c.Flush(first, scratch, r.hub.Now(), fairRounds, written)
	for outcome == actor.More {
		outcome = c.Flush(nil, scratch, r.hub.Now(), fairRounds, written)
	}
	if outcome == actor.Closed {
		r.hub.Unregister(c)
	}
}

// flushAside is flush outside of the writers.
func (r *rig) flushAside(c *actor.Client, first *sse.Frame, scratch []byte) {
	var written actor.Written
	r.flush(c, first, scratch, &written)
	if written.Frames > 0 {
		r.aside.Add(written.Frames)
	}
}

func (r *rig) tick() {
	ticker := time.NewTicker(actor.TickInterval)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if watch := r.watch.Load(); watch != nil {
				(*watch)()
			}
			r.hub.Tick(now)
		case <-r.over:
			return
		}
	}
}

// written is how many publishers' events have been written.
func (r *rig) written() uint64 {
	n := r.aside.Load()
	for _, w := range r.writers {
		n += w.events.Load()
	}
	return n
}

// hello is the first block of each stream.
var hello = sse.NewControl(sse.NameConnection, 0, []byte(`{"status":"connected"}`))

// connect is what the server does for a new stream.
func (r *rig) connect(scratch []byte) (*stream, error) {
	s := new(stream)
	s.client = actor.NewClient(r.person(), s, r.hub.Now())
	w, err := r.hub.Register(s.client)
	if err != nil {
		return nil, err
	}
	if w.Admission != actor.Admitted {
		stats, err := r.stats(context.Background())
		return nil, errors.Join(err, fmt.Errorf("a client is not admitted (%d), with %d clients and %d that are ending",
			w.Admission, stats.Clients, stats.Ending))
	}
	r.flushAside(s.client, hello, scratch)
	return s, nil
}

// leave is what the server's poller does when a peer has gone.
func (r *rig) leave(s *stream, scratch []byte) {
	s.client.EndedBy(actor.ReasonClientClosed)
	if s.client.Hangup() {
		r.flushAside(s.client, nil, scratch)
	}
}

const topics = 1000

// person is somebody with a user and a session of their own and one topic of many.
// As in the server, all strings are the client's own but its agent.
func (r *rig) person() actor.Info {
	n := r.named.Add(1)
	var id [16]byte
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return actor.Info{
		ID:        base64.RawURLEncoding.EncodeToString(id[:]),
		UserID:    fmt.Sprintf("user-%015d", n),
		SessionID: fmt.Sprintf("session-%012d", n),
		Topics:    []string{fmt.Sprintf("topic-%d", n%topics)},
		Address:   fmt.Sprintf("10.%d.%d.%d:%d", n>>16&255, n>>8&255, n&255, 30_000+n%30_000),
		Agent:     agent,
		Since:     time.Now(),
	}
}

const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

var text = strings.Repeat("x", eventBytes)

func newEvent() *sse.Frame { return sse.NewFrame(sse.Event{Data: text}) }

func (r *rig) stats(ctx context.Context) (actor.Stats, error) { return r.hub.Metrics(ctx) }
