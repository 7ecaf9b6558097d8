package transport

import (
	"context"
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"

	"github.com/puzpuzpuz/xsync/v3"
	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/transport/auth"
)

// maxIdempotencyKey bounds an Idempotency-Key, in bytes.
const maxIdempotencyKey = 255

// idempotencyKey reads the header; the key is the caller's own, so that two
// callers with the same one do not meet.
func idempotencyKey(ctx *fasthttp.RequestCtx, caller auth.Identity) (string, *problem) {
	if ctx.Request.Header.Peek("Idempotency-Key") == nil { // most have none
		return "", nil
	}
	fields := ctx.Request.Header.PeekAll("Idempotency-Key")
	header := fields[0]
	ok := len(fields) == 1 && len(header) > 0 && len(header) <= maxIdempotencyKey
	for _, b := range header {
		ok = ok && b >= 0x20 && b <= 0x7e
	}
	if !ok {
		return "", &problem{Status: 400, Code: "INVALID_REQUEST", Field: "Idempotency-Key", Detail: "Idempotency-Key: once, 1 to 255 printable ASCII characters"}
	}
	return caller.Service + "\x00" + caller.UserID + "\x00" + string(header), nil
}

// idempotency remembers what became of keyed requests for a window of time. Two
// generations of tables: an outcome is found in either, and lives for one to two
// windows. When the younger table is full it becomes the older one early, and the
// oldest outcomes are forgotten, which is counted.
//
// Safe for concurrent use: request goroutines share it.
type idempotency struct {
	window time.Duration
	most   int
	forgot atomic.Uint64

	// A request looks into both tables, and they must not turn in between: it would
	// miss one with its key that is under way.
	turn   sync.RWMutex
	tables atomic.Pointer[generations]
}

type generations struct {
	young, old *xsync.MapOf[string, *remembered]
	events     atomic.Int64 // in young: a batch takes as much room as it has events
	since      atomic.Int64 // when expire first saw them, in Unix nanoseconds
}

type remembered struct {
	body    [sha256.Size]byte // of the request, which comes again with each repetition
	done    chan struct{}     // closed when outcome is set
	outcome outcome
}

func newIdempotency(window time.Duration, most int) *idempotency {
	m := &idempotency{window: window, most: max(most, 1)}
	m.reset()
	return m
}

func newGenerations(old *xsync.MapOf[string, *remembered]) *generations {
	return &generations{young: xsync.NewMapOf[string, *remembered](), old: old}
}

// How once came to its answer.
type idempotencyState int

const (
	idempotencyFirst    idempotencyState = iota // the request was carried out
	idempotencyReplayed                         // the first one's answer
	idempotencyMismatch                         // the key came with another body
	idempotencyPending                          // the first one took too long to wait for
)

// once carries a request out unless one with its key has been. An outcome by which
// nothing was sent is not remembered: the caller is to try again.
func (m *idempotency) once(ctx context.Context, key string, body []byte, do func() outcome) (outcome, idempotencyState) {
	mine := &remembered{body: sha256.Sum256(body), done: make(chan struct{}), outcome: outcome{stopped: &overloaded}}
	m.turn.RLock()
	g := m.tables.Load()
	first, found := g.old.Load(key)
	if !found {
		first, found = g.young.LoadOrStore(key, mine)
	}
	m.turn.RUnlock()
	if !found {
		defer func() { // after a panic too, or others would wait for it
			n := int64(len(mine.outcome.receipts))
			if n == 0 {
				g.young.Delete(key)
			} else if events := g.events.Add(n); events >= int64(m.most) && events-n < int64(m.most) {
				m.forgot.Add(uint64(g.old.Size()))
				m.rotate(g)
			}
			close(mine.done)
		}()
		mine.outcome = do()
		return mine.outcome, idempotencyFirst
	}
	if first.body != mine.body {
		return outcome{}, idempotencyMismatch
	}
	select {
	case <-first.done:
		return first.outcome, idempotencyReplayed
	case <-ctx.Done():
		return outcome{}, idempotencyPending
	}
}

// reset forgets everything.
func (m *idempotency) reset() {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.tables.Store(newGenerations(xsync.NewMapOf[string, *remembered]()))
	m.forgot.Store(0)
}

// expire forgets what is older than the window. It is called now and then.
func (m *idempotency) expire(now time.Time) {
	g := m.tables.Load()
	if !g.since.CompareAndSwap(0, now.UnixNano()) && now.UnixNano()-g.since.Load() >= int64(m.window) {
		m.rotate(g)
	}
}

func (m *idempotency) rotate(from *generations) {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.tables.CompareAndSwap(from, newGenerations(from.young))
}
