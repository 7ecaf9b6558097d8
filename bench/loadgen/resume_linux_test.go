package loadgen

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// welcome is a connection event that says what follows.
func welcome(resume string) string {
	return head + `event: connection` + "\n" + `data: {"status":"connected","clientId":"c-1","resume":` + resume + "}\n\n"
}

func replayed(n int) string {
	return fmt.Sprintf("event: connection\ndata: {\"status\":\"replayed\",\"replayed\":%d,\"to\":\"5-9\"}\n\n", n)
}

var lastEventID = regexp.MustCompile(`Last-Event-ID: (\S+)\r\n`)

func TestClientResumesAfterTheLastEventThatCameWhole(t *testing.T) {
	asked := make(chan string, 8)
	var connects atomic.Int32
	whole := block(0, "5-1") + block(1, "5-2")
	target := script(t, func(conn *net.TCPConn, request string) {
		from := ""
		if m := lastEventID.FindStringSubmatch(request); m != nil {
			from = m[1]
		}
		asked <- from
		if connects.Add(1) == 1 {
			_, _ = io.WriteString(conn, head+greeting+whole+block(2, "5-3"))
			return // the client hangs up in the midst of 5-3
		}
		_, _ = io.WriteString(conn, welcome(`{"status":"resumed","from":"5-2","to":"5-3","replayed":1}`)+block(2, "5-3")+block(3, "5-4"))
	})
	c := start(t, Options{Target: target, OnEnd: func(*Stream) (time.Duration, bool) { return time.Millisecond, true }})
	s := c.Open(Spec{Session: "s", User: "u", Device: "d", Resumes: true})
	c.Sever(len(head+greeting+whole)+20, s...)
	await(t, c, func(n Counts) bool { return n.Events == 4 })
	assert.Empty(t, <-asked)
	assert.Equal(t, "5-2", <-asked)
	n := c.Counts(0)
	assert.Equal(t, "1 severed here", n.Endings())
	assert.Equal(t, "1 resumed", n.Resumes())
	assert.Equal(t, 1, n.Replayed)
	assert.Zero(t, n.Faults)
	c.Each(s, func(s *Stream) {
		assert.Equal(t, "5-4", s.LastID())
		assert.Equal(t, Resume{Resumed, "5-2", "5-3", 1}, s.Resume)
		assert.GreaterOrEqual(t, s.Opened, s.Began)
	})
}

// What a server may do wrong where it fills a gap; each must be found.
func TestClientFindsWhatIsWrongWithAReplay(t *testing.T) {
	one, two, three := block(1, "5-2"), block(2, "5-3"), block(3, "5-4")
	tests := []struct {
		name, second string
		want         Faults
		events       int
		resumes      string
	}{
		{"nothing", welcome(`{"status":"resumed","to":"5-3","replayed":2}`) + one + two + three, Faults{}, 4, "1 resumed"},
		{"nothing, in pages", welcome(`{"status":"partial","to":"5-3"}`) + one + two + replayed(2) + three, Faults{}, 4, "1 partial"},
		{"one is lost", welcome(`{"status":"resumed","to":"5-3","replayed":2}`) + one + three, Faults{Miscounted: 1}, 3, "1 resumed"},
		{"one is lost, in pages", welcome(`{"status":"resumed","to":"5-3"}`) + one + replayed(2) + three, Faults{Miscounted: 1}, 3, "1 resumed"},
		{"one comes again", welcome(`{"status":"resumed","to":"5-3","replayed":2}`) + block(0, "5-1") + one + two, Faults{Miscounted: 1, Duplicates: 1, Disorder: 1}, 3, "1 resumed"},
		{"two have changed places", welcome(`{"status":"resumed","to":"5-3","replayed":2}`) + two + one + three, Faults{Disorder: 1, Swapped: 1}, 4, "1 resumed"},
		{"nothing is said of the id", head + greeting + one + two + three, Faults{}, 4, "1 unsaid"},
		{"the id is not known", welcome(`{"status":"reset","to":"5-3","replayed":0}`) + three, Faults{}, 2, "1 reset"},
		{"the end of the replay has an id", welcome(`{"status":"resumed","to":"5-3"}`) + one + two + strings.Replace(replayed(2), "\n\n", "\nid: 5-3\n\n", 1) + three, Faults{ControlID: 1}, 4, "1 resumed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var connects atomic.Int32
			target := script(t, func(conn *net.TCPConn, _ string) {
				switch connects.Add(1) {
				case 1:
					_, _ = io.WriteString(conn, head+greeting+block(0, "5-1"))
				case 2:
					_, _ = io.WriteString(conn, tt.second)
				}
				_ = conn.Close()
			})
			c := start(t, Options{Target: target, OnEnd: func(s *Stream) (time.Duration, bool) { return 0, s.Attempts == 1 }})
			c.Open(Spec{Session: "s", Resumes: true})
			await(t, c, func(n Counts) bool { return n.AllEnded() == 2 })
			n := c.Counts(0)
			assert.Equal(t, tt.want, n.Faults)
			assert.Equal(t, tt.events, n.Events)
			assert.Equal(t, tt.resumes, n.Resumes())
			assert.Zero(t, n.Notices)
		})
	}
}

func TestClientSeversAtOnce(t *testing.T) {
	target := script(t, func(conn *net.TCPConn, _ string) { _, _ = io.WriteString(conn, head+greeting) })
	c := start(t, Options{Target: target, OnEnd: func(s *Stream) (time.Duration, bool) { return 0, s.Attempts < 3 }})
	s := c.Open(Spec{Session: "s"})
	await(t, c, func(n Counts) bool { return n.Open == 1 })
	c.Sever(0, s...)
	await(t, c, func(n Counts) bool { return n.Open == 1 && n.AllEnded() == 1 })
	c.Sever(0, s...)
	await(t, c, func(n Counts) bool { return n.Open == 1 && n.Endings() == "2 severed here" })
}
