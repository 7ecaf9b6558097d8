// Package web holds the page to try the server on. It is put together when the
// program starts from three plain files, with a policy that lets only these run.
package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
)

var (
	//go:embed page.html
	html []byte
	//go:embed page.css
	css []byte
	//go:embed page.js
	js []byte
)

// Page is the page, whole.
var Page = bytes.ReplaceAll(bytes.ReplaceAll(html, []byte("/* page.css */"), css), []byte("/* page.js */"), js)

// Policy is the page's Content-Security-Policy: its own script and style, by
// their hashes, and connections to its own server.
var Policy = fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; connect-src 'self'; "+
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", hash(js), hash(css))

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
