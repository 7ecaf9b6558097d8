package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/centrifugal/centrifuge"
)

// centrifugePeer is the library under Centrifugo, with its SSE handler: one node,
// subscriptions on the server's side, no history, no presence, no log.
type centrifugePeer struct {
	node    *centrifuge.Node
	handler *centrifuge.SSEHandler
}

func newCentrifuge(bool) (peer, error) {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone})
	if err != nil {
		return nil, fmt.Errorf("centrifuge: %w", err)
	}
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		channels := map[string]centrifuge.SubscribeOptions{"all": {}}
		if c, ok := centrifuge.GetCredentials(ctx); ok && c.UserID != "" {
			channels["session:"+c.UserID] = centrifuge.SubscribeOptions{}
		}
		return centrifuge.ConnectReply{Subscriptions: channels}, nil
	})
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("centrifuge: %w", err)
	}
	return &centrifugePeer{node, centrifuge.NewSSEHandler(node, centrifuge.SSEConfig{})}, nil
}

func (p *centrifugePeer) stream(w http.ResponseWriter, r *http.Request, session string) {
	// Its client says in the query that it connects.
	r.URL.RawQuery = url.Values{"cf_connect": {`{"id":1,"connect":{}}`}}.Encode()
	r = r.WithContext(centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{UserID: session}))
	p.handler.ServeHTTP(w, r)
}

func (p *centrifugePeer) publish(session, data string) error {
	channel := "all"
	if session != "" {
		channel = "session:" + session
	}
	payload, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = p.node.Publish(channel, payload)
	return err
}
