package transport

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// returns are the ways in which clients come that the benchmarks time.
var returns = []struct {
	name    string
	journal bool
	kept    int // events for the one who comes
	mail    int // for others, so that the journal is not empty
	who     journal.Receiver
	last    bool // it has the newest id
}{
	{"visitor, no journal", false, 0, 0, journal.Receiver{Session: "s"}, false},
	{"visitor, nobody has mail", true, 0, 0, journal.Receiver{Session: "s"}, false},
	{"visitor, others have mail", true, 0, 1000, journal.Receiver{Session: "s"}, false},
	{"user, no journal", false, 0, 0, journal.Receiver{User: "alice"}, false},
	{"user, nobody has mail", true, 0, 0, journal.Receiver{User: "alice"}, false},
	{"user, others have mail", true, 0, 1000, journal.Receiver{User: "alice"}, false},
	{"user with the newest id, no journal", false, 0, 0, journal.Receiver{User: "alice"}, true},
	{"user with the newest id, nobody has mail", true, 0, 0, journal.Receiver{User: "alice"}, true},
	{"user with the newest id, others have mail", true, 0, 1000, journal.Receiver{User: "alice"}, true},
	{"user with the newest id and 100 topics", true, 0, 1000, journal.Receiver{User: "alice", Topics: manyTopics(100)}, true},
	{"user with 20 events", true, 20, 1000, journal.Receiver{User: "alice"}, false},
	{"user with 1,000 events", true, 1000, 1000, journal.Receiver{User: "alice"}, false},
}

var users = manyTopics(10_000)

func manyTopics(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("public.", i))
	}
	return names
}

// BenchmarkConnect is a stream from the dial to its connection event and back.
func BenchmarkConnect(b *testing.B) {
	for _, c := range returns {
		b.Run(c.name, func(b *testing.B) {
			var store journal.Store
			if c.journal {
				store = newDiskMailboxes(b)
			}
			r := benchRig(b, store)
			last := r.keepFor(c.who, c.kept, c.mail)
			query := "sessionId=" + c.who.Session
			header := []string{"Accept: text/event-stream"}
			if c.who.User != "" {
				query = "userId=" + c.who.User
				header = append(header, key(opsKey))
			}
			if c.who.Topics != nil {
				query += "&topics=" + strings.Join(c.who.Topics, ",")
			}
			if c.last {
				header = append(header, "Last-Event-ID: "+last)
			}
			ask := request("GET", "/api/sse?"+query, "", header...)
			in := bufio.NewReaderSize(nil, 4096)
			for b.Loop() {
				conn, err := net.Dial("tcp", r.addr)
				if err != nil {
					b.Fatal(err)
				}
				if _, err = io.WriteString(conn, ask); err != nil {
					b.Fatal(err)
				}
				in.Reset(conn)
				for line := ""; !strings.HasPrefix(line, "data: "); {
					if line, err = in.ReadString('\n'); err != nil {
						b.Fatal(err)
					}
				}
				_ = conn.(*net.TCPConn).SetLinger(0) // no port is left waiting
				_ = conn.Close()
			}
		})
	}
}

// BenchmarkBegin is what the journal costs of it.
func BenchmarkBegin(b *testing.B) {
	for _, kind := range []string{"memory", "disk"} {
		for _, c := range returns {
			if c.journal {
				b.Run(kind+"/"+c.name, func(b *testing.B) {
					store := newMailboxes()
					if kind == "disk" {
						store = newDiskMailboxes(b)
					}
					r := benchRig(b, store)
					last := r.keepFor(c.who, c.kept, c.mail)
					asked := &streamRequest{info: actor.Info{UserID: c.who.User, SessionID: c.who.Session, Topics: c.who.Topics}, device: c.who.Session}
					if c.last {
						asked.last = last
					}
					b.ReportAllocs()
					for n := 0; b.Loop(); n++ {
						if c.kept == 0 && c.who.User != "" { // each comes again after 10,000 others
							asked.info.UserID = users[n%len(users)]
						}
						if _, err := r.source(asked).Begin(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func benchRig(b *testing.B, mailboxes journal.Store) *rig {
	return startRig(b, func(o *Options) {
		o.Log = slog.New(slog.DiscardHandler)
		o.Hub.MaxClients, o.MaxTopics, o.MaxHeaderBytes = 100_000, 100, 16<<10
		o.Journal = mailboxes
	})
}

// keepFor keeps events for one and for others, and gives the newest id.
func (r *rig) keepFor(who journal.Receiver, kept, mail int) (last string) {
	r.t.Helper()
	if r.opts.Journal != nil {
		for n := range mail {
			last = r.persist("some data", user(fmt.Sprint("user", n%100)))
		}
		if kept > 0 {
			r.persistMany(kept, user(who.User))
		}
		require.NoError(r.t, r.opts.Journal.Advance(r.t.Context(), []journal.Position{{Box: journal.Box{Kind: journal.User, Name: "alice"}}}, time.Now()))
	}
	if last == "" {
		receipt, err := r.hub.Send(r.t.Context(), sse.NewFrame(sse.Event{}), user("nobody"))
		require.NoError(r.t, err)
		last = receipt.ID
	}
	return last
}
