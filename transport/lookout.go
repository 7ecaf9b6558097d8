package transport

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/monitor"
	"github.com/sseactor/sseactor/transport/stream"
)

// lookout is from where operators watch the server: their streams, and what feeds them.
//
// The streams have a hub and an engine of their own, so that they are in no list and no
// count of users' streams, and are let in when the server is full: then they are needed
// most. It runs from Start to Close, since a server that has no descriptor left could not
// start it. The feeder's clock runs only while somebody looks: until then nothing is
// computed.
type lookout struct {
	hub    *actor.Hub
	engine *stream.Engine
	opts   stream.Options

	look     func(context.Context) (look, bool) // at the server; false: it does not answer
	activity *monitor.Activity
	latency  monitor.Latency // of publishing, while somebody looks
	watched  atomic.Bool     // somebody does

	mu      sync.Mutex
	viewers map[string]bool // by client id; whether it has the metrics
	samples monitor.Samples
	newest  []byte // the event of the newest sample, while somebody looks

	publisher *actor.Publisher // the feeder's
	came      chan struct{}    // a viewer has come: one waits there if there are any
	ctx       context.Context
	halt      context.CancelFunc
	feeder    sync.WaitGroup
}

// look is what is seen of the server at one moment.
type look struct {
	monitor.Reading
	glance
}

// glance is what a metrics event says beside its sample.
type glance struct {
	Summary *summary      `json:"summary"`
	Memory  memorySummary `json:"memory"`
	Health  healthSummary `json:"health"`
	Version string        `json:"version"`
	Mode    string        `json:"mode"`
	Limits  limitsSummary `json:"limits"`
}

type memorySummary struct {
	HeapBytes  uint64 `json:"heapBytes"`
	Goroutines uint64 `json:"goroutines"`
}

type limitsSummary struct {
	MaxClients int `json:"maxClients"`
}

// The events of operators' streams.
var (
	eventHistory  = "history"
	eventMetrics  = mustName("metrics")
	eventActivity = mustName("activity")
)

func mustName(text string) sse.Name {
	name, err := sse.ParseName(text)
	if err != nil {
		panic("transport: " + err.Error())
	}
	return name
}

// What waits for an operator who reads slowly: about ten seconds' events. Beyond that
// activity is dropped first and then metrics, and the operator is told how many.
const (
	lookoutFrames = 256
	lookoutBytes  = 1 << 20
)

func newLookout(opts Options, see func(context.Context) (look, bool)) (*lookout, error) {
	hub, err := actor.New(actor.Options{
		Start: opts.Hub.Start, Seed: opts.Hub.Seed,
		MaxClients: monitor.MaxViewers, OutboxFrames: lookoutFrames, OutboxBytes: lookoutBytes,
		HeartbeatInterval: opts.Hub.HeartbeatInterval, HeartbeatComment: opts.Hub.HeartbeatComment, ClientTimeout: opts.Hub.ClientTimeout,
		Retry: opts.Hub.Retry, RetrySpread: opts.Hub.RetrySpread,
		NoIDs: true, Writers: 1,
	})
	if err != nil {
		return nil, err
	}
	l := &lookout{
		hub: hub, look: see, activity: monitor.NewActivity(), viewers: make(map[string]bool),
		publisher: hub.Publisher(), came: make(chan struct{}, 1),
		opts: stream.Options{Writers: 1, Portable: opts.Stream.Portable, PlainSyscalls: opts.Stream.PlainSyscalls, WriteTimeout: opts.Stream.WriteTimeout},
	}
	l.opts.Closed = func(c *actor.Client, _ actor.Reason, _ error) { l.leave(c.ID()) }
	l.ctx, l.halt = context.WithCancel(context.Background())
	return l, nil
}

// start starts the hub, the engine and the feeder. After an error nothing runs.
func (l *lookout) start() (err error) {
	l.hub.Start()
	if l.engine, err = stream.Start(l.hub, l.opts); err != nil {
		l.hub.Stop()
		return err
	}
	l.feeder.Go(l.feed)
	return nil
}

// stop ends them. Nobody may be let in any more.
func (l *lookout) stop() {
	l.halt()
	l.feeder.Wait()
	l.hub.Stop()
	if l.engine != nil {
		l.engine.Stop()
	}
}

// join makes a stream that is let in a viewer's, and gives what it begins with behind its
// greeting. tail is what it wants of the activity; nil: nothing.
func (l *lookout) join(id string, metrics bool, tail *monitor.Filter, now time.Time) (first []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.viewers[id] = metrics
	l.watched.Store(true)
	if tail != nil {
		l.activity.Watch(monitor.NewViewer(id, *tail)) // there is room, as the hub has let it in
	}
	if metrics {
		past := l.samples.Recent(now)
		if l.newest != nil && len(past) > 0 { // which has the newest sample
			past = past[:len(past)-1]
		}
		data, err := json.Marshal(struct {
			Samples []monitor.Sample `json:"samples"`
		}{append([]monitor.Sample{}, past...)})
		if err != nil {
			panic("transport: " + err.Error()) // numbers only
		}
		first = sse.NewControl(eventHistory, 0, data).Bytes()
		if l.newest != nil {
			first = append(first, sse.NewControl(eventMetrics.String(), 0, l.newest).Bytes()...)
		}
	}
	select {
	case l.came <- struct{}{}:
	default:
	}
	return first
}

