package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// statusOf is what the server answers to somebody who asks for the metrics.
func statusOf(t testing.TB, url, bearer string) int {
	t.Helper()
	status, _ := get(t, url+"/api/sse/metrics", bearer)
	return status
}

func metricsPage(t testing.TB, url string) string {
	t.Helper()
	r, err := http.NewRequest("GET", url+"/metrics", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+testKey)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// await asks until the answer is the one that is expected: files are read again at an
// interval.
func await[T comparable](t testing.TB, what string, want T, ask func() T) {
	t.Helper()
	for deadline := time.Now().Add(soon); ; time.Sleep(20 * time.Millisecond) {
		if got := ask(); got == want {
			return
		} else if time.Now().After(deadline) {
			require.Equal(t, want, got, what)
		}
	}
}

// replace puts another file in a file's place, as a deployment does.
func replace(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

func TestKeysComeAndGoWithoutARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte("# none yet\n"), 0o600))
	p := startServer(t, "--api-keys-file", file)
	status := func(key string) func() int { return func() int { return statusOf(t, p.url, key) } }

	first, _, err := do(t, makeKey, nil, "", "--name", "app", "--file", file)
	require.NoError(t, err)
	first = strings.TrimSpace(first)
	await(t, "a key that was added works", 200, status(first))
	p.err.wait(t, `"msg":"keys read again","from":"setting api-keys-file","keys":2,"from_file":1`)

	second, _, err := do(t, makeKey, nil, "", "--name", "app", "--file", file)
	require.NoError(t, err)
	second = strings.TrimSpace(second)
	await(t, "so does another of the same name", 200, status(second))
	assert.Equal(t, 200, statusOf(t, p.url, first))

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	replace(t, file, lines[0]+lines[2])
	await(t, "a key that was removed does not work any more", 401, status(first))
	assert.Equal(t, 200, statusOf(t, p.url, second))

	replace(t, file, lines[2]+"app "+first+" publish\n")
	p.err.wait(t, `"level":"ERROR","msg":"a file that has changed can't be used; what it held before stays","from":"setting api-keys-file","error":"`+file+`: line 2: [^"]+"`)
	assert.Equal(t, []int{200, 401, 200}, []int{statusOf(t, p.url, second), statusOf(t, p.url, first), statusOf(t, p.url, testKey)})

	require.NoError(t, os.Remove(file))
	p.err.wait(t, `"error":"stat `+file+`: no such file or directory"`)
	assert.Equal(t, 200, statusOf(t, p.url, second), "a file that is gone takes nothing away")

	replace(t, file, "")
	p.err.wait(t, `"error":"`+file+`: the file is empty`)
	assert.Equal(t, 200, statusOf(t, p.url, second), "nor does one that was emptied by mistake")

	replace(t, file, "# none\n")
	await(t, "one that says so does", 401, status(second))
	assert.Equal(t, 200, statusOf(t, p.url, testKey), "the setting's own key stays")
	page := metricsPage(t, p.url)
	assert.Contains(t, page, "sseactor_files_reread_total{result=\"refused\"} 3\n")
	assert.Regexp(t, `sseactor_files_reread_total\{result="used"\} [4-9]\n`, page)
	require.NoError(t, p.end())
	for _, key := range []string{first, second, testKey} {
		assert.NotContains(t, p.err.String(), key)
	}
}

func TestBoundsOfAKeyHoldFromTheFirstRequest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	key, _, err := do(t, makeKey, nil, "", "--name", "orders", "--scopes", "publish", "--topics", "orders.*", "--events", "order.created", "--file", file)
	require.NoError(t, err)
	p := startServer(t, "--api-keys-file", file)
	env := []string{"SSE_URL=" + p.url, "SSE_KEY=" + strings.TrimSpace(key)}
	for sentence, c := range map[string]struct {
		args []string
		want string // empty: it is sent
	}{
		"what it may send":       {[]string{"--event", "order.created", "--topics", "orders.eu", "1"}, ""},
		"another topic":          {[]string{"--event", "order.created", "--topics", "news", "1"}, "403"},
		"another event":          {[]string{"--event", "order.paid", "--topics", "orders.eu", "1"}, "403"},
		"everybody":              {[]string{"--event", "order.created", "1"}, "403"},
		"a user beside a topic":  {[]string{"--event", "order.created", "--topics", "orders.eu", "--user", "7", "1"}, "403"},
		"the beginning, no more": {[]string{"--event", "order.created", "--topics", "orders", "1"}, "403"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, _, err := do(t, send, env, "", c.args...)
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
	require.NoError(t, p.end())
}

// A file that is faulty at the start is a mistake of whoever starts the server.
func TestAFaultyFileIsAWrongConfiguration(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	cert, key := newCertificate(t, 1)
	_, otherKey := newCertificate(t, 2)
	certFile, keyFile, otherFile := write("cert", cert), write("key", key), write("other", otherKey)
	for sentence, c := range map[string]struct {
		args  []string
		fault string
	}{
		"keys, two lines of which are faulty":   {[]string{"--api-keys-file", write("keys", "# ours\napp hunter2 publish\n\napp\n")}, "usage: setting api-keys-file: " + dir + "/keys: line 2: the second field is not sha256"},
		"keys that are not there":               {[]string{"--api-keys-file", dir + "/no"}, "setting api-keys-file: stat " + dir + "/no: no such file"},
		"a folder for keys":                     {[]string{"--api-keys-file", dir}, "setting api-keys-file: " + dir + ": not a file"},
		"keys of tokens that are not there":     {[]string{"--jwt-keys-file", dir + "/no"}, "setting jwt-keys-file: stat " + dir + "/no: no such file"},
		"keys of tokens that are none":          {[]string{"--jwt-keys-file", write("jwt", "hunter2")}, "setting jwt-keys-file: " + dir + "/jwt: "},
		"a certificate with another's key":      {[]string{"--tls-cert", certFile, "--tls-key", otherFile}, "settings tls-cert and tls-key: " + dir + "/cert, " + dir + "/other: "},
		"a key and a certificate, interchanged": {[]string{"--tls-cert", keyFile, "--tls-key", certFile}, "settings tls-cert and tls-key: "},
		"several, of which each is said":        {[]string{"--api-keys-file", dir + "/no", "--tls-cert", dir + "/none", "--tls-key", keyFile}, "none: no such file"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, errs, err := do(t, serve, []string{"SSEACTOR_API_KEYS=test:" + testKey}, "", append(c.args, "--addr", "127.0.0.1:0")...)
			require.ErrorIs(t, err, errUsage)
			assert.ErrorContains(t, err, c.fault)
			assert.NotContains(t, errs+err.Error(), "hunter2")
		})
	}
}

func TestACertificateIsReplacedWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	use := func(serial int64) {
		cert, key := newCertificate(t, serial)
		replace(t, certFile, cert)
		replace(t, keyFile, key)
	}
	use(1)
	p := startServer(t, "--tls-cert", certFile, "--tls-key", keyFile)
	served := func() int64 {
		conn, err := tls.Dial("tcp", p.addr, &tls.Config{InsecureSkipVerify: true}) // which one it is is looked at below
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	require.EqualValues(t, 1, served())
	open := openOverTLS(t, p.addr)

	use(2)
	await(t, "new connections are given the new certificate", 2, served)
	p.err.wait(t, `"msg":"certificate read again","from":"settings tls-cert and tls-key","expires":"`)
	open.ping() // a connection that was open goes on

	cert, _ := newCertificate(t, 3)
	replace(t, certFile, cert)
	p.err.wait(t, `"level":"ERROR","msg":"a file that has changed can't be used; what it held before stays","from":"settings tls-cert and tls-key"`)
	assert.EqualValues(t, 2, served(), "a certificate without its key is not served")
	assert.NotContains(t, p.err.String(), "PRIVATE KEY")

	use(4)
	await(t, "with its key it is", 4, served)
	open.ping()
	require.NoError(t, p.end())
}

// Tokens are signed with a key that the file names, and then with another.
func TestKeysOfTokensAreReplacedWithoutARestart(t *testing.T) {
	oldKey, oldPEM := newTokenKey(t)
	newKey, newPEM := newTokenKey(t)
	file := filepath.Join(t.TempDir(), "jwt.pem")
	require.NoError(t, os.WriteFile(file, []byte(oldPEM), 0o600))
	p := startServer(t, "--jwt-keys-file", file)
	status := func(key ed25519.PrivateKey) func() int {
		return func() int { return statusOf(t, p.url, signToken(t, key)) }
	}
	require.Equal(t, []int{200, 401}, []int{status(oldKey)(), status(newKey)()})

	replace(t, file, oldPEM+newPEM)
	await(t, "both are taken", 200, status(newKey))
	assert.Equal(t, 200, status(oldKey)())
	p.err.wait(t, `"msg":"keys of tokens read again","from":"setting jwt-keys-file","keys":2`)

	replace(t, file, newPEM)
	await(t, "the old one is not", 401, status(oldKey))
	assert.Equal(t, 200, status(newKey)())

	replace(t, file, "nothing")
	p.err.wait(t, `"level":"ERROR".*"from":"setting jwt-keys-file"`)
	assert.Equal(t, 200, status(newKey)())
	require.NoError(t, p.end())
}

// tlsConn is a connection that is kept open.
type tlsConn struct {
	t    testing.TB
	conn *tls.Conn
	in   *bufio.Reader
}

func openOverTLS(t testing.TB, addr string) *tlsConn {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	c := &tlsConn{t, conn, bufio.NewReader(conn)}
	c.ping()
	return c
}

func (c *tlsConn) ping() {
	c.t.Helper()
	require.NoError(c.t, c.conn.SetDeadline(time.Now().Add(soon)))
	_, err := io.WriteString(c.conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(c.t, err)
	resp, err := http.ReadResponse(c.in, nil)
	require.NoError(c.t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, resp.Body.Close())
	require.Equal(c.t, 200, resp.StatusCode)
}

// newCertificate makes a certificate and its key, in PEM.
func newCertificate(t testing.TB, serial int64) (cert, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"sse.test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pemText("CERTIFICATE", der), pemText("PRIVATE KEY", pkcs8)
}

func newTokenKey(t testing.TB) (private ed25519.PrivateKey, public string) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(pub)
	require.NoError(t, err)
	return private, pemText("PUBLIC KEY", der)
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// signToken makes a token whose holder may read the metrics (RFC 7519, EdDSA).
func signToken(t testing.TB, key ed25519.PrivateKey) string {
	t.Helper()
	claims, err := json.Marshal(map[string]any{"sub": "7", "exp": time.Now().Add(time.Hour).Unix(), "sse": map[string]any{"scopes": []string{"metrics"}}})
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"EdDSA","typ":"JWT"}`)) + "." + encode(claims)
	return fmt.Sprintf("%s.%s", signed, encode(ed25519.Sign(key, []byte(signed))))
}
