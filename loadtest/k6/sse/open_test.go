package sse

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/guregu/null.v3"
)

// collect opens a stream and returns what its handlers were called with.
const collect = `
	const said = [];
	const response = sse.open(URL, (client) => {
		said.push('setup');
		client.on('open', () => said.push('open'));
		client.on('event', (e) => said.push([e.name, e.data, e.id, e.comment].join('|')));
		client.on('error', (e) => said.push('error: ' + e.error()));
	});
	said.push(response.status + ' ' + response.error);
	return said;`

func TestAStreamIsReadUntilTheServerEndsIt(t *testing.T) {
	r := newRig(t, events(": hi\nevent: a\ndata: 1\nid: 7\n\ndata: ü\ndata: 2\n\n: ping\n\ndata: cut off"))
	assert.Equal(t, []any{"setup", "open", "a|1|7|hi", "|ü\n2||", "200 "}, r.run(t, collect))
}

func TestTheResponseTellsOfTheAnswer(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("X-Test", "a")
		w.Header().Add("X-Test", "b")
		events("")(w, nil)
	})
	assert.Equal(t, r.server.URL+" 200 text/event-stream; charset=utf-8 a, b", r.run(t, `
		const r = sse.open(URL, null, () => {});
		return [r.url, r.status, r.headers['Content-Type'], r.headers['X-Test']].join(' ');`))
}

func TestAnAnswerThatIsNoEventStream(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		kind   string
		want   []any
	}{
		"another status":       {503, "text/event-stream", []any{"setup", "error: status 503 Service Unavailable", "503 status 503 Service Unavailable"}},
		"nothing":              {204, "text/event-stream", []any{"setup", "error: status 204 No Content", "204 status 204 No Content"}},
		"another content type": {200, "text/html", []any{"setup", `error: content type "text/html", not text/event-stream`, `200 content type "text/html", not text/event-stream`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				if c.status != 204 {
					_, _ = io.WriteString(w, "data: no event\n\n")
				}
			})
			assert.Equal(t, c.want, r.run(t, collect))
		})
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	r := newRig(t, nil)
	r.server.Close()
	assert.Contains(t, r.run(t, collect).([]any)[0], "connection refused", "there is nothing to set up")

	r.state.Options.Throw = null.BoolFrom(true)
	_, err := r.try(collect)
	assert.ErrorContains(t, err, "connection refused", "with the option throw")
}

func TestAStreamThatBreaks(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		events("data: 1\n\n")(w, nil)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // cuts the connection within the body
	})
	assert.Equal(t, []any{"setup", "open", "|1||", "error: unexpected EOF", "200 unexpected EOF"}, r.run(t, collect))
}

// forever sends an event and then nothing; left is closed when the client has gone.
func forever(left chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		events("data: 1\n\ndata: 2\n\n")(w, nil)
		w.(http.Flusher).Flush()
		<-req.Context().Done()
		close(left)
	}
}

func TestCloseEndsTheStream(t *testing.T) {
	left := make(chan struct{})
	r := newRig(t, forever(left))
	assert.Equal(t, "1 200 ", r.run(t, `
		let n = 0;
		const r = sse.open(URL, (client) => client.on('event', () => { n++; client.close(); client.close(); }));
		return n + ' ' + r.status + ' ' + r.error;`), "no event after close, and no error")
	<-left
}

func TestCloseBeforeTheFirstEvent(t *testing.T) {
	for _, script := range []string{
		`sse.open(URL, (client) => { client.on('event', () => n++); client.close(); })`,
		`sse.open(URL, (client) => { client.on('event', () => n++); client.on('open', () => client.close()); })`,
	} {
		left := make(chan struct{})
		r := newRig(t, forever(left))
		assert.EqualValues(t, 0, r.run(t, "let n = 0;"+script+"; return n;"), script)
		<-left
	}
}

func TestTheTimeoutIsForTheWholeStream(t *testing.T) {
	for _, timeout := range []string{"'200ms'", "200"} {
		left := make(chan struct{})
		r := newRig(t, forever(left))
		got := r.run(t, `
			const said = [];
			const r = sse.open(URL, {timeout: `+timeout+`}, (client) => {
				client.on('event', (e) => said.push(e.data));
				client.on('error', () => said.push('error'));
			});
			return said.join() + ' ' + r.error;`)
		assert.Contains(t, got, "1,2,error ")
		assert.Contains(t, got, "Client.Timeout")
		<-left
	}
}

func TestAStreamEndsWithItsVU(t *testing.T) {
	left := make(chan struct{})
	r := newRig(t, forever(left))
	ctx, cancel := context.WithCancel(t.Context())
	r.VU.CtxField = ctx
	require.NoError(t, r.VU.Runtime().Set("stopVU", func() { time.AfterFunc(10*time.Millisecond, cancel) }))
	assert.EqualValues(t, 0, r.run(t, `
		let errors = 0;
		sse.open(URL, (client) => { client.on('open', stopVU); client.on('error', () => errors++); });
		return errors;`), "that k6 stops is no error of the stream")
	<-left
}

