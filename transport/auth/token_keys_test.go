package auth_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// certificateOf is a certificate of a key, signed by itself, that was over long ago.
func certificateOf(public any, private any) string {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"},
		NotBefore: noon.Add(-2 * time.Hour), NotAfter: noon.Add(-time.Hour),
	}
	return block("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, template, template, public, private)))
}

func TestReplaceKeysReads(t *testing.T) {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("c", 32)))
	certified := ed25519Key('c')
	crlf := strings.ReplaceAll(string(pemOf(ed)), "\n", "\r\n")
	for sentence, c := range map[string]struct {
		text string
		keys []tokenKey
	}{
		"a key of each kind":             {string(pemOf(rs(), es, ed)), []tokenKey{rs(), es, ed}},
		"an RSA key in its older form":   {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rs().public.(*rsa.PublicKey))), []tokenKey{rs()}},
		"a certificate that is over":     {certificateOf(private.Public(), private), []tokenKey{certified}},
		"text around the keys":           {"# of the issuer\n" + string(pemOf(es)) + "\nand\n\n" + string(pemOf(ed)) + "the end", []tokenKey{es, ed}},
		"lines that end as in Windows":   {crlf, []tokenKey{ed}},
		"the same key twice":             {string(pemOf(ed, ed)), []tokenKey{ed}},
		"two keys of one kind":           {string(pemOf(oldKey, newKey)), []tokenKey{oldKey, newKey}},
		"as many keys as there may be":   {strings.Repeat(string(pemOf(ed)), 99) + string(pemOf(es)), []tokenKey{ed, es}},
		"no line end behind the last":    {strings.TrimSpace(string(pemOf(es))), []tokenKey{es}},
		"a byte order mark before a key": {"\ufeff\n" + string(pemOf(ed)), []tokenKey{ed}},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := auth.NewTokens(auth.TokenOptions{Now: func() time.Time { return noon }})
			require.NoError(t, tokens.ReplaceKeys([]byte(c.text)))
			for _, k := range c.keys {
				requireUser(t, "7", tokens, k.token(good))
			}
			assert.NoError(t, tokens.KeysFault())
			requireRefused(t, auth.ErrRejected, tokens, ed25519Key('z').token(good))
		})
	}
}

func TestAKeyFileThatIsWrongChangesNothing(t *testing.T) {
	weak := rsaKey(1024)
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	private := must(x509.MarshalPKCS8PrivateKey(p384))
	goodBlock := string(pemOf(es))
	broken := strings.Replace(string(pemOf(ed)), "\n", "\n*", 1)
	for sentence, c := range map[string]struct{ text, fault string }{
		"nothing":                          {"", "auth: 0 PEM blocks; 1 to 100"},
		"no PEM":                           {"a key", "auth: 0 PEM blocks; 1 to 100"},
		"more keys than may be":            {strings.Repeat(goodBlock, 101), "auth: 101 PEM blocks; 1 to 100"},
		"a block that is broken":           {broken, "auth: block 1: not PEM"},
		"a broken block behind a good one": {goodBlock + broken, "auth: block 2: not PEM"},
		"a broken block before a good one": {broken + goodBlock, "auth: block 1: not PEM"},
		"a block without an end":           {goodBlock + goodBlock[:60], "auth: block 2: not PEM"},
		"a block cut off by the next":      {goodBlock[:60] + "\n" + goodBlock, "auth: block 1: not PEM"},
		"a private key":                    {goodBlock + block("PRIVATE KEY", private), "auth: block 2: neither a public key nor a certificate"},
		"an EC private key":                {block("EC PRIVATE KEY", private), "auth: block 1: neither a public key nor a certificate"},
		"a key that is none":               {block("PUBLIC KEY", []byte("none")), "auth: block 1: its key can't be read: "},
		"a certificate that is none":       {block("CERTIFICATE", []byte("none")), "auth: block 1: its key can't be read: "},
		"a key of another kind":            {block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(must(ecdh.X25519().GenerateKey(rand.Reader)).PublicKey()))), "auth: block 1: a key that is neither RSA nor ECDSA nor Ed25519"},
		"an RSA key that is none":          {block("RSA PUBLIC KEY", []byte("none")), "auth: block 1: its key can't be read: "},
		"an RSA key that is weak":          {string(pemOf(es, weak)), "auth: block 2: an RSA key of 1024 bits; 2048 to 8192"},
		"an RSA key that is huge":          {string(pemOf(tokenKey{public: &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8192, 1), E: 65537}})), "auth: block 1: an RSA key of 8193 bits; 2048 to 8192"},
		"a curve that no algorithm has":    {string(pemOf(tokenKey{public: &p384.PublicKey})), "auth: block 1: an ECDSA key on another curve than P-256"},
		"a certificate on such a curve":    {certificateOf(&p384.PublicKey, p384), "auth: block 1: an ECDSA key on another curve than P-256"},
	} {
		t.Run(sentence, func(t *testing.T) {
			tokens := atNoon(t, auth.TokenOptions{})
			err := tokens.ReplaceKeys([]byte(c.text))
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), c.fault), err)
			assert.NotContains(t, err.Error(), "BEGIN")
			for _, k := range signers() {
				requireUser(t, "7", tokens, k.token(good))
			}
		})
	}
}

func TestKeysAreReplacedAllAtOnce(t *testing.T) {
	tokens := auth.NewTokens(auth.TokenOptions{Now: func() time.Time { return noon }})
	first, second := pemOf(oldKey, es), pemOf(newKey, es)
	require.NoError(t, tokens.ReplaceKeys(first))
	inBoth := es.token(good)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_, ok, err := ask(tokens, inBoth)
					assert.True(t, ok)
					assert.NoError(t, err)
				}
			}
		})
	}
	for range 100 {
		assert.NoError(t, tokens.ReplaceKeys(second))
		assert.NoError(t, tokens.ReplaceKeys(first))
	}
	close(done)
	wg.Wait()
	requireUser(t, "7", tokens, oldKey.token(good))
	requireRefused(t, auth.ErrRejected, tokens, newKey.token(good))
}

// A key file may have come from anywhere.
func FuzzReplaceKeys(f *testing.F) {
	f.Add(pemOf(es, ed))
	f.Add([]byte(certificateOf(ed.public, ed25519.NewKeyFromSeed([]byte(strings.Repeat("a", 32))))))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"))
	token := newKey.token(good)
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		tokens := atNoon(t, auth.TokenOptions{})
		err := tokens.ReplaceKeys(text)
		assert.Equal(t, before, text, "the text is only read")
		if err != nil {
			requireUser(t, "7", tokens, es.token(good))
		}
		requireRefused(t, auth.ErrRejected, tokens, token)
	})
}
