package main

import (
	"crypto/tls"
	"sync/atomic"
	"time"
)

// certificate is the server's own, which may be replaced while it serves. Connections
// that are open keep the one that they began with.
type certificate struct {
	current atomic.Pointer[tls.Certificate]
}

// replace takes another certificate with its key, both in PEM, and gives when it expires.
func (c *certificate) replace(cert, key []byte) (expires time.Time, err error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return time.Time{}, err
	}
	c.current.Store(&pair)
	return pair.Leaf.NotAfter, nil
}

// config is how the server speaks TLS with it.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
	}
}
