package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// whole has every field, so that cutting it anywhere cuts something.
const whole = `{"event":"a\u00e4","data":{"k":[1,2.5e3,true,null,"\ud83d\ude00"]},"id":"1","retry":5,"priority":"high",` +
	`"userId":"u","sessionId":"s","topics":["t"],"clientIds":["c"],"persistent":false,"ttl":9}`

func TestBodiesThatAreNoEvent(t *testing.T) {
	for sentence, c := range map[string]struct{ body, fault string }{
		"nothing":                       {"", "the body is empty; send an event or an array of events as JSON"},
		"white space":                   {" \n", "the body is empty; send an event or an array of events as JSON"},
		"null":                          {"null", "the body is a JSON null; send an event as an object, or an array of them"},
		"a string":                      {`"data"`, "the body is a JSON string; send an event as an object, or an array of them"},
		"a number":                      {"7", "the body is a JSON number; send an event as an object, or an array of them"},
		"a boolean":                     {"true", "the body is a JSON boolean; send an event as an object, or an array of them"},
		"a closing bracket":             {"]", "not valid JSON at byte N: invalid character ']' looking for beginning of value"},
		"a form":                        {"data=1", "not valid JSON at byte N: invalid character 'd' looking for beginning of value"},
		"a byte order mark":             {"\uFEFF" + `{"data":1}`, "not valid JSON at byte N: invalid character 'ï' looking for beginning of value"},
		"a byte that is not UTF-8":      {"{\"data\":\"\xff\"}", "the body is not valid UTF-8"},
		"an overlong encoding":          {"{\"data\":\"\xc0\x8a\"}", "the body is not valid UTF-8"},
		"a surrogate in UTF-8":          {"{\"data\":\"\xed\xa0\x80\"}", "the body is not valid UTF-8"},
		"a rune that is cut off":        {"{\"data\":1}\xc3", "the body is not valid UTF-8"},
		"UTF-16":                        {"{\x00\"\x00", "not valid JSON at byte N: invalid character '\\x00'"},
		"a second event behind it":      {`{"data":1}{"data":2}`, "there is more behind the JSON value"},
		"a bracket behind it":           {`{"data":1}}`, "there is more behind the JSON value"},
		"a NUL behind it":               {"{\"data\":1}\x00", "there is more behind the JSON value"},
		"a word behind a batch":         {`[{"data":1}]x`, "there is more behind the JSON value"},
		"a raw line feed in a text":     {"{\"data\":\"a\nb\"}", "data: not valid JSON at byte N: invalid character '\\n' in string literal"},
		"single quotes":                 {`{'data':1}`, "not valid JSON at byte N: invalid character '\\''"},
		"a trailing comma":              {`{"data":1,}`, "not valid JSON at byte N: invalid character '}' looking for beginning of object key string"},
		"a missing comma":               {`{"data":1 "id":"a"}`, "not valid JSON at byte N: invalid character '\"' after object key:value pair"},
		"a missing colon":               {`{"data" 1}`, "data: not valid JSON at byte N: expected colon after object key"},
		"a value that is missing":       {`{"data":}`, "data: not valid JSON at byte N: invalid character '}' looking for beginning of value"},
		"the wrong bracket":             {`{"data":1]`, "not valid JSON at byte N: invalid character ']' after object key:value pair"},
		"a number as a name":            {`{1:2}`, "not valid JSON at byte N: invalid character '1'"},
		"a leading zero":                {`{"data":01}`, "not valid JSON at byte N: invalid character '1' after object key:value pair"},
		"NaN":                           {`{"data":NaN}`, "data: not valid JSON at byte N: invalid character 'N' looking for beginning of value"},
		"a comment":                     {`{"data":1/**/}`, "not valid JSON at byte N: invalid character '/' after object key:value pair"},
		"a number too large to be read": {`1e999`, "the body is a JSON number; send an event as an object, or an array of them"},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := refused(t, c.body)
			assert.Equal(t, c.fault, withoutOffset(f.Error()))
			assert.False(t, f.TooLarge)
		})
	}
}

func TestJSONCutOffAtAnyByteIsRefused(t *testing.T) {
	for name, body := range map[string]string{"an event": whole, "a batch": "[" + whole + `,{"data":"x"}]`} {
		t.Run(name, func(t *testing.T) {
			accepted(t, body)
			for n := range len(body) {
				refused(t, body[:n])
			}
		})
	}
}

// What a body may cost is bounded by its size: nothing recurses with it.
func TestDeepNestingIsRefusedAtOnce(t *testing.T) {
	const deep = 100_000
	for sentence, body := range map[string]string{
		"as the body":                      times("[", deep),
		"as the body, closed":              times("[", deep) + times("]", deep),
		"as data":                          `{"data":` + times("[", deep) + times("]", deep) + `}`,
		"as data, open":                    `{"data":` + times("[", deep),
		"as data, objects":                 `{"data":` + times(`{"a":`, deep) + "1" + times("}", deep) + `}`,
		"as a target":                      `{"topics":` + times("[", deep) + times("]", deep) + `}`,
		"as a field of another kind":       `{"ttl":` + times("[", deep) + times("]", deep) + `}`,
		"in a batch":                       `[{"data":1},{"data":` + times("[", deep) + times("]", deep) + `}]`,
		"as a batch of objects in objects": `[` + times(`{"data":`, deep),
	} {
		t.Run(sentence, func(t *testing.T) {
			began := time.Now()
			refused(t, body)
			assert.Less(t, time.Since(began), 2*time.Second)
		})
	}
	t.Run("but what real data needs is accepted", func(t *testing.T) {
		items, _, err := Decode([]byte(`{"data":`+times("[", 1000)+times("]", 1000)+`}`), Limits{EventBytes: 1 << 20, Events: 1})
		require.NoError(t, err)
		assert.Len(t, items[0].Event.Data, 2000)
	})
}

// The result must not keep the request's buffer: fasthttp uses it again.
func TestNothingKeepsTheBody(t *testing.T) {
	body := []byte(whole)
	items, _, err := Decode(body, small)
	require.NoError(t, err)
	for i := range body {
		body[i] = 'X'
	}
	assert.Equal(t, accepted(t, whole), items)
}
