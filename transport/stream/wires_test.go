package stream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp/fasthttputil"
)

// wire is one kind of connection that streams go over.
type wire struct {
	name    string
	options Options
	// connect makes a connection; both ends are closed when the test ends.
	connect func(t testing.TB) (client, server net.Conn)
	tcp     func(client net.Conn) *net.TCPConn // nil: not over TCP
}

// onEachWire runs a test on every kind of connection.
func onEachWire(t *testing.T, test func(t *testing.T, w wire)) {
	plain := func(c net.Conn) *net.TCPConn { return c.(*net.TCPConn) }
	for _, w := range []wire{
		{"raw", Options{}, connectTCP, plain},
		{"raw with plain system calls", Options{PlainSyscalls: true}, connectTCP, plain},
		{"raw, as the server accepts them", Options{}, connectAccepted, plain},
		{"portable", Options{Portable: true}, connectTCP, plain},
		{"portable, as the server accepts them", Options{Portable: true}, connectAccepted, plain},
		{"TLS", Options{}, overTLS(connectTCP), underTLS},
		{"TLS, as the server accepts them", Options{}, overTLS(connectAccepted), underTLS},
		{"in memory", Options{}, connectInMemory, nil},
		{"pipe", Options{}, connectPipe, nil},
	} {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

// connectTCP has small buffers, so that a client that does not read is soon a
// client that can't be written to.
func connectTCP(t testing.TB) (client, server net.Conn) {
	t.Helper()
	return connectTo(t, listenSmall(t))
}

// connectAccepted is the same with the server's own listener.
func connectAccepted(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := NewListener(listenSmall(t))
	require.NoError(t, err)
	return connectTo(t, l)
}

// listenSmall listens for connections with small send buffers.
func listenSmall(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	smallBuffer(t, l.(*net.TCPListener))
	return l
}

// connectTo makes the only connection of a listener.
func connectTo(t testing.TB, l net.Listener) (client, server net.Conn) {
	t.Helper()
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	require.NoError(t, client.(*net.TCPConn).SetReadBuffer(32<<10))
	closeAfter(t, client, server)
	return client, server
}

func overTLS(connect func(testing.TB) (net.Conn, net.Conn)) func(testing.TB) (net.Conn, net.Conn) {
	return func(t testing.TB) (client, server net.Conn) {
		t.Helper()
		c, s := connect(t)
		tlsClient := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		tlsServer := tls.Server(s, &tls.Config{Certificates: []tls.Certificate{certificate()}})
		shaken := make(chan error, 1)
		go func() { shaken <- tlsServer.Handshake() }()
		require.NoError(t, tlsClient.Handshake())
		require.NoError(t, <-shaken)
		return tlsClient, tlsServer
	}
}

func underTLS(client net.Conn) *net.TCPConn { return client.(*tls.Conn).NetConn().(*net.TCPConn) }

func connectInMemory(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l := fasthttputil.NewInmemoryListener()
	dialled := make(chan net.Conn, 1)
	go func() {
		c, _ := l.Dial()
		dialled <- c
	}()
	server, err := l.Accept()
	require.NoError(t, err)
	client = <-dialled
	require.NotNil(t, client)
	closeAfter(t, client, server)
	return client, server
}

func connectPipe(t testing.TB) (client, server net.Conn) {
	client, server = net.Pipe()
	closeAfter(t, client, server)
	return client, server
}

func closeAfter(t testing.TB, conns ...net.Conn) {
	t.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
}

// certificate is for TLS between two ends that trust each other blindly.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})
