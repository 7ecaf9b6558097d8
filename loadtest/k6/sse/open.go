package sse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"
)

// open holds a stream until it ends.
func (i *instance) open(url string, args ...sobek.Value) (*Response, error) {
	state, rt := i.vu.State(), i.vu.Runtime()
	if state == nil {
		return nil, common.NewInitContextError("sse.open can't be used in the init context")
	}
	p, err := parseParams(rt, state, args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(i.vu.Context())
	defer cancel()
	client := &Client{rt: rt, handlers: map[string][]sobek.Callable{}, end: cancel}
	measured := &measurement{ctx: i.vu.Context(), state: state, tags: &p.tags, began: time.Now()}
	measured.tag(metrics.TagURL, url)
	measured.tag(metrics.TagMethod, p.method)

	transport := newTransport(state)
	defer transport.CloseIdleConnections() // a stream has its connection to itself
	answer, err := request(ctx, transport, url, p, measured)
	defer measured.ended()
	if err != nil {
		if state.Options.Throw.Bool {
			return nil, err
		}
		// There are no handlers yet that could be told.
		return &Response{URL: url, Error: err.Error()}, nil
	}
	defer func() { _ = answer.Body.Close() }()

	response := &Response{URL: url, Status: answer.StatusCode, Headers: joined(answer.Header)}
	if _, err := p.setup(sobek.Undefined(), rt.ToValue(client)); err != nil {
		return nil, err
	}
	failure, thrown := i.stream(ctx, client, answer, measured)
	if thrown != nil {
		return nil, thrown
	}
	if failure != nil {
		response.Error = failure.Error()
	}
	return response, nil
}

// request sends the request and waits for the response's headers.
func request(ctx context.Context, transport *http.Transport, url string, p params, m *measurement) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, p.method, url, strings.NewReader(p.body))
	if err != nil {
		return nil, err
	}
	req.Header = p.headers
	req.Host = p.headers.Get("Host")
	answer, err := (&http.Client{Transport: transport, Jar: p.jar, Timeout: p.timeout}).Do(req)
	if err != nil {
		return nil, err
	}
	m.tag(metrics.TagStatus, strconv.Itoa(answer.StatusCode))
	m.tag(metrics.TagProto, answer.Proto)
	m.answered()
	return answer, nil
}

// newTransport dials as k6 does: its hosts, its DNS, its byte counts, its TLS.
func newTransport(state *lib.State) *http.Transport {
	t := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: state.Dialer.DialContext,
		// A compressed stream would come in lumps, as the decompressor likes.
		DisableCompression: true,
		WriteBufferSize:    1 << 10,
		ReadBufferSize:     readSize,
	}
	if state.TLSConfig != nil {
		t.TLSClientConfig = state.TLSConfig.Clone()
		t.TLSClientConfig.NextProtos = []string{"http/1.1"} // a connection for each stream
	}
	return t
}

// stream gives the handlers the events until there are no more. failure is what
// went wrong with the stream, thrown what a handler threw.
func (i *instance) stream(ctx context.Context, client *Client, answer *http.Response, m *measurement) (failure, thrown error) {
	if failure = isEventStream(answer); failure != nil {
		return failure, client.fire("error", failure)
	}
	if thrown = client.fire("open"); thrown != nil {
		return nil, thrown
	}
	events := NewReader(answer.Body)
	for !client.ended {
		event, err := events.Next()
		switch {
		case i.vu.Context().Err() != nil || errors.Is(err, io.EOF):
			return nil, nil // k6 stops the VU, or the server has ended the stream
		case err != nil:
			return err, client.fire("error", err)
		}
		m.count(i.events)
		if thrown = client.fire("event", event); thrown != nil {
			return nil, thrown
		}
	}
	return nil, nil
}

// isEventStream says why an answer is no event stream (WHATWG HTML 9.2.3).
func isEventStream(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", answer.Status)
	}
	kind := answer.Header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(kind); media != "text/event-stream" {
		return fmt.Errorf("content type %q, not text/event-stream", kind)
	}
	return nil
}

func joined(header http.Header) map[string]string {
	all := make(map[string]string, len(header))
	for name, values := range header {
		all[name] = strings.Join(values, ", ")
	}
	return all
}
