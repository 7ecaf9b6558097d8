package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// lifeLog writes a line for each connect, disconnect and send, as long as they
// are few; beyond the rate it counts, and says each second how many it left out.
// Whoever tells it something never waits: its goroutine does the writing.
type lifeLog struct {
	log   *slog.Logger
	rate  int
	lines chan line
	told  [kinds]atomic.Int64  // in this second
	lost  [kinds]atomic.Uint64 // beyond the rate, or the channel's room
	quit  chan struct{}
	once  sync.Once
	done  sync.WaitGroup
}

// kind is what a line is about; the rate holds for each.
type kind int

const (
	kindConnect kind = iota
	kindRefuse
	kindDisconnect
	kindSend
	kindSendFailed
	kindUnread
	kindUnnoted
	kindLookedOn
	kinds
)

var kindNames = [kinds]string{"stream opened", "stream refused", "stream ended", "event sent", "event not sent", "mailbox not read", "acknowledgement not noted", "an operator looks on"}

type line struct {
	kind  kind
	level slog.Level
	attrs []slog.Attr
}

// lineRoom is how many lines may wait to be written.
const lineRoom = 1024

func newLifeLog(log *slog.Logger, rate int) *lifeLog {
	return &lifeLog{log: log, rate: max(rate, 1), lines: make(chan line, lineRoom), quit: make(chan struct{})}
}

func (l *lifeLog) start() { l.done.Go(l.run) }

// stop writes what has been told and ends the goroutine. It may be called again.
func (l *lifeLog) stop() {
	l.once.Do(func() { close(l.quit) })
	l.done.Wait()
}

func (l *lifeLog) run() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	write := func(one line) {
		l.log.LogAttrs(context.Background(), one.level, kindNames[one.kind], one.attrs...)
	}
	flush := func() {
		for k := range kinds {
			if n := l.lost[k].Swap(0); n > 0 {
				l.log.Info("more of these in the last second", "what", kindNames[k], "count", n)
			}
			l.told[k].Store(0)
		}
	}
	for {
		select {
		case one := <-l.lines:
			write(one)
		case <-second.C:
			flush()
		case <-l.quit:
			for {
				select {
				case one := <-l.lines:
					write(one)
					continue
				default:
				}
				flush()
				return
			}
		}
	}
}

// tell queues a line if its level is on at all. What is beyond the rate costs no more
// than counting it.
func (l *lifeLog) tell(k kind, level slog.Level, attrs func() []slog.Attr) {
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	if l.told[k].Add(1) > int64(l.rate) || len(l.lines) == cap(l.lines) {
		l.lost[k].Add(1)
		return
	}
	select {
	case l.lines <- line{k, level, attrs()}:
	default:
		l.lost[k].Add(1)
	}
}

func (l *lifeLog) connected(i actor.Info) {
	l.tell(kindConnect, slog.LevelInfo, func() []slog.Attr { return who(i) })
}

func (l *lifeLog) refused(i actor.Info, a actor.Admission, err error) {
	why := "it could not be opened"
	switch a {
	case actor.Full:
		why = "the server is full"
	case actor.Draining:
		why = "the server is shutting down"
	case actor.TooMany:
		why = "the user, session or address has too many streams"
	case actor.Stale:
		why = "more events came in than the history holds while its mailbox was read"
	}
	l.tell(kindRefuse, slog.LevelWarn, func() []slog.Attr {
		attrs := append(who(i), slog.String("reason", why))
		if err != nil {
			attrs = append(attrs, slog.String("error", err.Error()))
		}
		return attrs
	})
}

func (l *lifeLog) disconnected(i actor.Info, why actor.Reason, err error) {
	level := slog.LevelInfo
	if why == actor.ReasonSlowConsumer || why == actor.ReasonTimeout || why == actor.ReasonWriteFailed {
		level = slog.LevelWarn
	}
	l.tell(kindDisconnect, level, func() []slog.Attr {
		attrs := append(who(i), slog.String("reason", why.String()), slog.Duration("open", time.Since(i.Since).Round(time.Millisecond)))
		if err != nil {
			attrs = append(attrs, slog.String("error", err.Error()))
		}
		return attrs
	})
}

func (l *lifeLog) sent(by auth.Identity, item *wire.Item, r actor.Receipt) {
	l.tell(kindSend, slog.LevelInfo, func() []slog.Attr {
		return append(what(by, item), slog.String("id", r.ID), slog.Int("clients", r.Queued))
	})
}

func (l *lifeLog) sendFailed(by auth.Identity, item *wire.Item, err error) {
	l.tell(kindSendFailed, slog.LevelError, func() []slog.Attr {
		return append(what(by, item), slog.String("error", err.Error()))
	})
}

// unread is for a stream that is refused, ended or not noted because its journal failed.
func (l *lifeLog) unread(i actor.Info, err error) {
	l.tell(kindUnread, slog.LevelError, func() []slog.Attr {
		return append(who(i), slog.String("error", err.Error()))
	})
}

func (l *lifeLog) unnoted(err error) {
	l.tell(kindUnnoted, slog.LevelError, func() []slog.Attr {
		return []slog.Attr{slog.String("error", err.Error())}
	})
}

// lookedOn is for the stream of an operator, who sees what others send.
func (l *lifeLog) lookedOn(by string, i actor.Info) {
	l.tell(kindLookedOn, slog.LevelInfo, func() []slog.Attr {
		return []slog.Attr{slog.String("by", by), slog.String("address", i.Address)}
	})
}

// who describes a stream. A sessionId lets its holder in, so the log has a mark
// that tells sessions apart and no more.
func who(i actor.Info) []slog.Attr {
	attrs := []slog.Attr{slog.String("client", i.ID), slog.String("address", i.Address)}
	if i.UserID != "" {
		attrs = append(attrs, slog.String("user", i.UserID))
	}
	if i.SessionID != "" {
		attrs = append(attrs, slog.String("session", mark(i.SessionID)))
	}
	if len(i.Topics) > 0 {
		attrs = append(attrs, slog.Any("topics", i.Topics))
	}
	return attrs
}

// what describes an event, without its data.
func what(by auth.Identity, item *wire.Item) []slog.Attr {
	attrs := []slog.Attr{slog.String("by", by.Name()), slog.String("event", item.Event.Name.String()), slog.Int("bytes", len(item.Event.Data))}
	t := item.Target
	switch {
	case len(t.ClientIDs) > 0:
		return append(attrs, slog.Int("to_clients", len(t.ClientIDs)))
	case t.UserID == "" && t.SessionID == "" && len(t.Topics) == 0:
		return append(attrs, slog.Bool("broadcast", true))
	}
	if t.UserID != "" {
		attrs = append(attrs, slog.String("to_user", t.UserID))
	}
	if t.SessionID != "" {
		attrs = append(attrs, slog.String("to_session", mark(t.SessionID)))
	}
	if len(t.Topics) > 0 {
		attrs = append(attrs, slog.Any("to_topics", t.Topics))
	}
	return attrs
}

// mark stands for a secret in the log: the same for the same, and of no use.
func mark(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "#" + hex.EncodeToString(sum[:4])
}
