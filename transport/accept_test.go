package transport

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

var accepts = map[string]struct {
	header string
	want   accept
}{
	"none":                                 {"", accept{allows: true}},
	"anything":                             {"*/*", accept{allows: true}},
	"any text":                             {"text/*", accept{allows: true}},
	"an event stream by name":              {"text/event-stream", accept{true, true}},
	"in capitals":                          {"TEXT/Event-Stream", accept{true, true}},
	"with a parameter":                     {"text/event-stream; charset=utf-8", accept{true, true}},
	"with a low weight":                    {"text/event-stream;q=0.1", accept{true, true}},
	"among others":                         {"text/html, text/event-stream , */*;q=0.1", accept{true, true}},
	"HTML only":                            {"text/html", accept{}},
	"JSON only":                            {"application/json", accept{}},
	"anything else than event streams":     {"text/event-stream;q=0, */*", accept{}},
	"refused by name, in another order":    {"*/*, text/event-stream;q=0", accept{}},
	"refused by name, with three decimals": {"text/event-stream;q=0.000", accept{}},
	"any text is refused":                  {"text/*;q=0, */*", accept{}},
	"any text is refused, event streams aren't": {"text/*;q=0, text/event-stream", accept{true, true}},
	"everything is refused":                     {"*/*;q=0", accept{}},
	"a weight in capitals":                      {"text/event-stream;Q=0", accept{}},
	"a weight with spaces":                      {"text/event-stream ; q = 0", accept{}},
	"a weight behind a parameter":               {"text/event-stream;a=b;q=0", accept{}},
	"a weight that is none counts as one":       {"text/event-stream;q=x", accept{true, true}},
	"a name that only begins the same":          {"text/event-streams", accept{}},
	"commas and nothing":                        {", ,", accept{}},
	"images":                                    {"image/*", accept{}},
}

func TestParseAccept(t *testing.T) {
	for sentence, c := range accepts {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, parseAccept([]byte(c.header))) })
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
			if c.want.allows {
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
