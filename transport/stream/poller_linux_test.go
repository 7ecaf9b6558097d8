//go:build linux && !386 && !s390x

package stream

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/actor"
)

// staleNews tells the poller that each descriptor's earlier use was hung up, and that
// one whose number nobody uses was.
func staleNews(r *rig) {
	p := r.engine.poller
	for fd := range int32(1000) {
		if s := p.table.get(fd); s != nil {
			p.handle(syscall.EpollEvent{Events: syscall.EPOLLHUP, Fd: fd, Pad: int32(s.generation) - 1})
			p.handle(syscall.EpollEvent{Events: syscall.EPOLLOUT, Fd: fd, Pad: int32(s.generation) + 1})
		} else {
			p.handle(syscall.EpollEvent{Events: syscall.EPOLLHUP, Fd: fd, Pad: 1})
		}
	}
}

func TestTheTableFindsStreamsByDescriptor(t *testing.T) {
	var all table
	a, b := &rawSink{fd: 7}, &rawSink{fd: 7 + pageSize}
	assert.Nil(t, all.get(7), "no page yet")
	all.set(7, a)
	assert.Nil(t, all.get(7+pageSize), "no second page yet")
	all.set(7+pageSize, b)
	assert.Same(t, a, all.get(7))
	assert.Same(t, b, all.get(7+pageSize))
	assert.Nil(t, all.get(8))
	all.set(7, nil)
	assert.Nil(t, all.get(7))
	assert.Same(t, b, all.get(7+pageSize))
}

// What can't be watched is refused in words, and never was a stream.
func TestAStreamThatCanNotBeWatchedIsRefused(t *testing.T) {
	r := newRig(t, Options{})
	fd := r.engine.poller.fd
	r.engine.poller.fd = -1
	defer func() { r.engine.poller.fd = fd }()
	for name, connect := range map[string]func(testing.TB) (net.Conn, net.Conn){"a": connectTCP, "b": connectAccepted} {
		client, server := connect(t)
		got := collect(client)
		welcome, err := r.engine.Open(server, actor.Info{ID: name}, nil, head(name))
		assert.ErrorContains(t, err, "watch a connection")
		assert.Zero(t, welcome)
		assert.Equal(t, headBytes(name), got.end(t))
	}
	assert.Zero(t, r.stats().Registered)
	assert.Empty(t, r.ended)
}
