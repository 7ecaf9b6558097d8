package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestFieldsThatAreRight(t *testing.T) {
	target := func(tg actor.Target) func(*testing.T, Item) {
		return func(t *testing.T, i Item) { assert.Equal(t, tg, i.Target) }
	}
	name := func(want string) func(*testing.T, Item) {
		return func(t *testing.T, i Item) { assert.Equal(t, want, i.Event.Name.String()) }
	}
	data := func(sent, answered string) func(*testing.T, Item) {
		return func(t *testing.T, i Item) {
			assert.Equal(t, sent, i.Event.Data)
			assert.Equal(t, answered, i.Data)
		}
	}
	id := func(want string) func(*testing.T, Item) {
		return func(t *testing.T, i Item) { assert.Equal(t, want, i.Event.ID.String()) }
	}
	retry := func(want time.Duration) func(*testing.T, Item) {
		return func(t *testing.T, i Item) { assert.Equal(t, want, i.Event.Retry) }
	}
	priority := func(want sse.Priority) func(*testing.T, Item) {
		return func(t *testing.T, i Item) { assert.Equal(t, want, i.Event.Priority) }
	}
	kept := func(persistent bool, ttl int64) func(*testing.T, Item) {
		return func(t *testing.T, i Item) {
			assert.Equal(t, persistent, i.Event.Persistent)
			assert.Equal(t, ttl, int64(i.Event.TTL/time.Second))
		}
	}
	for sentence, c := range map[string]struct {
		body  string
		check func(*testing.T, Item)
	}{
		"a string goes out as its text":                  {`{"data":"a \"b\" \\ c"}`, data(`a "b" \ c`, `"a \"b\" \\ c"`)},
		"an empty string is data":                        {`{"data":""}`, data("", `""`)},
		"a string keeps its leading space":               {`{"data":"  x"}`, data("  x", `"  x"`)},
		"a string keeps every kind of line end":          {`{"data":"a\nb\rc\r\nd"}`, data("a\nb\rc\r\nd", `"a\nb\rc\r\nd"`)},
		"a string may hold a NUL":                        {`{"data":"\u0000"}`, data("\x00", `"\u0000"`)},
		"an escaped pair of surrogates is one character": {`{"data":"\ud83d\ude00"}`, data("😀", `"\ud83d\ude00"`)},
		"pairs of surrogates behind each other":          {`{"data":"\ud83d\ude00\uD83D\uDE00"}`, data("😀😀", `"\ud83d\ude00\uD83D\uDE00"`)},
		"a backslash and the letters of a surrogate":     {`{"data":"\\ud800"}`, data(`\ud800`, `"\\ud800"`)},
		"half a pair inside an object stays an escape":   {`{"data":{"a":"\ud800"}}`, data(`{"a":"\ud800"}`, `{"a":"\ud800"}`)},
		"null is data":                       {`{"data":null}`, data("null", "null")},
		"false is data":                      {`{"data":false}`, data("false", "false")},
		"a number is data as it was written": {`{"data":1.0}`, data("1.0", "1.0")},
		"a number beyond any float is data as it was written": {`{"data":123456789012345678901234567890e999}`, data("123456789012345678901234567890e999", "123456789012345678901234567890e999")},
		"an object goes out compact":                          {"{\"data\":{ \"a\" : [ 1 ,\n 2 ] }}", data(`{"a":[1,2]}`, `{"a":[1,2]}`)},
		"an object may repeat its own names":                  {`{"data":{"a":1,"a":2}}`, data(`{"a":1,"a":2}`, `{"a":1,"a":2}`)},
		"an object keeps escapes that would end a line":       {`{"data":{"a":"\n\u2028"}}`, data(`{"a":"\n\u2028"}`, `{"a":"\n\u2028"}`)},
		"an array goes out compact":                           {`{"data":[ ]}`, data("[]", "[]")},

		"no event is the default event":               {`{"data":1}`, name("message")},
		"message is the default event":                {`{"data":1,"event":"message"}`, func(t *testing.T, i Item) { assert.Equal(t, sse.Name{}, i.Event.Name) }},
		"a name may have spaces, colons and accents":  {`{"data":1,"event":" ä: b "}`, name(" ä: b ")},
		"a name may have 128 characters":              {`{"data":1,"event":"` + times("ä", 60) + `"}`, name(times("ä", 60))},
		"a name that only looks like the server's":    {`{"data":1,"event":"Connection"}`, name("Connection")},
		"an id may have any printable ASCII":          {`{"data":1,"id":"! ~"}`, id("! ~")},
		"an id may have 128 characters":               {`{"data":1,"id":"` + times("i", 128) + `"}`, id(times("i", 128))},
		"an id with a number and a dash":              {`{"data":1,"id":"order-7-1"}`, id("order-7-1")},
		"an id like the server's, but for its time":   {`{"data":1,"id":"999999999999-0"}`, id("999999999999-0")},
		"an id like the server's, spelled otherwise":  {`{"data":1,"id":"01795493112845-0"}`, id("01795493112845-0")},
		"no id leaves it to the hub":                  {`{"data":1}`, id("")},
		"a retry of one millisecond":                  {`{"data":1,"retry":1}`, retry(time.Millisecond)},
		"a retry of a day":                            {`{"data":1,"retry":86400000}`, retry(24 * time.Hour)},
		"no retry":                                    {`{"data":1}`, retry(0)},
		"no priority is normal":                       {`{"data":1}`, priority(sse.Normal)},
		"the priority low":                            {`{"data":1,"priority":"low"}`, priority(sse.Low)},
		"the priority normal":                         {`{"data":1,"priority":"normal"}`, priority(sse.Normal)},
		"the priority high":                           {`{"data":1,"priority":"high"}`, priority(sse.High)},
		"persistent for a while":                      {`{"data":1,"persistent":true,"ttl":1}`, kept(true, 1)},
		"not persistent, and the longest ttl":         {`{"data":1,"persistent":false,"ttl":2592000}`, kept(false, 2592000)},
		"not persistent, for one stream":              {`{"data":1,"persistent":false,"clientIds":["c"]}`, kept(false, 0)},
		"neither persistent nor ttl":                  {`{"data":1}`, kept(false, 0)},
		"no target is everybody":                      {`{"data":1}`, target(actor.Target{})},
		"a user":                                      {`{"data":1,"userId":"7"}`, target(actor.Target{UserID: "7"})},
		"a user's id may be any text of 128":          {`{"data":1,"userId":"` + times("é", 128) + `"}`, target(actor.Target{UserID: times("é", 128)})},
		"a session":                                   {`{"data":1,"sessionId":"s 1"}`, target(actor.Target{SessionID: "s 1"})},
		"a session's id may have 128 characters":      {`{"data":1,"sessionId":"` + times("s", 128) + `"}`, target(actor.Target{SessionID: times("s", 128)})},
		"topics":                                      {`{"data":1,"topics":["a","b"]}`, target(actor.Target{Topics: []string{"a", "b"}})},
		"a topic named twice":                         {`{"data":1,"topics":["a","a"]}`, target(actor.Target{Topics: []string{"a", "a"}})},
		"as many topics as there may be":              {`{"data":1,"topics":["a","b","c","d"]}`, target(actor.Target{Topics: []string{"a", "b", "c", "d"}})},
		"as many clients as there may be":             {`{"data":1,"clientIds":["a","b","c"]}`, target(actor.Target{ClientIDs: []string{"a", "b", "c"}})},
		"user, session and topics together":           {`{"data":1,"userId":"u","sessionId":"s","topics":["t"]}`, target(actor.Target{UserID: "u", SessionID: "s", Topics: []string{"t"}})},
		"clientIds alone if given, whatever else is":  {`{"topics":["t"],"userId":"u","sessionId":"s","clientIds":["c"],"data":1}`, target(actor.Target{ClientIDs: []string{"c"}})},
		"a name that is spelled with escapes":         {`{"d\u0061ta":1}`, data("1", "1")},
		"white space wherever JSON allows it":         {" \t\r\n{ \"data\" : 1 } \t\r\n", data("1", "1")},
		"data that comes last and a target before it": {`{"userId":"u","data":2}`, data("2", "2")},
	} {
		t.Run(sentence, func(t *testing.T) {
			items := accepted(t, c.body)
			assert.Len(t, items, 1)
			c.check(t, items[0])
		})
	}
}

