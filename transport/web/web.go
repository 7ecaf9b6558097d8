// Package web holds the pages that people look at: the demo and the dashboard. Their
// sources are beside it (pages), what is built of them is in dist, so that Go alone builds
// the server; a test of theirs proves that one is what the other gives.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"path"
	"sync"
)

//go:embed dist
var dist embed.FS

// The pages, by their names in Files. All other files are what they load.
const (
	Demo  = "demo.html"
	Admin = "admin.html"
)

// Policy is the Content-Security-Policy of both: their own files, and connections to their
// own server. What an event holds is text, whatever it says.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// File is a file as it is served.
type File struct {
	Type string // Content-Type
	// The file and its strong validator, as it is and compressed. Zipped is nil if that
	// would save nothing.
	Plain, Zipped       []byte
	PlainTag, ZippedTag string
}

// types is every kind of file that there is. A name that it does not have is a mistake in
// dist, which a test finds.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".txt":  "text/plain; charset=utf-8",
}

// Files gives every file by its name. They are compressed at the first call, once.
var Files = sync.OnceValue(func() map[string]File {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		panic("web: " + err.Error()) // a fault of the build
	}
	files := make(map[string]File, len(entries))
	for _, e := range entries {
		body, err := dist.ReadFile("dist/" + e.Name())
		if err != nil {
			panic("web: " + err.Error())
		}
		files[e.Name()] = newFile(types[path.Ext(e.Name())], body)
	}
	return files
})

func newFile(kind string, body []byte) File {
	f := File{Type: kind, Plain: body, PlainTag: tag(body)}
	if zipped := compress(body); len(zipped) < len(body) {
		f.Zipped, f.ZippedTag = zipped, tag(zipped)
	}
	return f
}

// tag is a strong entity tag (RFC 9110 8.8.3): another for other bytes, so that the two
// forms of a file are not taken for each other.
func tag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(fmt.Sprint("web: ", err)) // writing to memory does not fail
	}
	return b.Bytes()
}
