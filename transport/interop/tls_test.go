package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Over TLS streams are written in another way; their bytes are the same.
func TestTheBytesAreRightOverTLS(t *testing.T) {
	need(t, curlMissing())
	certFile, keyFile, pool := selfSigned(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	t.Cleanup(client.CloseIdleConnections)
	s := startServerAs(t, "https", client, "SSEACTOR_TLS_CERT="+certFile, "SSEACTOR_TLS_KEY="+keyFile)

	wire := openCurl(t, s.streamURL("the-wire"), "--cacert", certFile)
	wire.connected(t, starting)
	published, want := publishAll(t, s, 1)
	compare(t, "", published, want, wire.until(t, last().event, arriving))
	checkWire(t, wire, published)

	wire.close()
	require.Eventually(t, func() bool { return s.active(t) == 0 }, 5*time.Second, 10*time.Millisecond, "a client that leaves is noticed")
}

// selfSigned makes a certificate for 127.0.0.1 that is its own authority.
func selfSigned(t testing.TB) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "sseactor interop"}, // curl wants an issuer with a name
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)

	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	parsed, err := x509.ParseCertificate(cert)
	require.NoError(t, err)
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private), pool
}