func TestFieldsThatAreWrong(t *testing.T) {
	const (
		wantText   = "; it must be a string"
		wantBool   = "; it must be true or false"
		wantList   = "; it must be an array of strings"
		wantMillis = "; it must be a whole number of milliseconds from 1 to 86400000"
		wantSecs   = "; it must be a whole number of seconds from 1 to 2592000"
		empty      = "empty; leave it out, or name somebody"
		long       = "129 characters; at most 128"
		notStreams = "not together with clientIds: a mailbox is a user's, a session's, a topic's or everybody's; clientIds name streams"
		servers    = "it looks like an id that the server gives (<milliseconds>-<number>); choose another form, or leave the field out to have one assigned"
	)
	for sentence, c := range map[string]struct{ body, fault string }{
		"no data":            {`{"event":"a"}`, "data: missing; any JSON value is allowed, null too"},
		"nothing at all":     {`{}`, "data: missing; any JSON value is allowed, null too"},
		"data in capitals":   {`{"DATA":1}`, `DATA: unknown field; allowed: clientIds, data, event, id, persistent, priority, retry, sessionId, topics, ttl, userId`},
		"userID for userId":  {`{"data":1,"userID":"7"}`, `userID: unknown field; allowed: clientIds, data, event, id, persistent, priority, retry, sessionId, topics, ttl, userId`},
		"an unknown field":   {`{"data":1,"x":1}`, `x: unknown field; allowed: clientIds, data, event, id, persistent, priority, retry, sessionId, topics, ttl, userId`},
		"a nameless field":   {`{"":1}`, `unknown field; allowed: clientIds, data, event, id, persistent, priority, retry, sessionId, topics, ttl, userId`},
		"data twice":         {`{"data":1,"data":1}`, "data: given twice"},
		"data twice, hidden": {`{"data":1,"d\u0061ta":2}`, "data: given twice"},
		"topics twice":       {`{"data":1,"topics":["a"],"topics":["b"]}`, "topics: given twice"},

		"data: half a pair":             {`{"data":"a\ud800b"}`, "data: half a surrogate pair, which is no character and can't be sent as UTF-8"},
		"data: half a pair at the end":  {`{"data":"\ud83d"}`, "data: half a surrogate pair, which is no character and can't be sent as UTF-8"},
		"data: the other half alone":    {`{"data":"\ude00"}`, "data: half a surrogate pair, which is no character and can't be sent as UTF-8"},
		"data: a pair the wrong way":    {`{"data":"\ude00\ud83d"}`, "data: half a surrogate pair, which is no character and can't be sent as UTF-8"},
		"data: half a pair behind a \\": {`{"data":"\\\ud800"}`, "data: half a surrogate pair, which is no character and can't be sent as UTF-8"},

		"event: null":                 {`{"event":null}`, "event: null" + wantText},
		"event: a number":             {`{"event":7}`, "event: the number 7" + wantText},
		"event: an object":            {`{"event":{}}`, "event: an object" + wantText},
		"event: an array":             {`{"event":["a"]}`, "event: an array" + wantText},
		"event: a boolean":            {`{"event":true}`, "event: a boolean" + wantText},
		"event: empty":                {`{"event":""}`, "event: empty; leave the field out for the default event"},
		"event: too long":             {`{"event":"` + times("ä", 129) + `"}`, "event: " + long},
		"event: a line feed":          {`{"event":"a\nb"}`, `event: '\n' at byte 1; CR, LF and NUL are not allowed`},
		"event: a carriage return":    {`{"event":"a\rb"}`, `event: '\r' at byte 1; CR, LF and NUL are not allowed`},
		"event: a NUL":                {`{"event":"\u0000"}`, `event: '\x00' at byte 0; CR, LF and NUL are not allowed`},
		"event: the server's own":     {`{"event":"connection"}`, `event: "connection" is the server's own event; choose another name`},
		"event: heartbeat":            {`{"event":"heartbeat"}`, `event: "heartbeat" is the server's own event; choose another name`},
		"event: error":                {`{"event":"error"}`, `event: "error" is the server's own event; choose another name`},
		"event: EventSource's own":    {`{"event":"open"}`, `event: "open" is EventSource's own event; choose another name`},
		"event: error, with escapes":  {`{"event":"\u0065rror"}`, `event: "error" is the server's own event; choose another name`},
		"id: null":                    {`{"id":null}`, "id: null" + wantText},
		"id: a number":                {`{"id":12}`, "id: the number 12" + wantText},
		"id: empty":                   {`{"id":""}`, "id: empty; leave the field out to have one assigned"},
		"id: too long":                {`{"id":"` + times("i", 129) + `"}`, "id: " + long},
		"id: a line feed":             {`{"id":"\n"}`, `id: '\n' at byte 0; CR, LF and NUL are not allowed`},
		"id: a carriage return":       {`{"id":"1\r"}`, `id: '\r' at byte 1; CR, LF and NUL are not allowed`},
		"id: a NUL":                   {`{"id":"1\u0000"}`, `id: '\x00' at byte 1; CR, LF and NUL are not allowed`},
		"id: an accent":               {`{"id":"é"}`, "id: byte 0 is 0xc3; only printable ASCII comes back unchanged from every client"},
		"id: a space at its begin":    {`{"id":" 1"}`, "id: a space at its begin or end; HTTP would not send it back"},
		"id: a space at its end":      {`{"id":"1 "}`, "id: a space at its begin or end; HTTP would not send it back"},
		"id: a tab":                   {`{"id":"1\t"}`, "id: byte 1 is 0x09; only printable ASCII comes back unchanged from every client"},
		"id: like the server's":       {`{"id":"1795493112845-0"}`, "id: " + servers},
		"id: like the server's first": {`{"id":"1000000000000-0"}`, "id: " + servers},
		"id: like the server's last":  {`{"id":"18446744073709551615-18446744073709551615"}`, "id: " + servers},
		"retry: null":                 {`{"retry":null}`, "retry: null" + wantMillis},
		"retry: a string":             {`{"retry":"5"}`, "retry: a string" + wantMillis},
		"retry: zero":                 {`{"retry":0}`, "retry: the number 0" + wantMillis},
		"retry: negative":             {`{"retry":-1}`, "retry: the number -1" + wantMillis},
		"retry: a float":              {`{"retry":1.5}`, "retry: the number 1.5" + wantMillis},
		"retry: a float that's whole": {`{"retry":1000.0}`, "retry: the number 1000.0" + wantMillis},
		"retry: an exponent":          {`{"retry":1e3}`, "retry: the number 1e3" + wantMillis},
		"retry: more than a day":      {`{"retry":86400001}`, "retry: the number 86400001" + wantMillis},
		"retry: beyond 64 bits":       {`{"retry":99999999999999999999}`, "retry: the number 99999999999999999999" + wantMillis},
		"retry: of a thousand digits": {`{"retry":` + times("9", 1000) + `}`, "retry: the number " + times("9", 24) + wantMillis},
		"priority: null":              {`{"priority":null}`, "priority: null" + wantText},
		"priority: a number":          {`{"priority":1}`, "priority: the number 1" + wantText},
		"priority: empty":             {`{"priority":""}`, `priority: ""; allowed: low, normal, high`},
		"priority: in capitals":       {`{"priority":"HIGH"}`, `priority: "HIGH"; allowed: low, normal, high`},
		"persistent: null":            {`{"persistent":null}`, "persistent: null" + wantBool},
		"persistent: a string":        {`{"persistent":"true"}`, "persistent: a string" + wantBool},
		"persistent: a number":        {`{"persistent":1}`, "persistent: the number 1" + wantBool},
		"persistent: for streams":     {`{"data":1,"persistent":true,"clientIds":["c"]}`, "persistent: " + notStreams},
		"persistent: a user's stream": {`{"clientIds":["c"],"userId":"u","data":1,"persistent":true}`, "persistent: " + notStreams},
		"ttl: null":                   {`{"ttl":null}`, "ttl: null" + wantSecs},
		"ttl: zero":                   {`{"ttl":0}`, "ttl: the number 0" + wantSecs},
		"ttl: negative":               {`{"ttl":-5}`, "ttl: the number -5" + wantSecs},
		"ttl: a float":                {`{"ttl":0.5}`, "ttl: the number 0.5" + wantSecs},
		"ttl: more than 30 days":      {`{"ttl":2592001}`, "ttl: the number 2592001" + wantSecs},
		"ttl: a string":               {`{"ttl":"60"}`, "ttl: a string" + wantSecs},

		"userId: empty is never everybody":    {`{"data":1,"userId":""}`, "userId: " + empty},
		"userId: null is never everybody":     {`{"data":1,"userId":null}`, "userId: null" + wantText},
		"userId: a number":                    {`{"userId":7}`, "userId: the number 7" + wantText},
		"userId: too long":                    {`{"userId":"` + times("é", 129) + `"}`, "userId: " + long},
		"userId: a control character":         {`{"userId":"a\u0007"}`, "userId: a control character at byte 1"},
		"userId: a C1 control character":      {`{"userId":"a\u0085"}`, "userId: a control character at byte 1"},
		"sessionId: empty is never everybody": {`{"data":1,"sessionId":""}`, "sessionId: " + empty},
		"sessionId: null is never everybody":  {`{"data":1,"sessionId":null}`, "sessionId: null" + wantText},
		"sessionId: too long":                 {`{"sessionId":"` + times("s", 129) + `"}`, "sessionId: " + long},
		"sessionId: an accent":                {`{"sessionId":"é"}`, "sessionId: byte 0 is 0xc3; only printable ASCII is allowed"},
		"sessionId: a line feed":              {`{"sessionId":"a\n"}`, "sessionId: byte 1 is 0x0a; only printable ASCII is allowed"},
		"topics: empty is never everybody":    {`{"data":1,"topics":[]}`, "topics: empty; leave the field out to send to everybody"},
		"topics: null is never everybody":     {`{"data":1,"topics":null}`, "topics: null" + wantList},
		"topics: a string":                    {`{"topics":"a"}`, "topics: a string" + wantList},
		"topics: an object":                   {`{"topics":{"a":1}}`, "topics: an object" + wantList},
		"topics: an empty one":                {`{"topics":["a",""]}`, "topics[1]: " + empty},
		"topics: null among them":             {`{"topics":[null]}`, "topics[0]: null" + wantText},
		"topics: a number among them":         {`{"topics":["a","b",3]}`, "topics[2]: the number 3" + wantText},
		"topics: a list among them":           {`{"topics":[["a"]]}`, "topics[0]: an array" + wantText},
		"topics: too long":                    {`{"topics":["a","` + times("t", 129) + `"]}`, "topics[1]: " + long},
		"topics: a comma":                     {`{"topics":["a,b"]}`, "topics[0]: ',' at byte 1 is not allowed"},
		"topics: a space":                     {`{"topics":[" a"]}`, "topics[0]: ' ' at byte 0 is not allowed"},
		"topics: an asterisk":                 {`{"topics":["a*"]}`, "topics[0]: '*' at byte 1 is not allowed"},
		"topics: too many":                    {`{"topics":["a","b","c","d","e"]}`, "topics: 5 entries; at most 4"},
		"topics: too many of one":             {`{"topics":["a","a","a","a","a"]}`, "topics: 5 entries; at most 4"},
		"clientIds: empty is never everybody": {`{"data":1,"clientIds":[]}`, "clientIds: empty; leave the field out to send to everybody"},
		"clientIds: null is never everybody":  {`{"data":1,"clientIds":null}`, "clientIds: null" + wantList},
		"clientIds: a string":                 {`{"clientIds":"a"}`, "clientIds: a string" + wantList},
		"clientIds: an empty one":             {`{"clientIds":[""]}`, "clientIds[0]: " + empty},
		"clientIds: too many":                 {`{"clientIds":["a","b","c","d"]}`, "clientIds: 4 entries; at most 3"},
		"clientIds: too long":                 {`{"clientIds":["` + times("c", 129) + `"]}`, "clientIds[0]: " + long},
		"beside clientIds all else is checked": {`{"data":1,"clientIds":["c"],"userId":""}`,
			"userId: " + empty},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := refused(t, c.body)
			assert.Equal(t, c.fault, f.Error())
			assert.False(t, f.TooLarge)
		})
	}
}

// The answer to a fault goes back to the publisher and perhaps into its log: it
// must stay short and on one line whatever was sent.
func TestFaultsAreShortAndOnOneLine(t *testing.T) {
	huge := times("x", 100_000)
	for sentence, body := range map[string]string{
		"an unknown field of 100,000 characters": `{"` + huge + `":1}`,
		"an unknown field of line ends":          `{"a\r\nb":1}`,
		"an unknown field with a cut rune":       `{"` + times("x", 39) + `äöü":1}`,
		"a priority of 100,000 characters":       `{"priority":"` + huge + `"}`,
		"a priority with line ends":              `{"priority":"a\r\nb"}`,
		"a number of 100,000 digits":             `{"ttl":` + times("1", 100_000) + `}`,
		"a name of 100,000 characters":           `{"event":"` + huge + `"}`,
		"a user of 100,000 characters":           `{"userId":"` + huge + `"}`,
		"a literal that is none":                 huge,
	} {
		t.Run(sentence, func(t *testing.T) {
			message := refused(t, body).Error()
			assert.Less(t, len(message), 300)
			for _, r := range message {
				assert.GreaterOrEqual(t, r, ' ')
				assert.NotEqual(t, '\uFFFD', r)
			}
		})
	}
}
