package stream

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// The kernel gives the number of a closed descriptor to the next connection, while
// writers and the poller may still hold the old one in hand. Thousands of short
// streams come and go during sends to each of them, and whatever a client reads must
// carry its own name.
func TestNobodyEverGetsAnothersData(t *testing.T) {
	own := func(l net.Listener) (net.Listener, error) { return l, nil }
	for name, kind := range map[string]struct {
		opts Options
		wrap func(net.Listener) (net.Listener, error)
	}{
		"raw":                                  {Options{}, own},
		"raw, as the server accepts them":      {Options{}, NewListener},
		"portable":                             {Options{Portable: true}, own},
		"portable, as the server accepts them": {Options{Portable: true}, NewListener},
	} {
		t.Run(name, func(t *testing.T) {
			const clients, streams = 8, 250 // of each
			r := newRig(t, kind.opts)
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			l, err := kind.wrap(tcp)
			require.NoError(t, err)
			var serving, coming, sending sync.WaitGroup
			serving.Go(func() { r.acceptNamed(l, &serving) })

			// Who is there is found by name; the publishers send each their own name.
			var names sync.Map
			over := make(chan struct{})
			for p := range 2 {
				sending.Go(func() { r.publishNames(p, &names, over) })
			}
			for c := range clients {
				coming.Go(func() {
					random := rand.New(rand.NewPCG(uint64(c), 7))
					for s := range streams {
						shortStream(t, l.Addr().String(), fmt.Sprintf("client-%d-%d", c, s), &names, random)
					}
				})
			}
			coming.Wait()
			close(over)
			sending.Wait()
			require.NoError(t, l.Close())
			serving.Wait()

			for range clients * streams {
				r.endedWithin(soon)
			}
			r.nobodyIsLeft()
			assert.EqualValues(t, clients*streams, r.stats().Registered)
			assert.Empty(t, r.ended, "each stream ends once")
		})
	}
}

// acceptNamed makes a stream of each connection, under the name that it sends first.
func (r *rig) acceptNamed(l net.Listener, serving *sync.WaitGroup) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		serving.Go(func() {
			name, err := bufio.NewReader(conn).ReadString('\n')
			if !assert.NoError(r.t, err) {
				return
			}
			name = strings.TrimSpace(name)
			_, err = r.engine.Open(conn, actor.Info{ID: name, SessionID: name}, nil, head(name))
			assert.NoError(r.t, err)
		})
	}
}

func (r *rig) publishNames(seed int, names *sync.Map, over <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*soon)
	defer cancel()
	size := rand.New(rand.NewPCG(uint64(seed), 3))
	for {
		select {
		case <-over:
			return
		default:
		}
		send := func(name, session string) {
			text := strings.Repeat(name+"\n", 1+size.IntN(20))
			_, err := r.hub.Send(ctx, sse.NewFrame(sse.Event{Data: text}), actor.Target{SessionID: session})
			assert.NoError(r.t, err)
		}
		send("everybody", "")
		names.Range(func(name, _ any) bool {
			send(name.(string), name.(string))
			return true
		})
	}
}

// shortStream opens a stream, reads a few events and leaves somehow.
func shortStream(t *testing.T, address, name string, names *sync.Map, random *rand.Rand) {
	conn, err := net.Dial("tcp", address)
	if !assert.NoError(t, err) {
		return
	}
	defer conn.Close()
	assert.NoError(t, conn.SetDeadline(time.Now().Add(soon)))
	names.Store(name, nil)
	defer names.Delete(name)
	fmt.Fprintf(conn, "%s\n", name)
	lines, events := bufio.NewScanner(conn), random.IntN(6)
	if random.IntN(8) == 0 {
		return // without reading even the head
	}
	if assert.True(t, lines.Scan(), lines.Err()) {
		assert.Equal(t, "head of "+name, lines.Text())
	}
	for seen := 0; seen < events && assert.True(t, lines.Scan(), lines.Err()); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case lines.Text() == "":
			seen++
		case ok && data != "" && data != name && data != "everybody":
			assert.Fail(t, "somebody else's data", "%s got %q", name, lines.Text())
		}
	}
	switch tcp := conn.(*net.TCPConn); random.IntN(3) {
	case 0:
		_ = tcp.SetLinger(0)
	case 1:
		_ = tcp.CloseWrite()
	}
}

// The poller tells two uses of one number apart by a generation: news of the old
// use, which may come when the number is used again, must not touch the new one.
func TestNewsOfAnEarlierUseOfADescriptorIsIgnored(t *testing.T) {
	r := newRig(t, Options{})
	if r.engine.poller == nil {
		without(t, "raw path on this system, only the portable one")
	}
	client, server := connectTCP(t)
	got := collect(client)
	r.open(server, "a")
	got.until(t, len(headBytes("a")))
	staleNews(r)
	want := headBytes("a")
	for range 5 {
		wire, n := r.send("a", "still here", sse.Normal)
		require.Equal(t, 1, n)
		want = append(want, wire...)
	}
	same(t, want, got.until(t, len(want)))
	assert.Empty(t, r.ended)
}

// Both ends of streams at work at once, with nothing but chance between them: no
// event may be lost, doubled or out of order for whoever stays.
func TestOrderHoldsWhileOthersComeAndGo(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		r := newRig(t, w.options)
		client, server := w.connect(t)
		got := collect(client)
		r.open(server, "stays")
		var leaving atomic.Bool
		var others sync.WaitGroup
		others.Go(func() {
			for i := 0; !leaving.Load(); i++ {
				c, s := net.Pipe()
				if w.tcp != nil {
					c, s = dialled(t)
				}
				_, err := r.engine.Open(s, actor.Info{ID: fmt.Sprint("other", i)}, nil, head("other"))
				assert.NoError(t, err)
				_ = c.Close()
			}
		})
		want := headBytes("stays")
		for i := range 1000 {
			wire, _ := r.send("", fmt.Sprint(i), sse.Normal)
			want = append(want, wire...)
		}
		same(t, want, got.until(t, len(want)))
		leaving.Store(true)
		others.Wait()
	})
}

// dialled is a TCP connection that the caller closes.
func dialled(t testing.TB) (client, server net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	return client, server
}