func TestWhatAHandlerThrowsEndsTheStream(t *testing.T) {
	for _, script := range []string{
		`sse.open(URL, () => { throw new Error('mine') })`,
		`sse.open(URL, (client) => client.on('open', () => { throw new Error('mine') }))`,
		`sse.open(URL, (client) => client.on('event', () => { throw new Error('mine') }))`,
	} {
		left := make(chan struct{})
		r := newRig(t, forever(left))
		assert.Equal(t, "mine", r.run(t, `try { `+script+` } catch (e) { return e.message }`), script)
		<-left
	}
}

func TestNothingIsReadWhileAHandlerRuns(t *testing.T) {
	var written atomic.Int64
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		events("data: 1\n\n")(w, nil)
		chunk := append(bytes.Repeat([]byte{':'}, 64<<10), '\n')
		for req.Context().Err() == nil {
			n, _ := w.Write(chunk)
			written.Add(int64(n))
		}
	})
	// A reader would take gigabytes in this time, and the server would never stand still.
	require.NoError(t, r.VU.Runtime().Set("untilFull", func() {
		for last := int64(-1); ; {
			now := written.Load()
			if now > 0 && now == last {
				return
			}
			last = now
			time.Sleep(300 * time.Millisecond)
		}
	}))
	r.run(t, `sse.open(URL, (client) => client.on('event', () => { untilFull(); client.close(); }))`)
	assert.Less(t, written.Load(), int64(64<<20), "what the kernel's buffers can hold")
}

func TestTheRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		got = req
		body, _ = io.ReadAll(req.Body)
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		events("")(w, nil)
	})
	r.run(t, `sse.open(URL + '/a?b=c', () => {})`)
	assert.Equal(t, "GET /a?b=c text/event-stream k6/test", got.Method+" "+got.URL.String()+" "+got.Header.Get("Accept")+" "+got.Header.Get("User-Agent"))

	r.run(t, `sse.open(URL, {method: 'POST', body: ' text\n', headers: {'Accept': 'text/x', 'Host': 'example.com', 'Last-Event-ID': 7}}, () => {})`)
	assert.Equal(t, "POST text/x example.com 7  text\n", got.Method+" "+got.Header.Get("Accept")+" "+got.Host+" "+got.Header.Get("Last-Event-ID")+" "+string(body))

	r.run(t, `sse.open(URL, () => {})`)
	assert.Equal(t, "seen=yes", got.Header.Get("Cookie"), "the VU's cookie jar")

	r.run(t, `const jar = new http.CookieJar(); jar.set(URL, 'mine', '1'); sse.open(URL, {jar, body: undefined, timeout: null}, () => {})`)
	assert.Equal(t, "mine=1", got.Header.Get("Cookie"), "a jar of its own")
}

func TestTLSIsK6s(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		events("data: "+req.Proto+"\n\n")(w, req)
	}))
	t.Cleanup(server.Close)
	r := newRigAt(t, server)
	script := `let proto; const r = sse.open(URL, (client) => client.on('event', (e) => { proto = e.data })); return proto || r.error`
	assert.Contains(t, r.run(t, script), "certificate")
	r.state.TLSConfig = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}} //nolint:gosec // as insecureSkipTLSVerify does
	assert.Equal(t, "HTTP/1.1", r.run(t, script))
}

func TestArgumentsThatCantBeUsed(t *testing.T) {
	r := newRig(t, events(""))
	_, err := r.VU.Runtime().RunString(`sse.open(URL, () => {})`)
	assert.ErrorContains(t, err, "init context")
	for script, want := range map[string]string{
		`sse.open(URL)`:                              "a function",
		`sse.open(URL, {})`:                          "must be a function",
		`sse.open(URL, {}, () => {}, 1)`:             "a function",
		`sse.open(URL, {timeout: 'long'}, () => {})`: "timeout: ",
		`sse.open(URL, {jar: {}}, () => {})`:         "jar: must be an http.CookieJar",
		`sse.open(URL, {tags: {a: {}}}, () => {})`:   "tags: ",
	} {
		_, err := r.try(script)
		assert.ErrorContains(t, err, want, script)
	}
	assert.Contains(t, r.run(t, `return sse.open('http://bad host/', () => {}).error`), "invalid character")
}

func TestSamples(t *testing.T) {
	r := newRig(t, events("data: 1\n\n: no event\n\ndata: 2\n\n"))
	r.run(t, `sse.open(URL, {tags: {mine: 'yes'}}, () => {})`)
	sums, tags := r.sums()
	assert.EqualValues(t, 2, sums["sse_event"])
	assert.EqualValues(t, 1, sums["http_reqs"])
	assert.Positive(t, sums["http_req_waiting"])
	assert.GreaterOrEqual(t, sums["http_req_duration"], sums["http_req_waiting"])
	assert.Equal(t, map[string]string{"mine": "yes", "scenario": "test", "url": r.server.URL, "method": "GET", "status": "200", "proto": "HTTP/1.1"}, tags["sse_event"])
}
