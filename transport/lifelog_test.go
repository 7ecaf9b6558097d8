package transport

import (
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// A life as the log tells it, with everything that must not be in it.
func TestTheLogOfAStreamsLife(t *testing.T) {
	r := startRig(t)
	const session, data, cookie, topicData = "SECRET-session", "SECRET-data", "SECRET-cookie", "SECRET-idempotency"
	c := r.open("sessionId="+session+"&topics=news", "Cookie: s="+cookie, "Last-Event-ID: SECRET-last")
	id := r.publish(`{"event":"note","data":"`+data+`","sessionId":"`+session+`","topics":["news"]}`, "Idempotency-Key: "+topicData, "Cookie: s="+cookie).Event.ID
	assert.Equal(t, data, c.next().data)
	r.publish(`{"data":"` + data + `","clientIds":["` + c.id + `"]}`)
	r.publish(`{"data":"` + data + `"}`)
	r.publish(`{"data":"` + data + `","userId":"7"}`)
	r.call("POST", "/api/sse", `{"data":"`+data+`"}`, key("SECRET-key-0123456789")).problem(t, 401, "UNAUTHORIZED", "")
	r.call("POST", "/api/sse", `{"data":"`+data+`","`+data+`":1}`, key(appKey)).problem(t, 400, "INVALID_EVENT", data)
	require.NoError(t, c.conn.Close())

	opened := r.log.wait(t, "stream opened", 1)[0]
	ended := r.log.wait(t, "stream ended", 1)[0]
	sent := r.log.wait(t, "event sent", 4)
	for _, line := range []map[string]any{opened, ended} {
		assert.Equal(t, "INFO", line["level"])
		assert.Equal(t, c.id, line["client"])
		assert.Equal(t, c.conn.LocalAddr().String(), line["address"])
		assert.Regexp(t, `^#[0-9a-f]{8}$`, line["session"])
		assert.Equal(t, opened["session"], line["session"])
		assert.Equal(t, []any{"news"}, line["topics"])
		assert.NotContains(t, line, "user")
	}
	assert.Equal(t, "client closed", ended["reason"])
	assert.NotContains(t, ended, "error")
	for name, want := range map[string]any{"by": "app", "event": "note", "bytes": float64(len(data)), "to_session": opened["session"],
		"to_topics": []any{"news"}, "id": id, "clients": 1.0} {
		assert.Equal(t, want, sent[0][name], name)
	}
	assert.Equal(t, 1.0, sent[1]["to_clients"])
	assert.Equal(t, true, sent[2]["broadcast"])
	assert.Equal(t, "7", sent[3]["to_user"])
	assert.NotContains(t, r.log.String(), "SECRET")
	assert.NotContains(t, r.log.String(), appKey)
}

func TestWhatWasNotSentIsLoggedAsAnError(t *testing.T) {
	r := startRig(t)
	require.NoError(t, r.hub.Drain(t.Context(), 0))
	r.call("POST", "/api/sse", `{"data":"SECRET"}`, key(appKey)).problem(t, 503, "SERVER_SHUTDOWN", "")
	line := r.log.wait(t, "event not sent", 1)[0]
	assert.Equal(t, "ERROR", line["level"])
	assert.Contains(t, line["error"], "draining")
	assert.NotContains(t, r.log.String(), "SECRET")
}

// The order of a short stream's two lines is that of its life.
func TestAStreamIsOpenedBeforeItEnds(t *testing.T) {
	r := startRig(t)
	for range 50 {
		conn := dial(t, r.addr)
		_, err := conn.Write([]byte(request("GET", "/api/sse?sessionId=s", "")))
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	eventually(t, func() bool { return len(r.log.lines(t, "stream ended")) == 50 }, "all have ended")
	open := map[any]bool{}
	for _, line := range r.log.lines(t, "") {
		switch line["msg"] {
		case "stream opened":
			open[line["client"]] = true
		case "stream ended":
			assert.True(t, open[line["client"]], "ended before it was opened")
		}
	}
}

// lifeLogOf is a log of its own, in a bubble of time.
func lifeLogOf(t *testing.T, rate int, level slog.Level) (*lifeLog, *logBook) {
	book := &logBook{}
	l := newLifeLog(slog.New(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: level})), rate)
	l.start()
	t.Cleanup(l.stop)
	return l, book
}

