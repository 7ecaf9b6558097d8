package embed_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/embed"
	"github.com/sseactor/sseactor/transport/sseutils"
)

func TestAStreamHasWhatIsForIt(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p)
		s, says := r.open("userId=ann&sessionId=s1&topics=news,orders&topics=news")
		assert.Equal(t, p.major, s.response.ProtoMajor)
		h := s.response.Header
		assert.Equal(t, "text/event-stream; charset=utf-8", h.Get("Content-Type"))
		assert.Equal(t, "no-cache, no-transform", h.Get("Cache-Control"))
		assert.Equal(t, "no", h.Get("X-Accel-Buffering"))
		assert.NotEmpty(t, h.Get("Date"))
		assert.Equal(t, "connected", says["status"])
		assert.Equal(t, "ann", says["userId"])
		assert.Equal(t, "s1", says["sessionId"])
		assert.EqualValues(t, 30000, says["heartbeatInterval"])

		other, _ := r.open("userId=bob")
		ctx := t.Context()
		for i, to := range []sseutils.Target{sseutils.User("ann"), sseutils.Session("s1"), sseutils.Topics("orders"), sseutils.Clients(s.id)} {
			result, err := r.SendNotification(ctx, fmt.Sprint("for ann ", i), sseutils.Info, to)
			require.NoError(t, err)
			assert.Equal(t, 1, result.EventsSent)
			e := s.next()
			assert.Equal(t, "notification", e.name)
			assert.Equal(t, result.ID, e.id)
			assert.Equal(t, fmt.Sprint("for ann ", i), e.json(t)["message"])
		}
		result, err := r.Broadcast(ctx, "greeting", "two\nlines <&>")
		require.NoError(t, err)
		assert.Equal(t, 2, result.EventsSent)
		for _, one := range []*stream{s, other} {
			assert.Equal(t, event{name: "greeting", data: "two\nlines <&>", id: result.ID}, one.next())
		}
	})
}

func TestAStreamThatWasCutGoesOn(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p)
		s, _ := r.open("userId=ann")
		send := func(i int) string {
			result, err := r.SendCustomEvent(t.Context(), "step", i, sseutils.User("ann"))
			require.NoError(t, err)
			return result.ID
		}
		last := send(0)
		assert.Equal(t, last, s.next().id)
		s.cut()
		r.streams(0)
		var missed []string
		for i := range 3 {
			missed = append(missed, send(i+1))
		}
		for sentence, ask := range map[string][]string{"by the header": {"userId=ann", "Last-Event-ID", last}, "by the query": {"userId=ann&lastEventId=" + last}} {
			t.Run(sentence, func(t *testing.T) {
				s, says := r.open(ask[0], ask[1:]...)
				assert.Equal(t, map[string]any{"status": "resumed", "from": last, "to": missed[2], "replayed": 3.0}, says["resume"])
				for i, id := range missed {
					assert.Equal(t, event{name: "step", data: strconv.Itoa(i + 1), id: id}, s.next())
				}
			})
		}
		_, says := r.open("userId=ann", "Last-Event-ID", "of somebody else")
		assert.Equal(t, "reset", says["resume"].(map[string]any)["status"])
		bob, _ := r.open("userId=bob", "Last-Event-ID", last)
		result, err := r.Broadcast(t.Context(), "x", nil)
		require.NoError(t, err)
		assert.Equal(t, result.ID, bob.next().id, "nothing of ann's before it")
	})
}

func TestHeartbeatsAndAnEndOfTheSession(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		expires := time.Now().Add(700 * time.Millisecond)
		r := startRig(t, p, func(s *setup) {
			s.HeartbeatInterval = 200 * time.Millisecond
			s.authorize = func(*http.Request) (embed.Subscriber, error) {
				return embed.Subscriber{UserID: "ann", Expires: expires}, nil
			}
		})
		s, says := r.open("")
		assert.EqualValues(t, 200, says["heartbeatInterval"])
		beats := 0
		e := s.next()
		for ; e.name == "heartbeat"; e = s.next() {
			beats++
		}
		assert.Positive(t, beats)
		assert.Equal(t, "error", e.name)
		assert.Equal(t, actor.CodeSessionExpired, e.json(t)["code"])
		s.end()
	})
}

