// Command golang serves other people's libraries for Server-Sent Events with the
// one small interface that bench/peers drives: GET /api/sse?sessionId=… is a
// stream, POST /api/sse an event for a session or, without one, for everybody.
//
//	go run ./golang -kind centrifuge -addr 127.0.0.1:8080
//
// Each is set up as its documentation recommends for production; what was
// chosen is said beside it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// peer is a library with our interface.
type peer interface {
	stream(w http.ResponseWriter, r *http.Request, session string)
	// publish sends to a session, or to everybody if it is empty.
	publish(session, data string) error
}

var kinds = map[string]func(targeted bool) (peer, error){
	"centrifuge": newCentrifuge,
	"go-sse":     newGoSSE,
	"r3labs":     newR3Labs,
}

func main() {
	kind := flag.String("kind", "", "which library: centrifuge, go-sse or r3labs")
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	targeted := flag.Bool("targeted", false, "events go to sessions; a library that has one stream for each connection needs to know")
	versions := flag.Bool("versions", false, "print which versions these are, and end")
	flag.Parse()
	if *versions {
		fmt.Println(strings.Join(moduleVersions(), "\n"))
		return
	}
	start, ok := kinds[*kind]
	if !ok || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	p, err := start(*targeted)
	if err == nil {
		err = serve(*addr, p)
	}
	fmt.Fprintln(os.Stderr, "peers:", err)
	os.Exit(1)
}

func serve(addr string, p peer) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.HandleFunc("GET /api/sse", func(w http.ResponseWriter, r *http.Request) {
		p.stream(w, r, r.URL.Query().Get("sessionId"))
	})
	mux.HandleFunc("POST /api/sse", func(w http.ResponseWriter, r *http.Request) {
		var e struct{ SessionID, Data string }
		err := json.NewDecoder(r.Body).Decode(&e)
		if err == nil {
			err = p.publish(e.SessionID, e.Data)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"success":true}`))
	})
	server := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second}
	return server.ListenAndServe()
}
