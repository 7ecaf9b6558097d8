package main

import (
	"encoding/pem"
	"time"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/cmd/sseactor/internal/watch"
)

// rereadInterval is how often files are looked at. What has changed is read at the second
// look, if it has rested since the first. A variable, so that tests need not wait.
var rereadInterval = time.Second

// fileSources are the files that are read again while the server runs.
func fileSources(c *config.Config, who *access, cert *certificate) []watch.Source {
	var all []watch.Source
	if c.APIKeysFile != "" {
		all = append(all, watch.Source{
			Name: "setting api-keys-file", Message: "keys read again", Paths: []string{c.APIKeysFile},
			Use: func(contents [][]byte) ([]any, error) {
				n, err := who.replaceFileKeys(contents[0])
				return []any{"keys", n, "from_file", n - len(who.inline)}, err
			},
		})
	}
	if c.JWTKeysFile != "" {
		all = append(all, watch.Source{
			Name: "setting jwt-keys-file", Message: "keys of tokens read again", Paths: []string{c.JWTKeysFile},
			Use: func(contents [][]byte) ([]any, error) {
				return []any{"keys", pemBlocks(contents[0])}, who.tokens.ReplaceKeys(contents[0])
			},
		})
	}
	if c.TLSCert != "" {
		all = append(all, watch.Source{
			Name: "settings tls-cert and tls-key", Message: "certificate read again", Paths: []string{c.TLSCert, c.TLSKey},
			Use: func(contents [][]byte) ([]any, error) {
				expires, err := cert.replace(contents[0], contents[1])
				return []any{"expires", expires}, err
			},
		})
	}
	return all
}

func pemBlocks(text []byte) (n int) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return n
		}
		n++
	}
}