func TestDisconnect(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p)
		for sentence, whose := range map[string]func(s *stream) []sseutils.Target{
			"a user":    func(*stream) []sseutils.Target { return []sseutils.Target{sseutils.User("ann")} },
			"a session": func(*stream) []sseutils.Target { return []sseutils.Target{sseutils.Session("s1")} },
			"a topic of a user's": func(*stream) []sseutils.Target {
				return []sseutils.Target{sseutils.User("ann"), sseutils.Topics("news")}
			},
			"a stream": func(s *stream) []sseutils.Target { return []sseutils.Target{sseutils.Clients(s.id)} },
		} {
			t.Run(sentence, func(t *testing.T) {
				s, _ := r.open("userId=ann&sessionId=s1&topics=news")
				other, _ := r.open("userId=bob&topics=news")
				n, err := r.Disconnect(t.Context(), whose(s)...)
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				assert.Equal(t, actor.CodeDisconnected, s.next().json(t)["code"])
				s.end()
				other.cut()
				r.streams(0)
			})
		}
		for sentence, whose := range map[string][]sseutils.Target{
			"nobody": nil, "an empty user": {sseutils.User("")}, "several streams": {sseutils.Clients("a", "b")}, "several topics": {sseutils.Topics("a", "b")},
		} {
			t.Run(sentence, func(t *testing.T) {
				_, err := r.Disconnect(t.Context(), whose...)
				assert.ErrorIs(t, err, sseutils.ErrInvalidEvent)
			})
		}
	})
}

// A client that leaves is noticed without an event.
func TestADepartureIsNoticed(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p)
		var all []*stream
		for range 5 {
			s, _ := r.open("userId=ann")
			all = append(all, s)
		}
		r.streams(5)
		for _, s := range all {
			s.cut()
		}
		r.streams(0)
	})
}

// One that does not read costs the others nothing. It is ended, and is told if it can be.
func TestASlowConsumer(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p, func(s *setup) { s.OutboxEvents = 64 })
		slow, _ := r.open("userId=slow")
		healthy, _ := r.open("userId=healthy")
		text := strings.Repeat("x", 60_000)
		ended := func() bool {
			s, err := r.Stats(t.Context())
			require.NoError(t, err)
			return s.DroppedHigh > 0
		}
		for i := 0; !ended(); i++ {
			require.Less(t, i, 2000, "it is not ended")
			// Of normal priority, and dropped for the slow one.
			result, err := r.Broadcast(t.Context(), "x", text)
			require.NoError(t, err)
			assert.Equal(t, result.ID, healthy.next().id, "the others have each, in order")
			_, err = r.SendAlert(t.Context(), "must", "come", sseutils.User("slow"))
			require.NoError(t, err)
		}
		if p.major == 1 { // the rest of what was under way, and then why
			var last event
			for e, err := slow.read(); err == nil; e, err = slow.read() {
				last = e
			}
			assert.Equal(t, actor.CodeSlowConsumer, last.json(t)["code"])
		}
		r.streams(1) // over HTTP/2 a write that waits for it is cut short, some seconds later
	})
}

// Nobody who comes, goes, or is thrown out at any moment leaves anything behind, or harms
// another: for the race detector, mostly.
func TestComingAndGoingWhileEventsAreSent(t *testing.T) {
	onEachProtocol(t, func(t *testing.T, p protocol) {
		r := startRig(t, p, func(s *setup) { s.MaxStreamsPerUser = -1 })
		ctx, cancel := context.WithCancel(t.Context())
		var sending, visiting sync.WaitGroup
		sending.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_, err := r.Broadcast(ctx, "x", strings.Repeat("x", 1<<(i%15)))
				if ctx.Err() == nil {
					assert.NoError(t, err)
				}
				if i%7 == 0 {
					_, _ = r.Disconnect(ctx, sseutils.User("thrown"))
				}
			}
		})
		for visitor := range 8 {
			visiting.Go(func() {
				user := [...]string{"stays", "thrown"}[visitor%2]
				for visit := range 15 {
					s, _ := r.open("userId=" + user)
					for range visit {
						if _, err := s.read(); err != nil {
							break // thrown out
						}
					}
					s.cut()
				}
			})
		}
		visiting.Wait()
		cancel()
		sending.Wait()
		r.streams(0)
	})
}
