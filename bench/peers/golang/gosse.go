package main

import (
	"net/http"

	"github.com/tmaxmax/go-sse"
)

// goSSEPeer is go-sse with its own provider, Joe, without replay.
type goSSEPeer struct{ server *sse.Server }

func newGoSSE(bool) (peer, error) {
	return &goSSEPeer{&sse.Server{
		OnSession: func(w http.ResponseWriter, r *http.Request) ([]string, bool) {
			topics := []string{"all"}
			if session := r.URL.Query().Get("sessionId"); session != "" {
				topics = append(topics, "session:"+session)
			}
			// Else the head would wait for the first event.
			w.Header().Set("Content-Type", "text/event-stream")
			return topics, http.NewResponseController(w).Flush() == nil
		},
	}}, nil
}

func (p *goSSEPeer) stream(w http.ResponseWriter, r *http.Request, _ string) {
	p.server.ServeHTTP(w, r)
}

func (p *goSSEPeer) publish(session, data string) error {
	m := &sse.Message{}
	m.AppendData(data)
	if session == "" {
		return p.server.Publish(m, "all")
	}
	return p.server.Publish(m, "session:"+session)
}
