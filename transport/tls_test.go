package transport

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Everything goes over TLS as well: a stream, a publisher, a departure, the end.
func TestOverTLS(t *testing.T) {
	cert, roots := selfSigned(t)
	r := startRig(t, func(o *Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
	connect := func(send string) (*tls.Conn, *bufio.Reader) {
		conn, err := tls.Dial("tcp", r.addr, &tls.Config{RootCAs: roots, ServerName: "sse.test"})
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(soon)))
		_, err = io.WriteString(conn, send)
		require.NoError(t, err)
		return conn, newReader(conn)
	}
	stream := func() *sseClient {
		conn, in := connect(request("GET", "/api/sse?sessionId=s", ""))
		c := &sseClient{t: t, conn: conn, in: in}
		for !strings.HasSuffix(c.head, "\r\n\r\n") {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			c.head += line
		}
		assert.True(t, strings.HasPrefix(c.head, "HTTP/1.1 200 OK\r\n"), c.head)
		assert.Equal(t, "connection", c.next().name)
		return c
	}
	stays, leaves := stream(), stream()
	_, in := connect(request("POST", "/api/sse", `{"data":"`+strings.Repeat("x", 1000)+`"}`, key(appKey)))
	assert.Contains(t, readResponse(t, in, "POST").body, `"eventsSent":2`)
	assert.Len(t, stays.next().data, 1000)
	require.NoError(t, leaves.conn.Close())
	eventually(t, func() bool { return r.streams() == 1 }, "the departure is noticed")
	r.halt()
	_, err := io.ReadAll(stays.in)
	assert.NoError(t, err, "it is ended with a TLS good-bye")
}

// A client that will send no more is taken for gone, whatever it would still read.
func TestAHalfClosedConnectionIsGone(t *testing.T) {
	for name, portable := range map[string]bool{"raw": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			r := startRig(t, func(o *Options) { o.Stream.Portable = portable })
			c := r.open("sessionId=s")
			began := time.Now()
			require.NoError(t, c.conn.(*net.TCPConn).CloseWrite())
			c.end()
			assert.Less(t, time.Since(began), 5*time.Second)
			eventually(t, func() bool { return r.streams() == 0 }, "the hub knows")
			assert.Equal(t, "client closed", r.log.wait(t, "stream ended", 1)[0]["reason"])
		})
	}
}

// selfSigned makes a certificate for sse.test.
func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"sse.test"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, roots
}
