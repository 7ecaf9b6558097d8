//go:build linux && !386 && !s390x

package stream

import (
	"bytes"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a net.Conn must do besides is in transport/interop.

// A single byte that is asked for brings the rest with it, in order and whole.
func TestAConnectionReadsAhead(t *testing.T) {
	client, server := connectAccepted(t)
	sent := []byte(strings.Repeat("0123456789", 1000)) // more than is read ahead
	var sending sync.WaitGroup
	sending.Go(func() {
		_, err := client.Write(sent)
		assert.NoError(t, err)
	})
	var got []byte
	for size := 1; len(got) < len(sent); size = size%97 + 1 { // one byte now and then
		p := make([]byte, size)
		n, err := server.Read(p)
		require.NoError(t, err)
		got = append(got, p[:n]...)
	}
	assert.Equal(t, sent, got)
	sending.Wait()
	require.NoError(t, client.Close())
	_, err := server.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
}

// A deadline that has passed takes nothing away of what was read ahead.
func TestADeadlineLosesNothing(t *testing.T) {
	client, server := connectAccepted(t)
	_, err := client.Write([]byte("ABC"))
	require.NoError(t, err)
	p := make([]byte, 1)
	_, err = io.ReadFull(server, p)
	require.NoError(t, err)
	require.NoError(t, server.SetReadDeadline(time.Unix(1, 0)))
	for range 3 {
		_, err = server.Read(make([]byte, 2))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var timeout net.Error
		assert.ErrorAs(t, err, &timeout)
	}
	require.NoError(t, server.SetReadDeadline(time.Time{}))
	rest := make([]byte, 2)
	_, err = io.ReadFull(server, rest)
	require.NoError(t, err)
	assert.Equal(t, "ABC", string(p)+string(rest))
}

// One write's bytes stay together, however long it has to wait.
func TestWritesDoNotMix(t *testing.T) {
	client, server := connectAccepted(t)
	const large, small = 4 << 20, 200
	var writing sync.WaitGroup
	writing.Go(func() {
		_, err := server.Write(bytes.Repeat([]byte("L"), large))
		assert.NoError(t, err)
	})
	for range 4 {
		writing.Go(func() {
			for range small {
				_, err := server.Write([]byte("s"))
				assert.NoError(t, err)
				runtime.Gosched()
			}
		})
	}
	got := make([]byte, large+4*small)
	_, err := io.ReadFull(client, got)
	require.NoError(t, err)
	writing.Wait()
	first := bytes.IndexByte(got, 'L')
	assert.Equal(t, large, bytes.Count(got[first:first+large], []byte("L")))
}

// Who was waiting when the connection is closed is told so as by package net.
func TestClosingEndsWhoWaits(t *testing.T) {
	_, server := connectAccepted(t)
	ended := make(chan error)
	go func() {
		_, err := server.Read(make([]byte, 1))
		ended <- err
	}()
	eventually(t, soon, func() bool {
		c := server.(*rawConn)
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.reader.waiting > 0
	}, "it waits")
	require.NoError(t, server.Close())
	assert.ErrorIs(t, <-ended, net.ErrClosed)
	assert.ErrorIs(t, server.Close(), net.ErrClosed)
}

// What was given away is nobody's any more, and whoever still has it notices nothing.
func TestAConnectionThatWasGivenAway(t *testing.T) {
	client, server := connectAccepted(t)
	fd, err := server.(*rawConn).detach()
	require.NoError(t, err)
	n, err := server.Write([]byte("lost"))
	assert.NoError(t, err)
	assert.Equal(t, 4, n)
	_, err = server.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
	assert.NoError(t, server.SetDeadline(time.Now()))
	assert.NoError(t, server.Close())
	file := os.NewFile(uintptr(fd), "")
	_, err = file.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, "x", string(got))
}
