package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// maxPublicKeys bounds the keys of a file or a JWKS.
const maxPublicKeys = 100

// An RSA key must not be weak, nor so long that tokens cost seconds to verify.
const minRSABits, maxRSABits = 2048, 8192

// publicKey verifies the tokens of one algorithm.
type publicKey struct {
	id        string // of a JWKS; empty: none
	algorithm jose.SignatureAlgorithm
	key       any // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// newPublicKey says what a key is good for.
func newPublicKey(id string, key any) (publicKey, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return publicKey{}, fmt.Errorf("an RSA key of %d bits; %d to %d", bits, minRSABits, maxRSABits)
		}
		return publicKey{id, jose.RS256, k}, nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return publicKey{}, errors.New("an ECDSA key on another curve than P-256")
		}
		return publicKey{id, jose.ES256, k}, nil
	case ed25519.PublicKey:
		return publicKey{id, jose.EdDSA, k}, nil
	}
	return publicKey{}, errors.New("a key that is neither RSA nor ECDSA nor Ed25519")
}

var pemBegin = []byte("-----BEGIN ")

// parsePEM reads public keys and certificates. The error names the block and repeats
// nothing of it. The text is cut at the blocks' beginnings first, because pem.Decode skips
// a block that is broken: its key would be missing and nobody would know.
func parsePEM(text []byte) ([]publicKey, error) {
	blocks := bytes.Split(text, pemBegin)[1:]
	if len(blocks) == 0 || len(blocks) > maxPublicKeys {
		return nil, fmt.Errorf("auth: %d PEM blocks; 1 to %d", len(blocks), maxPublicKeys)
	}
	keys := make([]publicKey, len(blocks))
	for i, rest := range blocks {
		block, _ := pem.Decode(append(pemBegin[:len(pemBegin):len(pemBegin)], rest...))
		if block == nil {
			return nil, fmt.Errorf("auth: block %d: not PEM", i+1)
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, fmt.Errorf("auth: block %d: %w", i+1, err)
		}
		if keys[i], err = newPublicKey("", key); err != nil {
			return nil, fmt.Errorf("auth: block %d: %w", i+1, err)
		}
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (any, error) {
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = certificate.PublicKey
		}
	default:
		// Most likely a private key, whose place is with the signer alone.
		return nil, errors.New("neither a public key nor a certificate")
	}
	if err != nil {
		return nil, fmt.Errorf("its key can't be read: %w", err)
	}
	return key, nil
}
