package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// event is one thing to publish, and from it alone follows what a client must
// see: nothing here asks the server's code.
type event struct {
	name    string // of the case, in messages
	event   string // "": none given
	user    string // whom it is for; "": who reads the topic
	data    string // JSON, as it is put into the request
	id      string // "": the server assigns one
	retryMs int    // 0: none
}

// text is an event whose data is a string.
func text(name, data string) event { return event{name: name, data: quote(data)} }

// value is an event whose data is some other JSON value.
func value(name, data string) event { return event{name: name, data: data} }

func (e event) as(event string) event  { e.event = event; return e }
func (e event) to(user string) event   { e.user = user; return e }
func (e event) withID(id string) event { e.id = id; return e }
func (e event) withRetry(ms int) event { e.retryMs = ms; return e }

// body is the request that publishes the event. It is put together by hand:
// json.Marshal would compact the data, and that is the server's part.
func (e event) body() string {
	target := `"topics":["` + topic + `"]`
	if e.user != "" {
		target = `"userId":` + quote(e.user)
	}
	fields := []string{target, `"data":` + e.data}
	if e.event != "" {
		fields = append(fields, `"event":`+quote(e.event))
	}
	if e.id != "" {
		fields = append(fields, `"id":`+quote(e.id))
	}
	if e.retryMs != 0 {
		fields = append(fields, fmt.Sprintf(`"retry":%d`, e.retryMs))
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// expected is what a client has to see: each line end has become LF, another
// value than a string is its compact JSON, all else is unchanged.
func (e event) expected(id string) seen {
	want := seen{Type: "message", ID: id}
	if e.event != "" {
		want.Type = e.event
	}
	var s string
	if e.data[0] == '"' && json.Unmarshal([]byte(e.data), &s) == nil {
		want.Data = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
		return want
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(e.data)); err != nil {
		panic(fmt.Sprintf("%s: %v", e.name, err)) // a fault of the list below
	}
	want.Data = compact.String()
	return want
}

// quote makes a JSON string without the escapes for HTML, which json.Marshal adds.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string cannot fail
	return strings.TrimSpace(b.String())
}

const kilobyte = 1024

// events is what all clients have to read right.
func events() []event {
	return []event{
		text("a word", "hello"),
		text("two lines, LF", "one\ntwo"),
		text("two lines, CR", "one\rtwo"),
		text("two lines, CRLF", "one\r\ntwo"),
		text("line ends mixed", "a\rb\nc\r\nd\n\re\r\rf\r\n\r\ng\n\nh"),
		text("a newline at the end", "end\n"),
		text("newlines at the end", "end\n\n\n"),
		text("a CR at the end", "end\r"),
		text("a CRLF at the end", "end\r\n"),
		text("a newline at the start", "\nstart"),
		text("a leading space", " indented"),
		text("two leading spaces", "  indented"),
		text("a leading space in the second line", "a\n b\n  c"),
		text("a space at the end", "end "),
		text("only a space", " "),
		text("a leading tab", "\tindented"),
		text("a leading colon", ":not a comment"),
		text("only a colon", ":"),
		text("the empty string", ""),
		text("only a newline", "\n"),
		text("only newlines", "\n\r\r\n\n"),
		text("a character of four bytes", "😀 🏴󠁧󠁢󠁳󠁣󠁴󠁿 𝄞"),
		text("U+2028 and U+2029 end no line", "a\u2028b\u2029c"),
		text("U+0085, VT and FF end no line", "a\u0085b\vc\fd"),
		text("U+FEFF at the start", "\ufeffmarked"),
		text("U+FEFF inside", "a\ufeffb\n\ufeffc"),
		text("NUL inside", "a\x00b"),
		text("NUL alone", "\x00"),
		text("other control characters", "\x01\x02\x1b[31mred\x7f"),
		{name: "a string written with escapes", data: `"caf\u00e9 \ud83d\ude00 \u003cb\u003e \/ \"quoted\" \\n"`},

		text("60 KB in lines of 80", strings.Repeat(strings.Repeat("x", 79)+"\n", 60*kilobyte/80)),
		text("60 KB with a newline every fifth character", strings.Repeat("line\n", 60*kilobyte/5)),
		text("60 KB of four-byte characters", strings.Repeat("😀", 60*kilobyte/4)),
		text("a line of 63 KB", strings.Repeat("0123456789abcdef", 63*kilobyte/16)),

		value("an object", `{ "b" : 1, "a": [1, 2.50, 1e3], "text": "line\nline", "nothing": null }`),
		value("an object with HTML", `{"html":"<b>bold</b> & <i>more</i>"}`),
		value("an object with a number that no float64 holds", `{"id":12345678901234567890123}`),
		value("an object with U+2028", `{"text":"a`+"\u2028"+`b","escaped":"\u2028"}`),
		value("an array", `[ 1, "two", [ 3 ], {} ]`),
		value("an empty object", `{}`),
		value("an integer", `42`),
		value("a negative number", `-1.5e-7`),
		value("null", `null`),
		value("true", `true`),
		value("false", `false`),
		value("a JSON text in lines is sent in one", "{\n  \"a\": 1,\r\n\t\"b\": 2\n}"),

		text("HTML", `<p class="x">A &amp; B<br>`+"\n"+`<script>alert('hi')</script></p>`),
		text("fields forged with CR", "user text\revent: admin\rdata: forged"),
		text("fields forged with LF", "user text\nevent: admin\ndata: forged\nid: 666\nretry: 1"),
		text("fields forged with CRLF", "user text\r\nevent: admin\r\ndata: forged"),
		text("a whole event forged", "user text\n\nevent: admin\ndata: forged\n\n"),
		text("a whole event forged with CR", "user text\r\revent: admin\rdata: forged\r\r"),
		text("a comment forged", "user text\n: comment\n\n:comment\n"),

		text("a name", "named").as("greeting"),
		text("a name with spaces", "named").as("order was created"),
		text("a name with a leading space", "named").as(" indented"),
		text("a name with a leading colon", "named").as(":colon"),
		text("a name with a colon and a space", "named").as("order: created"),
		text("a name in other scripts", "named").as("événement 注文 ☃ 😀"),
		text("a name of 128 characters", "named").as(strings.Repeat("é", 128)),
		text("a name that is a field's", "named").as("data"),
		text("a name that every object has", "named").as("constructor"),
		text("the default event by its name", "unnamed").as("message"),
		text("empty data with a name", "").as("greeting"),

		text("an id", "with id").withID("order-42"),
		text("an id with punctuation", "with id").withID("a b:c/d?e=f&g#h%20,;\"'<>"),
		text("an id of 128 characters", "with id").withID(strings.Repeat("i", 128)),
		text("no id again", "assigned"),

		text("a retry", "with retry").withRetry(2500),
		text("all fields", "with\nall").as("greeting").withID("all-1").withRetry(2600),
	}
}

// burst is sent as one batch, faster than a client reads: their order is what
// several stream writers and a filling outbox might spoil.
func burst() (all []event) {
	for i := range 500 {
		all = append(all, value(fmt.Sprintf("number %d of the burst", i), strconv.Itoa(i)).as("burst").withID(fmt.Sprintf("burst-%d", i)))
	}
	return all
}

// last ends the list: whoever has seen it has seen all that it will see.
func last() event { return text("the last", "the last").as("the-end") }

// eventNames are those that an EventSource has to listen for: all of the list,
// the server's own, and those that only a forgery would bring.
func eventNames() []string {
	names := []string{"message", "connection", "heartbeat", "error", "burst", "admin", "forged"}
	known := map[string]bool{"message": true}
	for _, e := range append(events(), last()) {
		if e.event != "" && !known[e.event] {
			known[e.event] = true
			names = append(names, e.event)
		}
	}
	return names
}