func someItem() *wire.Item {
	items, _, err := wire.Decode([]byte(`{"data":1}`), wire.Limits{EventBytes: 10, Events: 1})
	if err != nil {
		panic(err)
	}
	return &items[0]
}

func TestReasonsAndTheirLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, book := lifeLogOf(t, 100, slog.LevelInfo)
		for _, why := range actor.Reasons() {
			l.disconnected(actor.Info{ID: why.String(), Since: time.Now()}, why, nil)
		}
		l.disconnected(actor.Info{ID: "x", UserID: "7", Since: time.Now().Add(-90 * time.Second)}, actor.ReasonWriteFailed, errors.New("broken pipe"))
		l.refused(actor.Info{ID: "y"}, actor.Full, nil)
		l.refused(actor.Info{ID: "z"}, actor.Draining, nil)
		synctest.Wait()
		lines := book.lines(t, "stream ended")
		require.Len(t, lines, len(actor.Reasons())+1)
		for i, why := range actor.Reasons() {
			assert.Equal(t, why.String(), lines[i]["reason"])
			warns := why == actor.ReasonSlowConsumer || why == actor.ReasonTimeout || why == actor.ReasonWriteFailed
			assert.Equal(t, warns, lines[i]["level"] == "WARN", why)
		}
		last := lines[len(lines)-1]
		assert.Equal(t, "broken pipe", last["error"])
		assert.Equal(t, "7", last["user"])
		assert.EqualValues(t, 90*time.Second, last["open"])
		refused := book.lines(t, "stream refused")
		assert.Equal(t, "the server is full", refused[0]["reason"])
		assert.Equal(t, "the server is shutting down", refused[1]["reason"])
	})
}

// Beyond the rate lines are counted, each kind for itself, and each second says how
// many were left out.
func TestSampling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, book := lifeLogOf(t, 3, slog.LevelInfo)
		time.Sleep(500 * time.Millisecond)
		for range 10 {
			l.connected(actor.Info{ID: "c"})
			l.sent(auth.Identity{Service: "app"}, someItem(), actor.Receipt{ID: "1"})
		}
		l.disconnected(actor.Info{ID: "c"}, actor.ReasonClientClosed, nil)
		synctest.Wait()
		assert.Len(t, book.lines(t, "stream opened"), 3)
		assert.Len(t, book.lines(t, "event sent"), 3)
		assert.Len(t, book.lines(t, "stream ended"), 1)
		assert.Empty(t, book.lines(t, "more of these in the last second"))

		time.Sleep(time.Second)
		synctest.Wait()
		more := book.lines(t, "more of these in the last second")
		require.Len(t, more, 2, "nothing is said of what was not left out")
		assert.Equal(t, []any{"stream opened", 7.0, "event sent", 7.0}, []any{more[0]["what"], more[0]["count"], more[1]["what"], more[1]["count"]})

		l.connected(actor.Info{ID: "c"})
		synctest.Wait()
		assert.Len(t, book.lines(t, "stream opened"), 4, "a new second, a new allowance")
		time.Sleep(3 * time.Second)
		assert.Len(t, book.lines(t, "more of these in the last second"), 2)
	})
}

// Whoever tells never waits; what there was no room for is counted; and stop writes
// what was told before it.
func TestTheLogNeverHoldsUpAndLosesNoCount(t *testing.T) {
	book := &logBook{}
	l := newLifeLog(slog.New(slog.NewJSONHandler(book, nil)), 1_000_000)
	for range lineRoom + 500 { // nobody writes yet
		l.connected(actor.Info{ID: "c"})
	}
	l.start()
	l.stop()
	l.stop()
	l.connected(actor.Info{ID: "late"}) // is lost, and harmless
	assert.Len(t, book.lines(t, "stream opened"), lineRoom)
	more := book.lines(t, "more of these in the last second")
	require.Len(t, more, 1)
	assert.Equal(t, 500.0, more[0]["count"])
}

func TestLinesBelowTheLevelAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, book := lifeLogOf(t, 1, slog.LevelError)
		for range 10 {
			l.connected(actor.Info{})
			l.refused(actor.Info{}, actor.Full, nil)
		}
		l.sendFailed(auth.Identity{}, someItem(), actor.ErrDraining)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Len(t, book.lines(t, ""), 1)
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(book.String()), &line))
		assert.Equal(t, "event not sent", line["msg"])
	})
}
