package main

import (
	"net/http"
	"net/url"

	"github.com/r3labs/sse/v2"
)

// r3labsPeer is r3labs/sse without replay. A connection has one stream there, so it
// is everybody's or, with targeted, the session's.
type r3labsPeer struct {
	server   *sse.Server
	targeted bool
}

func newR3Labs(targeted bool) (peer, error) {
	server := sse.New()
	server.AutoReplay = false
	server.AutoStream = true
	server.CreateStream("all")
	return &r3labsPeer{server, targeted}, nil
}

func (p *r3labsPeer) stream(w http.ResponseWriter, r *http.Request, session string) {
	name := "all"
	if p.targeted {
		name = session
	}
	r.URL.RawQuery = url.Values{"stream": {name}}.Encode()
	p.server.ServeHTTP(w, r)
}

func (p *r3labsPeer) publish(session, data string) error {
	if session == "" {
		session = "all"
	}
	p.server.Publish(session, &sse.Event{Data: []byte(data)})
	return nil
}
