package transport

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/transport/wire"
)

var accepts = map[string]struct {
	header string
	want   wire.Accept
}{
	"none":                                 {"", wire.Accept{Allows: true}},
	"anything":                             {"*/*", wire.Accept{Allows: true}},
	"any text":                             {"text/*", wire.Accept{Allows: true}},
	"an event stream by name":              {"text/event-stream", wire.Accept{Allows: true, Named: true}},
	"in capitals":                          {"TEXT/Event-Stream", wire.Accept{Allows: true, Named: true}},
	"with a parameter":                     {"text/event-stream; charset=utf-8", wire.Accept{Allows: true, Named: true}},
	"with a low weight":                    {"text/event-stream;q=0.1", wire.Accept{Allows: true, Named: true}},
	"among others":                         {"text/html, text/event-stream , */*;q=0.1", wire.Accept{Allows: true, Named: true}},
	"HTML only":                            {"text/html", wire.Accept{}},
	"JSON only":                            {"application/json", wire.Accept{}},
	"anything else than event streams":     {"text/event-stream;q=0, */*", wire.Accept{}},
	"refused by name, in another order":    {"*/*, text/event-stream;q=0", wire.Accept{}},
	"refused by name, with three decimals": {"text/event-stream;q=0.000", wire.Accept{}},
	"any text is refused":                  {"text/*;q=0, */*", wire.Accept{}},
	"any text is refused, event streams aren't": {"text/*;q=0, text/event-stream", wire.Accept{Allows: true, Named: true}},
	"everything is refused":                     {"*/*;q=0", wire.Accept{}},
	"a weight in capitals":                      {"text/event-stream;Q=0", wire.Accept{}},
	"a weight with spaces":                      {"text/event-stream ; q = 0", wire.Accept{}},
	"a weight behind a parameter":               {"text/event-stream;a=b;q=0", wire.Accept{}},
	"a weight that is none counts as one":       {"text/event-stream;q=x", wire.Accept{Allows: true, Named: true}},
	"a name that only begins the same":          {"text/event-streams", wire.Accept{}},
	"commas and nothing":                        {", ,", wire.Accept{}},
	"images":                                    {"image/*", wire.Accept{}},
}

func TestParseAccept(t *testing.T) {
	for sentence, c := range accepts {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, wire.ParseAccept(c.header)) })
	}
}

func TestWhoExcludesEventStreamsGetsNone(t *testing.T) {
	r := startRig(t)
	for sentence, c := range accepts {
		t.Run(sentence, func(t *testing.T) {
			header := []string{"Accept: " + c.header}
			if c.header == "" {
				header = nil
			}
			if c.want.Allows {
				conn := dial(t, r.addr)
				defer conn.Close()
				_, err := conn.Write([]byte(request("GET", "/api/sse?sessionId=s", "", header...)))
				assert.NoError(t, err)
				line := make([]byte, len("HTTP/1.1 200 OK"))
				_, err = conn.Read(line)
				assert.NoError(t, err)
				assert.Equal(t, "HTTP/1.1 200 OK", string(line))
				return
			}
			r.call("GET", "/api/sse?sessionId=s", "", header...).problem(t, 406, "NOT_ACCEPTABLE", "Accept")
		})
	}
	t.Run("said in two header fields", func(t *testing.T) {
		conn := dial(t, r.addr)
		defer conn.Close()
		_, err := conn.Write([]byte(request("GET", "/api/sse?sessionId=s", "", "Accept: text/html", "Accept: text/event-stream")))
		assert.NoError(t, err)
		line := make([]byte, len("HTTP/1.1 200 OK"))
		_, err = conn.Read(line)
		assert.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 200 OK", string(line))
	})
}