// leave takes a viewer out.
func (l *lookout) leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.activity.Leave(id)
	delete(l.viewers, id)
	if len(l.viewers) == 0 {
		l.watched.Store(false)
	}
}

// rest reports whether there is nobody to feed. Whoever comes before it says so has the
// newest sample at once, and not after what is left of a second: a page that is loaded again.
func (l *lookout) rest() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.viewers) > 0 {
		return false
	}
	l.newest = nil
	return true
}

// end ends the streams of an operator who is kept out.
func (l *lookout) end(user string) {
	ctx, cancel := context.WithTimeout(l.ctx, askTimeout)
	defer cancel()
	_, _ = l.hub.Disconnect(ctx, actor.Filter{UserID: user}) // an error means that the hub ends them all
}

// feed is the feeder. It waits for somebody to come.
func (l *lookout) feed() {
	for {
		select {
		case <-l.came:
			l.serve()
		case <-l.ctx.Done():
			return
		}
	}
}

// How often viewers get what. The first sample is of a shorter time: nobody likes to look
// at an empty page for a second.
const (
	activityInterval = 100 * time.Millisecond
	sampleInterval   = time.Second
	firstSample      = 200 * time.Millisecond
)

// serve feeds the viewers until all have left.
func (l *lookout) serve() {
	ticker := time.NewTicker(activityInterval)
	defer ticker.Stop()
	began := time.Now()
	before, ok := l.look(l.ctx)
	due := began.Add(firstSample)
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-ticker.C:
		}
		if l.rest() {
			l.activity.Collect(func(*monitor.Viewer, monitor.Batch) {}) // what they did not wait for
			return
		}
		l.activity.Collect(l.tell)
		now := time.Now()
		if now.Before(due) {
			continue
		}
		if due = due.Add(sampleInterval); due.Before(now) { // it was held up
			due = now.Add(sampleInterval)
		}
		if after, answered := l.look(l.ctx); answered {
			if ok {
				l.sample(&before, &after)
			}
			before, ok = after, true
		}
	}
}

// sample keeps the newest sample, and sends it to those who have the metrics.
func (l *lookout) sample(before, after *look) {
	sample := monitor.Between(&before.Reading, &after.Reading)
	data, err := json.Marshal(struct {
		Sample monitor.Sample `json:"sample"`
		glance
	}{sample, after.glance})
	if err != nil {
		panic("transport: " + err.Error()) // texts and finite numbers only
	}
	// At once: a viewer that joins has the sample by its history, or is sent it here.
	l.mu.Lock()
	l.samples.Add(sample)
	var to []string
	for id, metrics := range l.viewers {
		if metrics {
			to = append(to, id)
		}
	}
	if len(l.viewers) > 0 {
		l.newest = data
	}
	l.mu.Unlock()
	if len(to) > 0 {
		l.send(eventMetrics, sse.Normal, data, to...)
	}
}

// tell sends a viewer its batch.
func (l *lookout) tell(v *monitor.Viewer, b monitor.Batch) {
	data, err := json.Marshal(b)
	if err != nil {
		panic("transport: " + err.Error()) // texts and numbers only
	}
	l.send(eventActivity, sse.Low, data, v.ID())
}

// send gives an event to the viewers' hub. It gives up after a second, so that no viewer
// holds up the others for long.
func (l *lookout) send(name sse.Name, priority sse.Priority, data []byte, to ...string) {
	ctx, cancel := context.WithTimeout(l.ctx, time.Second)
	defer cancel()
	_, _ = l.publisher.Send(ctx, sse.NewFrame(sse.Event{Name: name, Data: string(data), Priority: priority}), actor.Target{ClientIDs: to})
}

// look reads what operators see of the server.
func (s *Server) look(ctx context.Context) (look, bool) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	stats, err := s.hub.Metrics(ctx)
	if err != nil {
		return look{}, false
	}
	var ended uint64
	for _, n := range stats.Ended {
		ended += n
	}
	process := monitor.ReadProcess()
	mode := "production"
	if s.opts.Development {
		mode = "development"
	}
	return look{
		Reading: monitor.Reading{
			At: time.Now(), Streams: stats.Clients, Users: stats.Users, Queue: stats.Inbox,
			Events: stats.Events, Deliveries: stats.Deliveries, Connects: stats.Registered, Disconnects: ended,
			Dropped: stats.Dropped(), Bytes: s.meter.written().Bytes,
			Latency: s.lookout.latency.Counts(), Process: process,
		},
		glance: glance{
			Summary: s.summaryOf(&stats), Memory: memorySummary{process.Heap, process.Goroutines}, Health: s.health(&stats),
			Version: s.opts.Version, Mode: mode, Limits: limitsSummary{s.opts.Hub.MaxClients},
		},
	}, true
}
