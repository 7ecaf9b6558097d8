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
	header := ctx.Request.Header.Peek("Idempotency-Key")
	if len(header) == 0 {
		return "", nil
	}
	ok := len(header) <= maxIdempotencyKey
	for _, b := range header {
		ok = ok && b >= 0x20 && b <= 0x7e
	}
	if !ok {
		return "", &problem{Status: 400, Code: "INVALID_REQUEST", Field: "Idempotency-Key", Detail: "Idempotency-Key: 1 to 255 printable ASCII characters"}
	}
	return caller.Service + "\x00" + caller.UserID + "\x00" + string(header), nil
}

// idempotency remembers the answers to keyed requests for a window of time. Two
// generations of tables: an answer is found in either, and lives for one to two
// windows. When the younger table is full it becomes the older one early, and the
// oldest answers are forgotten, which is counted.
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
	count      atomic.Int64 // of young
	since      atomic.Int64 // when expire first saw them, in Unix nanoseconds
}

type remembered struct {
	body   [sha256.Size]byte
	done   chan struct{} // closed when answer is set
	answer answer
}

func newIdempotency(window time.Duration, most int) *idempotency {
	m := &idempotency{window: window, most: max(most, 1)}
	m.tables.Store(&generations{young: xsync.NewMapOf[string, *remembered](), old: xsync.NewMapOf[string, *remembered]()})
	return m
}

// How once came to its answer.
type idempotencyState int

const (
	idempotencyFirst    idempotencyState = iota // the request was carried out
	idempotencyReplayed                         // the first one's answer
	idempotencyMismatch                         // the key came with another body
	idempotencyPending                          // the first one took too long to wait for
)

// once carries a request out unless one with its key has been. An answer by which
// nothing was sent is not remembered: the caller is to try again.
func (m *idempotency) once(ctx context.Context, key string, body []byte, do func() answer) (answer, idempotencyState) {
	mine := &remembered{body: sha256.Sum256(body), done: make(chan struct{}), answer: answer{problem: &overloaded}}
	m.turn.RLock()
	g := m.tables.Load()
	first, found := g.old.Load(key)
	if !found {
		first, found = g.young.LoadOrStore(key, mine)
	}
	m.turn.RUnlock()
	if !found {
		defer func() { // after a panic too, or others would wait for it
			if !mine.answer.sent {
				g.young.Delete(key)
			} else if n := g.count.Add(1); n == int64(m.most) {
				m.forgot.Add(uint64(g.old.Size()))
				m.rotate(g)
			}
			close(mine.done)
		}()
		mine.answer = do()
		return mine.answer, idempotencyFirst
	}
	if first.body != mine.body {
		return answer{}, idempotencyMismatch
	}
	select {
	case <-first.done:
		return first.answer, idempotencyReplayed
	case <-ctx.Done():
		return answer{}, idempotencyPending
	}
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
	m.tables.CompareAndSwap(from, &generations{young: xsync.NewMapOf[string, *remembered](), old: from.young})
}
